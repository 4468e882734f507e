// `soak promote`: the overrides that a run has proven, and only those, to a production file, atomically.

#include <fmt/format.h>
#include <soak/apply.h>

#include <memory>

#include "apply/pipeline.h"
#include "cli/apply_request.h"
#include "cli/run_folder.h"
#include "gate/gate.h"
#include "verify/ledger.h"

namespace soak::cli {
namespace {

struct PromoteRequest {
  FolderRequest folder;
  gate::GateOptions gate;
  std::string to;
  ApplyOptions apply;
  std::string expect_hash;
  bool skip_gate = false;
  bool json = false;
};

// What keeps the run from being promoted at all; empty: nothing.
std::string objection(const PromoteRequest& request, const JudgedRun& judged,
                      const verify::VerifyResult& verified) {
  const verify::Verdict delivery = verify::judge(verified, request.gate.strict);
  if (!delivery.passed) return "its delivery is not proven: " + delivery.reason;
  if (request.skip_gate) return {};
  const gate::GateResult result =
      gate::judge(judged.run, judged.profile, judged.snapshot, &verified, request.gate);
  if (result.passed()) return {};
  return fmt::format("the gate says {}{}{}; soak gate tells more, --skip-gate promotes all the same",
                     gate::gate_verdict_name(result.verdict), result.reasons.empty() ? "" : ": ",
                     result.reasons.empty() ? "" : result.reasons.front());
}

std::string human(const ApplyResult& result, const verify::ProvenValues& proven, const std::string& to) {
  std::string text;
  if (!result.applied)
    text = fmt::format("{} has the proven values already; it stays at {}\n", to, result.state_hash);
  for (const std::string& name : result.changed_keys) {
    const auto old = result.old_values.find(name);
    text += fmt::format("{} {}: {} -> {}\n", result.dry_run ? "would promote" : "promoted", name,
                        old == result.old_values.end() ? "(not set)" : canonical_json(old->second),
                        canonical_json(result.new_values.at(name)));
  }
  for (const auto& [name, why] : proven.left_out) text += fmt::format("left out {}: {}\n", name, why);
  if (result.applied)
    text += fmt::format("state hash of {}: {} -> {}\n", to, result.old_hash, result.state_hash);
  return text;
}

int run_promote(const PromoteRequest& request) {
  const auto judged = judge_folder(request.folder);
  if (!judged) return report_error(judged.error(), request.json);
  const verify::VerifyResult verified = verify::verify_run(judged->run, judged->registry);
  const std::string refused = objection(request, *judged, verified);
  if (!refused.empty())
    return report_error({ErrorCode::kUnsupported, "not promoted: " + refused, request.folder.path, {}},
                        request.json);
  const verify::ProvenValues proven = verify::proven_values(
      judged->run, verified, verify::ledger_of(judged->run, verified, judged->registry));
  if (proven.values.empty()) {
    return report_error(
        {ErrorCode::kUnsupported, "not promoted: the run has proven no change", request.folder.path, {}},
        request.json);
  }
  const auto result =
      apply_deltas_with_tracking(request.to, proven.values, {}, request.apply, judged->registry);
  if (!result) return report_error(result.error(), request.json);
  bool printed = false;
  if (request.json) {
    Json json = apply::to_json(*result);
    json["left_out"] = proven.left_out;
    printed = print_json(json);
  } else {
    printed = print_text(human(*result, proven, request.to));
  }
  if (printed) return kExitOk;
  return result->applied && !result->dry_run ? kExitUnknownOutcome : kExitError;
}

}  // namespace

void add_promote(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "promote", "Write the values that a run has proven, and only those, to another overrides file");
  const auto request = std::make_shared<PromoteRequest>();
  add_folder_options(*command, request->folder);
  command->add_option("--to", request->to, "The production overrides file; other keys in it are kept")
      ->required();
  add_expect_hash_option(*command, request->expect_hash);
  command->add_flag("--strict", request->gate.strict, "Ask the strict gate");
  command->add_flag("--allow-unfrozen", request->gate.allow_unfrozen, "Do not ask for a freeze");
  command->add_flag("--skip-gate", request->skip_gate, "Ask for proven delivery only, not for the KPIs");
  command->add_flag("--dry-run", request->apply.dry_run, "Say what would change, and write nothing");
  command->add_flag("--json", request->json, "Print one JSON document");
  command->callback([request, &exit_code] {
    if (!request->expect_hash.empty()) request->apply.expect_hash = request->expect_hash;
    exit_code = run_promote(*request);
  });
}

}  // namespace soak::cli

// `soak gate`: analyze, snapshot, verify, and one verdict as the exit code. Whatever keeps it from judging
// exits 5, never 0.

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/file.h"
#include "base/readable.h"
#include "cli/baseline.h"
#include "cli/command.h"
#include "cli/html_report.h"
#include "cli/log.h"
#include "cli/output_file.h"
#include "cli/publish.h"
#include "cli/run_folder.h"
#include "gate/gate.h"
#include "serve/run_catalog.h"

namespace soak::cli {
namespace {

namespace fs = std::filesystem;

struct GateRequest {
  FolderRequest folder;
  gate::GateOptions options;
  PublishRequest publish;
  CompareRequest compare;
  std::string html;
  bool prometheus = false;
  bool skip_delta_verify = false;
  bool json = false;
};

std::string name_of(const std::string& folder) {
  std::error_code none;
  return fs::weakly_canonical(folder + "/.", none).filename();
}

// Whoever waits for the verdict hears that there is none; an earlier gate's metrics must not speak for it.
int could_not_judge(const GateRequest& request, const Error& error) {
  static_cast<void>(report_error(error, request.json));
  gate::GateResult result;
  result.reasons.push_back("could not judge: " + to_line(error));
  const std::string& folder = request.folder.path;
  const auto published = publish(request.publish, {result, nullptr, nullptr, folder, name_of(folder)});
  if (!published) log_warning(to_line(published.error()));
  if (request.prometheus) {
    if (const auto removed = base::remove_file(folder + "/" + kMetricsName);
        !removed && base::is_folder(folder))
      log_warning(to_line(removed.error()));
  }
  return kExitInconclusive;
}

// Names and messages may come from a run's files.
std::string one_line(const std::string& text) {
  return base::readable(text, verify::kToLineBytesMax);
}

std::string check_line(const gate::Check& check) {
  std::string line = fmt::format("  {:<10}  {:<21}  {}", gate::check_status_name(check.status), check.name,
                                 one_line(check.message));
  if (!check.threshold.empty() && !check.measured.is_null()) {
    line +=
        fmt::format(" [{}; threshold {}]",
                    check.measured.is_string() ? check.measured.get<std::string>() : check.measured.dump(),
                    check.threshold);
  }
  return line + "\n";
}

std::string text_of(const gate::GateResult& result, const GateRequest& request,
                    const verify::VerifyResult* verified, const std::string& comparison) {
  std::string text = fmt::format("soak gate: {}\n", gate::gate_verdict_name(result.verdict));
  for (const gate::Check& check : result.checks) text += check_line(check);
  constexpr std::size_t kShownMax = 10;
  for (std::size_t i = 0; verified && i < verified->failures.size(); ++i) {
    if (i == kShownMax) {
      text += fmt::format("  failed delivery: and {} more\n", verified->failures.size() - kShownMax);
      break;
    }
    text += fmt::format("  failed delivery: {}\n", verify::to_line(verified->failures[i]));
  }
  for (const std::string& warning : result.warnings) text += fmt::format("warning: {}\n", one_line(warning));
  return text + comparison +
         fmt::format(
             "Reports: {}/ POST_SOAK_AUDIT.md FAILURES.md RECOMMENDATIONS.md DELTA_VERIFY_REPORT.md "
             "POST_SOAK_SNAPSHOT.json{}\n",
             request.folder.path, request.prometheus ? " POST_SOAK_METRICS.prom" : "");
}

// Each is written, and told, whatever becomes of the others. The first error.
Result<void> write_all(const GateRequest& request, const JudgedRun& judged,
                       const verify::VerifyResult* verified, const gate::GateResult& result) {
  Result<void> all = write_reports(judged, verified);
  const auto then = [&all](Result<void> written) {
    if (all && !written) all = std::move(written);
  };
  if (request.prometheus) then(write_metrics(judged, verified));
  if (!request.html.empty()) then(write_html_report(request.folder, request.html, true));
  const std::string& folder = judged.run.folder;
  gate::GateResult told = result;
  if (!all && result.passed()) {
    told.verdict = gate::GateVerdict::kInconclusive;
    told.reasons.push_back("could not write the reports: " + to_line(all.error()));
  }
  then(publish(request.publish, {told, verified, &judged.snapshot, folder,
                                 judged.run.header ? judged.run.header->run_id : name_of(folder)}));
  return all;
}

int run_gate(const GateRequest& request) {
  const serve::FolderLook look = serve::look_at(request.folder.path, serve::HeldLocks::now());
  if (look.problem) return could_not_judge(request, *look.problem);
  const bool goes_on = look.state == serve::RunState::kRunning;
  const auto judged = judge_folder(request.folder);
  if (!judged) return could_not_judge(request, judged.error());
  std::optional<verify::VerifyResult> found;
  if (!request.skip_delta_verify) found = verify::verify_run(judged->run, judged->registry);
  const verify::VerifyResult* verified = found ? &*found : nullptr;
  gate::GateResult result =
      gate::judge(judged->run, judged->profile, judged->snapshot, verified, request.options);
  if (goes_on) {
    result.warnings.push_back("the run goes on: this is its verdict so far");
    if (result.verdict == gate::GateVerdict::kPass) result.verdict = gate::GateVerdict::kWarn;
  }
  std::optional<Comparison> comparison;
  if (request.compare.wanted) {
    auto compared = compare_with(request.compare, *judged, request.folder);
    if (!compared) return could_not_judge(request, compared.error());
    comparison = std::move(*compared);
    gate::judge_regressions(comparison->regressions, request.compare.max_regression, comparison->baseline,
                            result);
    result.warnings.insert(result.warnings.end(), comparison->warnings.begin(), comparison->warnings.end());
    if (!comparison->warnings.empty() && result.verdict == gate::GateVerdict::kPass)
      result.verdict = gate::GateVerdict::kWarn;
  }
  if (const auto written = write_all(request, *judged, verified, result); !written) {
    static_cast<void>(report_error(written.error(), request.json));
    return kExitInconclusive;
  }
  bool printed = false;
  if (request.json) {
    Json json = gate::to_json(result, judged->snapshot, verified);
    if (comparison) json["compare"] = to_json(*comparison);
    printed = print_json(json);
  } else {
    printed = print_text(
        text_of(result, request, verified, comparison ? to_text(*comparison, judged->profile) : ""));
  }
  if (!printed || result.verdict == gate::GateVerdict::kInconclusive) return kExitInconclusive;
  return result.passed() ? kExitOk : kExitError;
}

}  // namespace

void add_gate(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("gate", "One verdict on a run: exit 0 passed, 1 failed, 5 could not judge");
  const auto request = std::make_shared<GateRequest>();
  add_folder_options(*command, request->folder);
  command->add_flag("--strict", request->options.strict,
                    "Delivery ratio 0.95 instead of 0.90, and something must have been delivered");
  command->add_flag("--allow-unfrozen", request->options.allow_unfrozen, "Do not ask for a freeze");
  command->add_flag("--allow-no-proposals", request->options.allow_no_proposals,
                    "With --strict, accept a run that delivered nothing");
  command->add_flag("--skip-delta-verify", request->skip_delta_verify,
                    "Do not verify delivery; no delivery check counts as passed");
  command->add_flag("--prometheus", request->prometheus,
                    "Write POST_SOAK_METRICS.prom into the run's folder");
  command->add_option("--html", request->html,
                      "Write the run's page to this file, as soak report --out does");
  add_publish_options(*command, request->publish);
  add_compare_options(*command, request->compare, true);
  command->add_flag("--json", request->json, "Print one JSON document");
  command->callback([request, &exit_code] {
    check_different({request->html, request->publish.junit, request->publish.gitlab});
    exit_code = run_gate(*request);
  });
}

}  // namespace soak::cli

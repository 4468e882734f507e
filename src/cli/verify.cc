// soak verify: which proposals were in effect in the next iteration.

#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <deque>
#include <memory>
#include <utility>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/log.h"
#include "journal/artifacts.h"
#include "verify/verify.h"

namespace soak::cli {
namespace {

struct VerifyCommand {
  std::string path;
  std::string params;
  bool strict = false;
  bool json = false;
};

std::string summary_text(const verify::VerifyResult& result, const verify::Verdict& verdict) {
  std::string text = fmt::format(
      "{}: {}\nproposed {}: full_apply {}, partial_ok {}, fail {}; signatures stuck {}, faults {}\n",
      verdict.passed ? "PASS" : "FAIL", verdict.reason, result.proposed_count, result.full_apply_count,
      result.partial_ok_count, result.fail_count, result.signature_stuck_count, result.faults.size());
  for (const verify::Failure& failure : result.failures) text += "fail: " + verify::to_line(failure) + "\n";
  for (const journal::Fault& fault : result.faults) text += "fault: " + verify::to_line(fault) + "\n";
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  return text;
}

// A long run is some hundred thousand small pieces of memory. Taken from the system in large steps, and never
// given back one by one before the process ends, they cost half as much.
const journal::RunArtifacts& keep(journal::RunArtifacts run) {
  static auto* const kept =
      new std::deque<journal::RunArtifacts>;  // still reachable at the end: no leak to a sanitizer
  return kept->emplace_back(std::move(run));
}

int run_verify(const VerifyCommand& command) {
  constexpr int kMemoryStepBytes = 16 << 20;
  mallopt(M_TOP_PAD, kMemoryStepBytes);
  const auto registry = load_registry(command.params);
  if (!registry) return report_error(registry.error(), command.json);
  auto read = journal::read_run(command.path, *registry);
  if (!read) return report_error(read.error(), command.json);
  const journal::RunArtifacts& run = keep(std::move(*read));
  const verify::VerifyResult result = verify::verify_run(run, *registry);
  const verify::Verdict verdict = verify::judge(result, command.strict);
  if (verdict.passed && result.full_apply_count == 0 && result.proposed_count == result.partial_ok_count) {
    log_warning(verdict.reason);
  }
  bool printed = false;
  if (command.json) {
    Json body = verify::to_json(result);
    body["passed"] = verdict.passed;
    body["reason"] = verdict.reason;
    printed = print_json(body);
  } else {
    printed = print_text(summary_text(result, verdict));
  }
  return printed && verdict.passed ? kExitOk : kExitError;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  auto command = std::make_shared<VerifyCommand>();
  CLI::App* sub =
      app.add_subcommand("verify", "Prove from a run's artifacts that its proposals were in effect");
  sub->add_option("--path", command->path, "The artifact folder")->required();
  sub->add_option("--params", command->params, "More parameters, on top of the built-in ones (JSON)");
  sub->add_flag("--strict", command->strict, "Ask for a ratio of 0.95, and for something delivered");
  sub->add_flag("--json", command->json, "One JSON document on stdout");
  sub->callback([command, &exit_code] { exit_code = run_verify(*command); });
}

}  // namespace soak::cli

// soak fsck: whether a run's folder is whole.

#include <fmt/format.h>

#include <memory>

#include "base/plural.h"
#include "cli/command.h"
#include "loop/fsck.h"

namespace soak::cli {
namespace {

struct FsckCommand {
  std::string path;
  bool repair = false;
  bool json = false;
};

std::string summary_text(const loop::FsckResult& result, const std::string& path) {
  constexpr std::size_t kShownMax = 20;
  std::string text;
  if (result.running) text += "a run is under way here: what it has not written yet is found missing\n";
  for (std::size_t k = 0; k < result.findings.size() && k < kShownMax; ++k) {
    const loop::Finding& finding = result.findings[k];
    const char* what = finding.repaired     ? "repaired"
                       : finding.repairable ? "--repair mends it"
                                            : "cannot be repaired";
    text += fmt::format("{}: {} ({})\n", finding.file, finding.problem, what);
  }
  if (result.findings.size() > kShownMax)
    text += fmt::format("and {} more; --json has all\n", result.findings.size() - kShownMax);
  const char* verdict = !result.sound() ? "damaged" : result.findings.empty() ? "whole" : "whole again";
  if (!result.has_journal)
    return text + fmt::format("{}: {}; without a journal the artifacts can only be read, not compared\n",
                              path, verdict);
  return text + fmt::format("{}: {}: {} in the journal, {} of {}\n", path, verdict,
                            base::plural(result.records, "record"), result.iterations,
                            base::plural(result.planned, "iteration"));
}

int run_fsck(const FsckCommand& command) {
  const auto result = loop::fsck(command.path, command.repair);
  if (!result) return report_error(result.error(), command.json);
  const bool printed =
      command.json ? print_json(loop::to_json(*result)) : print_text(summary_text(*result, command.path));
  return printed && result->sound() ? kExitOk : kExitError;
}

}  // namespace

void add_fsck(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<FsckCommand>();
  CLI::App* sub =
      app.add_subcommand("fsck", "Check a run's folder: journal, artifacts and hashes against each other");
  sub->add_option("--path", command->path, "The run's folder")->required();
  sub->add_flag("--repair", command->repair, "Rebuild from the journal what it can rebuild");
  sub->add_flag("--json", command->json, "One JSON document on stdout");
  sub->callback([command, &exit_code] { exit_code = run_fsck(*command); });
}

}  // namespace soak::cli

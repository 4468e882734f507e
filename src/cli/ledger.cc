// soak ledger: the story of each change, a line each.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/input.h"
#include "journal/artifacts.h"
#include "verify/ledger.h"

namespace soak::cli {
namespace {

struct LedgerCommand {
  std::string path;
  std::string name;
  std::string params;
  bool json = false;
};

int run_ledger(const LedgerCommand& command) {
  const auto registry = load_registry(command.params);
  if (!registry) return report_error(registry.error(), command.json);
  const auto run = journal::read_run(command.path, *registry);
  if (!run) return report_error(run.error(), command.json);
  const auto entries = verify::ledger_of(*run, verify::verify_run(*run, *registry), *registry, command.name);
  if (!command.name.empty() && entries.empty() && registry->find(command.name) == nullptr) {
    return report_error({ErrorCode::kUnknownParameter,
                         "is no parameter of the registry, and was never proposed", "", command.name},
                        command.json);
  }
  const auto proven = std::count_if(entries.begin(), entries.end(), [](const verify::LedgerEntry& entry) {
    return entry.stage == verify::Stage::kProven;
  });
  if (command.json) {
    Json list = Json::array();
    for (const verify::LedgerEntry& entry : entries) list.push_back(verify::to_json(entry));
    return print_json({{"entries", list}, {"proven_count", proven}, {"count", entries.size()}}) ? kExitOk
                                                                                                : kExitError;
  }
  std::string text;
  for (const verify::LedgerEntry& entry : entries) text += verify::to_line(entry) + "\n";
  text += entries.empty() ? "no change was proposed\n"
                          : fmt::format("{} of {} changes proven\n", proven, entries.size());
  return print_text(text) ? kExitOk : kExitError;
}

}  // namespace

void add_ledger(CLI::App& app, int& exit_code) {
  auto command = std::make_shared<LedgerCommand>();
  CLI::App* sub = app.add_subcommand(
      "ledger",
      "The story of each change: proposed, guards, applied, in effect, evidence, and where it stopped");
  sub->add_option("--path", command->path, "The run's folder")->required();
  sub->add_option("--param", command->name, "Only this parameter");
  sub->add_option("--params", command->params, "More parameters, on top of the built-in ones (JSON)");
  sub->add_flag("--json", command->json, "One JSON document on stdout");
  sub->callback([command, &exit_code] { exit_code = run_ledger(*command); });
}

}  // namespace soak::cli

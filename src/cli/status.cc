// `soak status`: what runs there are below a folder and how far each is, from the artifacts alone.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/plural.h"
#include "base/readable.h"
#include "cli/command.h"
#include "cli/input.h"
#include "loop/run_folder.h"
#include "serve/run_json.h"

namespace soak::cli {
namespace {

struct StatusRequest {
  std::string path = loop::kArtifactsRoot;
  std::size_t limit = 20;
  bool json = false;
};

// The running first, then those that were written last.
std::vector<serve::CatalogRun> newest(const serve::RunCatalog& catalog) {
  std::vector<serve::CatalogRun> runs;
  for (const auto& [id, run] : catalog.runs()) runs.push_back(run);
  const auto rank = [](const serve::CatalogRun& run) {
    return std::pair(run.state == serve::RunState::kRunning, run.stamp.changed_ns);
  };
  std::sort(runs.begin(), runs.end(), [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
  return runs;
}

serve::RunItem read_item(const serve::CatalogRun& run, const serve::Defaults& defaults) {
  serve::RunView view(run.folder, run.state == serve::RunState::kForeign, defaults);
  std::optional<Error> error;
  do {
    if (auto read = view.refresh(); !read) error = read.error();
  } while (!error && !view.caught_up());
  return serve::make_item(run, view, nullptr, error);
}

std::string line_of(const serve::RunItem& item) {
  const serve::RunTotals& totals = item.totals;
  const std::string planned = item.planned > 0 ? fmt::format(" of {}", item.planned) : "";
  std::string line = fmt::format("{:<8} {:>14}  passed {:<6} applied {:>4} of {:<4} faults {:<3} {:<20}  {}",
                                 serve::run_state_name(item.state),
                                 std::to_string(totals.iterations) + planned, totals.passed, totals.applied,
                                 totals.proposed, totals.faults, item.started_utc, item.folder);
  if (!item.error.empty()) line += ": " + item.error;
  return base::readable(line, 1000) + "\n";
}

int run_status(const StatusRequest& request) {
  auto catalog = serve::RunCatalog::create(request.path);
  if (!catalog) return report_error(catalog.error(), request.json);
  catalog->rescan();
  const auto runs = newest(*catalog);
  const serve::Defaults defaults{Registry::builtin(), analyze::market_maker_profile()};
  Json list = Json::array();
  std::string text;
  bool all_read = true;
  for (std::size_t k = 0; k < std::min(runs.size(), request.limit); ++k) {
    const serve::RunItem item = read_item(runs[k], defaults);
    all_read = all_read && item.error.empty();
    if (request.json)
      list.push_back(serve::to_json(item));
    else
      text += line_of(item);
  }
  Json problems = Json::array();
  for (const Error& problem : catalog->problems()) {
    problems.push_back(to_line(problem));
  }
  const int exit_code = problems.empty() && all_read ? kExitOk : kExitError;
  if (request.json)
    return print_json({{"runs", list}, {"total", runs.size()}, {"problems", problems}}) ? exit_code
                                                                                        : kExitError;
  if (runs.empty() && problems.empty()) text = "no run below " + request.path + "\n";
  if (runs.size() > request.limit) text += fmt::format("and {} more: --limit\n", runs.size() - request.limit);
  const bool printed = print_text(text);
  for (const Error& problem : catalog->problems()) report_error(problem, false);
  return printed ? exit_code : kExitError;
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "status", "The runs below a folder: which go on, how far they are, what was applied");
  const auto request = std::make_shared<StatusRequest>();
  command->add_option("--path", request->path, "One run's folder, or one that holds runs")
      ->capture_default_str();
  command->add_option("--limit", request->limit, "How many at most: the running, then the newest")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--json", request->json, "Print one JSON document");
  command->callback([request, &exit_code] { exit_code = run_status(*request); });
}

}  // namespace soak::cli

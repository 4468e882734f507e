// `soak analyze`: the reports of a run.

#include <fmt/format.h>

#include <memory>

#include "analyze/text.h"
#include "cli/command.h"
#include "cli/run_folder.h"

namespace soak::cli {
namespace {

int run_analyze(const FolderRequest& request) {
  const auto judged = judge_folder(request);
  if (!judged) return report_error(judged.error());
  const verify::VerifyResult verified = verify::verify_run(judged->run, judged->registry);
  if (const auto written = write_reports(*judged, &verified); !written) return report_error(written.error());
  const analyze::Snapshot& snapshot = judged->snapshot;
  const std::string text = fmt::format(
      "{}: {} profile {}; freeze {}\nReports: {}/ POST_SOAK_AUDIT.md "
      "RECOMMENDATIONS.md FAILURES.md "
      "POST_SOAK_SNAPSHOT.json DELTA_VERIFY_REPORT.md\n",
      analyze::verdict_name(snapshot.verdict), analyze::passing_text(snapshot.pass_count, snapshot.window),
      snapshot.profile, snapshot.freeze_seen ? "seen" : "not seen", request.path);
  return print_text(text) ? kExitOk : kExitError;
}

}  // namespace

void add_analyze(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "analyze", "Write a run's audit, recommendations, failures, snapshot and delivery report");
  const auto request = std::make_shared<FolderRequest>();
  add_folder_options(*command, *request);
  command->callback([request, &exit_code] { exit_code = run_analyze(*request); });
}

}  // namespace soak::cli

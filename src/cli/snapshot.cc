// `soak snapshot`: the judgement of a run's last iterations, as JSON on stdout.

#include <memory>

#include "cli/baseline.h"
#include "cli/command.h"
#include "cli/run_folder.h"

namespace soak::cli {
namespace {

struct SnapshotRequest {
  FolderRequest folder;
  CompareRequest compare;
  bool pretty = false;
  bool prometheus = false;
};

int run_snapshot(const SnapshotRequest& request) {
  const auto judged = judge_folder(request.folder);
  if (!judged) return report_error(judged.error());
  Json json = analyze::to_json(judged->snapshot);
  if (request.compare.wanted) {
    const auto comparison = compare_with(request.compare, *judged, request.folder);
    if (!comparison) return report_error(comparison.error());
    json["compare"] = to_json(*comparison);
  }
  if (request.prometheus) {
    const verify::VerifyResult verified = verify::verify_run(judged->run, judged->registry);
    if (const auto written = write_metrics(*judged, &verified); !written)
      return report_error(written.error());
  }
  return print_json(json, request.pretty) ? kExitOk : kExitError;
}

}  // namespace

void add_snapshot(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("snapshot", "Print the snapshot of a run's last iterations (schema 1.1)");
  const auto request = std::make_shared<SnapshotRequest>();
  add_folder_options(*command, request->folder);
  command->add_flag("--pretty", request->pretty, "Indent the JSON");
  command->add_flag("--prometheus", request->prometheus,
                    "Also write POST_SOAK_METRICS.prom into the run's folder");
  add_compare_options(*command, request->compare, false);
  command->callback([request, &exit_code] { exit_code = run_snapshot(*request); });
}

}  // namespace soak::cli

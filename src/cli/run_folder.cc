#include "cli/run_folder.h"

#include "analyze/reports.h"
#include "base/file.h"
#include "cli/input.h"
#include "export/export.h"
#include "journal/write_artifacts.h"

namespace soak::cli {

void add_folder_options(CLI::App& command, FolderRequest& request) {
  command.add_option("--path", request.path, "The run's folder")->required();
  command.add_option("--kpi-profile", request.kpi_profile,
                     "A KPI profile (JSON); without it, the built-in market-maker");
  command.add_option("--params", request.params, "A JSON list of parameters on top of the built-in registry");
}

Result<JudgedRun> judge_folder(const FolderRequest& request) {
  JudgedRun judged;
  auto registry = load_registry(request.params);
  if (!registry) return tl::unexpected(registry.error());
  judged.registry = std::move(*registry);
  judged.profile = analyze::market_maker_profile();
  if (!request.kpi_profile.empty()) {
    auto profile = analyze::load_profile(request.kpi_profile);
    if (!profile) return tl::unexpected(profile.error());
    judged.profile = std::move(*profile);
  }
  auto run = journal::read_run(request.path, judged.registry);
  if (!run) return tl::unexpected(run.error());
  judged.run = std::move(*run);
  if (judged.run.iterations.empty() && !judged.run.header) {
    return fail(ErrorCode::kNotFound, "holds no iteration to judge; is it the folder of a run?",
                request.path);
  }
  judged.run.folder = request.path;
  judged.snapshot = analyze::take_snapshot(judged.run, judged.profile);
  return judged;
}

Result<void> write_reports(const JudgedRun& judged, const verify::VerifyResult* verified) {
  const std::pair<const char*, std::string> reports[] = {
      {"POST_SOAK_AUDIT.md", analyze::audit_markdown(judged.run, judged.profile, judged.registry)},
      {"RECOMMENDATIONS.md", analyze::recommendations_markdown(judged.run, judged.profile, judged.registry)},
      {"FAILURES.md", analyze::failures_markdown(judged.run, judged.profile, judged.registry)},
      {"DELTA_VERIFY_REPORT.md", verified ? exporting::delivery_markdown(*verified)
                                          : "# Delivery: not verified\n\nVerification was skipped.\n"},
  };
  for (const auto& [name, text] : reports) {
    if (auto written = base::write_file_atomic_not_durable(judged.run.folder + "/" + name, text); !written)
      return written;
  }
  return journal::write_artifact(judged.run.folder, "POST_SOAK_SNAPSHOT.json",
                                 analyze::to_json(judged.snapshot));
}

Result<void> write_metrics(const JudgedRun& judged, const verify::VerifyResult* verified) {
  return base::write_file_atomic_not_durable(judged.run.folder + "/" + kMetricsName,
                                             exporting::prometheus_text(judged.snapshot, verified));
}

}  // namespace soak::cli

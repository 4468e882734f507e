#pragma once
// What `analyze`, `snapshot` and `gate` share: a run's folder read and judged, and its reports written.

#include <soak/params.h>
#include <soak/result.h>
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analyze/compare.h"
#include "analyze/snapshot.h"
#include "journal/artifacts.h"
#include "verify/verify.h"

namespace soak::cli {

struct FolderRequest {
  std::string path;
  std::string kpi_profile;  // a file; empty: the built-in market-maker
  std::string params;       // a registry file; empty: the built-in one
};
// --path, --kpi-profile, --params.
void add_folder_options(CLI::App& command, FolderRequest& request);

struct JudgedRun {
  journal::RunArtifacts run;
  Registry registry;
  analyze::Profile profile;
  analyze::Snapshot snapshot;
};
// Reads the folder and takes the snapshot. Errors name the file. A folder without a single iteration is
// kNotFound, unless a header says how many there should be: then the run is short, which can be judged.
Result<JudgedRun> judge_folder(const FolderRequest& request);

// POST_SOAK_AUDIT.md, RECOMMENDATIONS.md, FAILURES.md, POST_SOAK_SNAPSHOT.json and DELTA_VERIFY_REPORT.md,
// each replaced whole and not through a symbolic link. `verified` is nullptr where the caller skipped
// verification, which the last one then says: an older one must not speak for this run.
Result<void> write_reports(const JudgedRun& judged, const verify::VerifyResult* verified);
inline constexpr char kMetricsName[] = "POST_SOAK_METRICS.prom";
// kMetricsName, in the same way.
Result<void> write_metrics(const JudgedRun& judged, const verify::VerifyResult* verified);

}  // namespace soak::cli

#pragma once
// `--compare` of `gate` and `snapshot`: a run against an earlier one.

#include <soak/result.h>
#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/run_folder.h"
#include "gate/regression.h"

namespace soak::cli {

struct CompareRequest {
  bool wanted = false;
  std::string baseline;              // a run's folder or a POST_SOAK_SNAPSHOT.json; empty: the default one
  std::optional<std::int64_t> last;  // iterations of each run; nothing: the profile's window
  gate::RegressionLimits max_regression;
};
// --compare and --compare-last; with `limits` also --max-regression.
void add_compare_options(CLI::App& command, CompareRequest& request, bool limits);

struct Comparison {
  std::string baseline;  // empty: there is none
  std::vector<std::string> warnings;
  std::vector<analyze::KpiChange> changes;       // over the snapshots' windows
  std::vector<gate::KpiRegression> regressions;  // of a snapshot: the means alone
};
// The default baseline is the newest other run beside this one that passes the gate; a failed one never is.
// kUnknownParameter: a limit on something that is no judged KPI of the profile.
Result<Comparison> compare_with(const CompareRequest& request, const JudgedRun& judged,
                                const FolderRequest& folder);

Json to_json(const Comparison& comparison);
std::string to_text(const Comparison& comparison, const analyze::Profile& profile);

}  // namespace soak::cli

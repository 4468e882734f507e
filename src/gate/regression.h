#pragma once
// A run against an earlier one, as checks of the gate. Pure and thread safe.

#include <soak/json.h>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyze/compare_runs.h"
#include "analyze/profile.h"
#include "gate/gate.h"
#include "journal/artifacts.h"

namespace soak::gate {

struct KpiRegression {
  std::string kpi;
  analyze::Direction direction = analyze::Direction::kAtMost;
  analyze::SampleComparison comparison;  // a: the baseline, b: the run
  std::optional<double> worse_by;  // of the means, in the KPI's unit; negative: better; nothing without both
};

// Each judged KPI over the last `window` iterations of both runs, those of its warm-up left out. Same runs,
// same bits.
std::vector<KpiRegression> compare_runs(const journal::RunArtifacts& baseline,
                                        const journal::RunArtifacts& run, const analyze::Profile& profile,
                                        std::int64_t window);

// KPI → by how much it may be worse than the baseline, in its unit; ≥ 0.
using RegressionLimits = std::map<std::string, double>;

// One check for each limit, "regression_KPI": failed where the mean is worse by more than the limit, whatever
// the rank test says; failed where the run has no data for it; not judged where the baseline has none. They
// are added to `result`, and its verdict and reasons follow. `name` is the baseline's.
void judge_regressions(const std::vector<KpiRegression>& regressions, const RegressionLimits& limits,
                       const std::string& name, GateResult& result);

Json to_json(const std::vector<KpiRegression>& regressions);
// A line each: both means, difference, interval, p value, verdict.
std::string to_text(const std::vector<KpiRegression>& regressions, const analyze::Profile& profile);

}  // namespace soak::gate

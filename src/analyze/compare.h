#pragma once
// Two snapshots side by side: the difference of each KPI's mean, and how large it is against its standard
// error. A hint for people, no test and no verdict: the iterations of one run are not independent, and eight
// of them do not say whether another run would differ the same way. Pure.

#include <soak/json.h>
#include <soak/result.h>
#include <string>
#include <vector>

#include "analyze/profile.h"

namespace soak::analyze {

struct KpiChange {
  std::string kpi;
  std::optional<double> baseline;
  std::optional<double> now;
  std::optional<double> difference;  // now − baseline, 3 decimals; nothing where one of them has no data
  std::string direction;             // "better", "worse", "same" by the profile's direction; "no data"
  // Of the difference (Welch), 6 decimals; nothing where a snapshot has no standard error: fewer than two
  // values, or written before there was one.
  std::optional<double> standard_error{};
  std::optional<bool> beyond_two_standard_errors{};  // |difference| > 2 × standard_error
};

// Both in the form of POST_SOAK_SNAPSHOT.json. kInvalidValue, naming `baseline_name`, where the baseline is
// no snapshot.
Result<std::vector<KpiChange>> compare_snapshots(const Profile& profile, const Json& baseline,
                                                 const Json& now, const std::string& baseline_name);

Json to_json(const std::vector<KpiChange>& changes);

}  // namespace soak::analyze

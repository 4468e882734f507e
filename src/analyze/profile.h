#pragma once
// A KPI profile is data: which KPIs there are, where they stand in a report, which way is good, and the rules for steady state and
// verdict. The built-in profile is `market-maker`; nothing else in the code knows its KPIs by name. Pure and thread safe.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <soak/result.h>
#include <string>
#include <vector>

#include "journal/records.h"

namespace soak::analyze {

enum class Direction { kAtMost, kAtLeast };
enum class NoData { kFail, kIgnore, kHold };

struct Condition {
  std::string kpi;
  Direction direction = Direction::kAtMost;
  double threshold = 0;
};

// Where a KPI stands in an EDGE_REPORT: a JSON pointer, or a quotient of sums of JSON pointers, times scale. The first source that
// gives a finite number wins; its label goes to the summary (maker_taker_source).
struct KpiSource {
  std::string label;
  std::vector<std::string> numerator;
  std::vector<std::string> denominator;  // empty: 1
  double scale = 1;
};

struct Kpi {
  std::string name;
  std::string unit;
  std::vector<KpiSource> sources;  // empty: /totals/NAME
  bool is_ratio = false;           // 0–1; a value above 1 in an old artifact is a percentage
  bool judged = false;             // has a threshold and decides whether an iteration passes
  Direction direction = Direction::kAtMost;
  double threshold = 0;
  double weight = 1;
  bool veto = false;
  int warm_up = 0;                 // iterations that are not judged on this KPI
  NoData no_data = NoData::kFail;
};

struct Profile {
  std::string name;
  std::vector<Kpi> kpis;
  std::vector<Condition> steady;              // all hold: the iteration is steady
  int window = 8;                             // iterations that the snapshot looks at
  int pass_at_least = 6;                      // PASS needs this many passing iterations and a freeze
  int warn_at_least = 5;
  std::optional<std::int64_t> min_iterations; // fewer: INCONCLUSIVE
};

const Profile& market_maker_profile();
Result<Profile> load_profile(const std::string& path);

// KPIs of one report by the profile; a KPI without a finite number is left out.
journal::Kpis kpis_of_report(const Profile& profile, const Json& report, std::string* maker_taker_source = nullptr);

struct KpiVerdict {
  std::string kpi;
  std::optional<double> value;  // nothing: no data
  double threshold = 0;
  Direction direction = Direction::kAtMost;
  bool passed = false;
};
// One entry for each judged KPI; the iteration passes when all do (by the profile's no-data policy; a missing one fails by default).
std::vector<KpiVerdict> judge_iteration(const Profile& profile, std::int64_t iteration, const journal::Kpis& kpis);
bool iteration_passes(const Profile& profile, std::int64_t iteration, const journal::Kpis& kpis);
bool is_steady(const Profile& profile, const journal::Kpis& kpis);

}  // namespace soak::analyze

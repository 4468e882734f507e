#pragma once
// A KPI profile is data: which KPIs there are, where they stand in a report, which way is good, and the rules
// for steady state and verdict. The built-in profile is `market-maker`; nothing else in the code knows its
// KPIs by name. Pure and thread safe.

#include <soak/result.h>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
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

// Where a KPI stands in an EDGE_REPORT: a JSON pointer, or a quotient of sums of JSON pointers, times scale.
// The first source that gives a finite number wins; its label goes to the summary (maker_taker_source).
struct KpiSource {
  std::string label;
  std::vector<std::string> numerator;
  std::vector<std::string> denominator;  // empty: 1
  double scale = 1;
};

// A parameter that moves a cause, and which way it is moved to make the cause smaller.
struct Lever {
  std::string parameter;
  bool up = false;
};

// One component behind a KPI (a cost, a block reason), measured from a report.
struct Cause {
  std::string label;    // "adverse selection"
  std::string meaning;  // half a sentence: what it is, in the trade's words
  KpiSource source;
  std::vector<Lever> levers;
};

// A measured figure that helps to read a breakdown: "most open orders".
struct Figure {
  std::string label;
  KpiSource source;
};

// What a KPI is made of, so that a failure can be explained by its largest component. Values in `unit`.
struct Breakdown {
  std::string whole;  // "gross edge"
  std::string unit;
  KpiSource source;
  std::vector<Cause> causes;
  std::vector<Figure> figures;
};

struct Kpi {
  std::string name;
  std::string title;  // for people; the name where the profile has none
  std::string unit;
  std::vector<KpiSource> sources;  // empty: /totals/NAME
  bool is_ratio = false;           // 0–1; a value above 1 in an old artifact is a percentage
  bool judged = false;             // has a threshold and decides whether an iteration passes
  Direction direction = Direction::kAtMost;
  double threshold = 0;
  double weight = 1;
  bool veto = false;
  std::optional<double> regression_limit;  // in the KPI's unit: see regression()
  int warm_up = 0;                         // iterations that are not judged on this KPI
  NoData no_data = NoData::kFail;
  std::optional<Breakdown> breakdown;
};

struct Profile {
  std::string name;
  std::vector<Kpi> kpis;
  std::vector<Condition> steady;  // all hold: the iteration is steady
  int window = 8;                 // iterations that the snapshot looks at
  double pass_weight = 1;  // share of the judged weight that must pass; a failed veto KPI fails all the same
  int pass_at_least = 6;   // PASS needs this many passing iterations and a freeze
  int warn_at_least = 5;
  std::optional<std::int64_t> min_iterations;  // fewer: INCONCLUSIVE
};

const Profile& market_maker_profile();
// Its text, as it would stand in a profile file.
const char* market_maker_text();
// A profile file (docs/formats/kpi-profile.md). Errors name the file and, as `parameter`, the key.
// kLimitExceeded: a list of more than 1000 entries.
Result<Profile> load_profile(const std::string& path);
// The same from text; `file` is what errors name.
Result<Profile> parse_profile(std::string_view text, const std::string& file);
const Kpi* find_kpi(const Profile& profile, std::string_view name);

// The first finite number that the sources give; nothing where none does (a quotient with a zero denominator
// is none).
std::optional<double> read_source(const KpiSource& source, const Json& report);

// KPIs of one report by the profile: its sources, then /totals/NAME, /kpis/NAME and /NAME. A KPI without a
// finite number is left out, and so is a ratio outside 0–1: only an old artifact may mean a percentage.
journal::Kpis kpis_of_report(const Profile& profile, const Json& report,
                             std::string* maker_taker_source = nullptr);

struct KpiVerdict {
  std::string kpi;
  std::optional<double> value;  // nothing: no data
  double threshold = 0;
  Direction direction = Direction::kAtMost;
  bool passed = false;
};
// One entry for each KPI judged in this iteration: not during its warm-up (iterations 1 … warm_up), and not
// where it is missing and the profile ignores that. A missing one fails otherwise; `hold` needs what was seen
// before: fill it in with HeldKpis first.
std::vector<KpiVerdict> judge_iteration(const Profile& profile, std::int64_t iteration,
                                        const journal::Kpis& kpis);
bool iteration_passes(const Profile& profile, std::int64_t iteration, const journal::Kpis& kpis);
bool passes(const Profile& profile, const std::vector<KpiVerdict>& verdicts);

// Why the KPIs of `iteration` are a change for the worse beyond the profile's limit, as a sentence; nothing
// where they are not. `before` and `now`: as judged, of the iterations before and after a change. A KPI with
// a regression_limit: it got worse by more than that. A judged one without: it passed its threshold and does
// so no more. One that is missing now and was there before is worse by any measure, unless the profile
// ignores that; one in its warm-up, or that was missing before, says nothing.
std::optional<std::string> regression(const Profile& profile, std::int64_t iteration,
                                      const journal::Kpis& before, const journal::Kpis& now);

// The first veto KPI that fails, as a sentence ("error_ratio 0.5, at most 0.02"); nothing where none does.
std::optional<std::string> veto(const Profile& profile, const std::vector<KpiVerdict>& verdicts);
bool has_veto(const Profile& profile);

// Memory for the no-data policy `hold`: a missing KPI keeps the value that it had last. Feed every iteration,
// in order.
class HeldKpis {
 public:
  explicit HeldKpis(const Profile& profile) : profile_(&profile) {}
  journal::Kpis fill(const journal::Kpis& kpis);

 private:
  const Profile* profile_;
  journal::Kpis last_;
};

// All steady-state conditions hold. False where a KPI is missing, or the profile has no conditions.
bool is_steady(const Profile& profile, const journal::Kpis& kpis);

}  // namespace soak::analyze

// analyze::parse_profile(), and what a profile makes of a report. The input: the profile's JSON, a line
// "---", the report's.

#include <cmath>
#include <string>

#include "analyze/profile.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

void require_finite(const journal::Kpis& kpis) {
  for (const auto& [name, value] : kpis) require(std::isfinite(value), "a KPI is a finite number");
}

void require_judgement(const analyze::Profile& profile, const Json& report) {
  const journal::Kpis kpis = analyze::kpis_of_report(profile, report);
  require_finite(kpis);
  analyze::HeldKpis held(profile);
  require_finite(held.fill(kpis));
  for (const std::int64_t iteration : {1, 1000}) {
    const auto verdicts = analyze::judge_iteration(profile, iteration, kpis);
    require(verdicts.size() <= profile.kpis.size(), "a KPI is judged once");
    const bool passed = analyze::passes(profile, verdicts);
    require(passed == analyze::iteration_passes(profile, iteration, kpis), "one rule says what passes");
    const auto veto = analyze::veto(profile, verdicts);
    if (veto) require_recordable(Json(*veto), 0);
    require(!veto || (analyze::has_veto(profile) && !passed), "what is vetoed does not pass");
    require(!analyze::regression(profile, iteration, kpis, kpis), "nothing is worse than itself");
    if (const auto worse = analyze::regression(profile, iteration, kpis, {}))
      require_recordable(Json(*worse), 0);
  }
  static_cast<void>(analyze::is_steady(profile, kpis));
}

}  // namespace

bool try_input(std::string_view bytes) {
  const auto pieces = pieces_of(bytes, 2);
  const auto profile = analyze::parse_profile(pieces[0], "profile.json");
  if (!profile) {
    require_refusal(profile.error(),
                    {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue, ErrorCode::kLimitExceeded});
    require(profile.error().file == "profile.json", "a refusal names the file");
    return false;
  }
  require(!profile->name.empty() && !profile->kpis.empty(), "a profile has a name and KPIs");
  require(1 <= profile->warn_at_least && profile->warn_at_least <= profile->pass_at_least &&
              profile->pass_at_least <= profile->window,
          "the counts of a profile are in order");
  for (const analyze::Kpi& kpi : profile->kpis) {
    require(!kpi.name.empty() && analyze::find_kpi(*profile, kpi.name) == &kpi, "each KPI has its own name");
    require(std::isfinite(kpi.threshold) && std::isfinite(kpi.weight), "thresholds are finite");
  }
  const auto report = parse_json(pieces.size() > 1 ? pieces[1] : "{}");
  if (report) require_judgement(*profile, *report);
  return true;
}

}  // namespace soak::fuzz

#include <algorithm>
#include <set>

#include "analyze/compare_runs.h"
#include "base/rng.h"
#include "serve/json_text.h"
#include "serve/run_json.h"

namespace soak::serve {
namespace {

constexpr std::uint64_t kSeed = 1;  // the same two runs always give the same interval

std::size_t warm_up_of(const analyze::Profile& profile) {
  int longest = 0;
  for (const analyze::Kpi& kpi : profile.kpis) longest = std::max(longest, kpi.warm_up);
  return static_cast<std::size_t>(longest);
}

std::vector<double> sample_of(const RunView& view, const std::string& kpi, std::size_t warm_up) {
  return view.columns().kpi_values(kpi, view.columns().forgot() ? 0 : warm_up);
}

Json summary_json(const analyze::SampleSummary& summary) {
  return {{"count", summary.count},
          {"mean", number_or_null(summary.mean)},
          {"median", number_or_null(summary.median)}};
}

Json kpi_json(const analyze::Kpi& kpi, const analyze::SampleComparison& compared) {
  Json interval = Json::array();
  if (compared.interval) interval = {compared.interval->low, compared.interval->high};
  return {{"kpi", kpi.name},
          {"unit", kpi.is_ratio ? "ratio" : kpi.unit},
          {"direction", kpi.direction == analyze::Direction::kAtMost ? "at_most" : "at_least"},
          {"a", summary_json(compared.a)},
          {"b", summary_json(compared.b)},
          {"difference", number_or_null(compared.difference)},
          {"interval", interval},
          {"confidence", analyze::kComparisonConfidence},
          {"p_value", number_or_null(compared.p_value)},
          {"verdict", analyze::comparison_verdict_name(compared.verdict)}};
}

Json differing_parameters(const RunView& a, const RunView& b) {
  std::set<std::string> names;
  for (const RunView* view : {&a, &b}) {
    for (const std::string& name : view->columns().parameter_names()) names.insert(name);
  }
  Json list = Json::array();
  for (const std::string& name : names) {
    const Json of_a = a.columns().last_effective(name);
    const Json of_b = b.columns().last_effective(name);
    if (same_value(of_a, of_b)) continue;
    const Parameter* known = a.registry().find(name);
    list.push_back({{"name", name}, {"unit", known != nullptr ? known->unit : ""}, {"a", of_a}, {"b", of_b}});
  }
  return list;
}

}  // namespace

std::string comparison_json(const ComparedRun& a, const ComparedRun& b) {
  const std::size_t warm_up = std::max(warm_up_of(a.view.profile()), warm_up_of(b.view.profile()));
  Json kpis = Json::array();
  std::uint64_t index = 0;
  for (const bool judged : {true, false}) {
    for (const analyze::Kpi& kpi : a.view.profile().kpis) {
      if (kpi.judged != judged) continue;
      const auto compared =
          analyze::compare_samples(sample_of(a.view, kpi.name, warm_up), sample_of(b.view, kpi.name, warm_up),
                                   kpi.direction, base::mix_seed(kSeed, index++));
      kpis.push_back(kpi_json(kpi, compared));
    }
  }
  const Json json = {{"a", to_json(a.item)},
                     {"b", to_json(b.item)},
                     {"kpis", kpis},
                     {"parameters", differing_parameters(a.view, b.view)},
                     {"warmup", warm_up}};
  return dumped(json) + "\n";
}

}  // namespace soak::serve

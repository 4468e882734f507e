#include "prove/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <vector>

#include "base/rng.h"
#include "target/simulated_target.h"

namespace soak::prove {
namespace {

using target::FaultKind;

constexpr std::uint64_t kScenarioStream = 0x50e0;
constexpr std::int64_t kFaultMin = 3;  // some deliveries before it, and some after it
constexpr std::uint64_t kFaultRange = 4;

// Where a plan goes with a parameter: values with which the market maker still trades.
struct Range {
  const char* name;
  double low;
  double high;
  bool whole;
  bool holds_back = false;  // may keep the market maker from showing what an echo hides
};
constexpr std::array<Range, 10> kRanges = {{{"base_spread_bps", 0.5, 8, false},
                                            {"base_spread_bps_delta", 0, 1, false},
                                            {"impact_cap_ratio", 0.05, 0.4, false, true},
                                            {"max_delta_ratio", 0.2, 1, false},
                                            {"risk_limit_ratio", 0.1, 0.8, false, true},
                                            {"replace_rate_per_min", 120, 1200, true, true},
                                            {"concurrency_limit", 4, 24, true, true},
                                            {"tail_age_ms", 100, 2000, true},
                                            {"min_interval_ms", 10, 200, true, true},
                                            {"max_age_ms", 1000, 20000, true}}};

// What the market maker's measured behaviour bounds, and a change of it that this behaviour would exceed: at
// its start value it quotes every 30 ms, with some orders on each side.
struct Echo {
  const char* name;
  double low;
  double high;
};
constexpr std::array<Echo, 2> kEchoes = {{{"min_interval_ms", 150, 1000}, {"concurrency_limit", 1, 2}}};

class Draw {
 public:
  Draw(FaultKind kind, std::uint64_t seed)
      : kind_(kind), rng_(base::mix_seed(seed, static_cast<std::uint64_t>(kind), kScenarioStream)) {
    scenario_.seed = seed;
    scenario_.name = fmt::format("{}-{}", kind == FaultKind::kNone ? "healthy" : fault_kind_name(kind), seed);
  }

  Scenario scenario() {
    target::FaultyTargetOptions& options = scenario_.target;
    options.seed = rng_.next() >> 1;
    options.kind = kind_;
    options.iteration_length = scenario_.iteration_length;
    options.float32 = rng_.below(3) == 0;
    options.slow_reload = rng_.below(2) == 0;
    if (kind_ != FaultKind::kNone)
      options.iteration = kFaultMin + static_cast<std::int64_t>(rng_.below(kFaultRange));
    if (kind_ == FaultKind::kNoEffect) options.echoed = kEchoes[rng_.below(kEchoes.size())].name;
    scenario_.start_runtime = target::default_runtime();
    scenario_.start_runtime["tuner"] = {
        {"cooldown_iters", 0}, {"oscillation_window", 0}, {"velocity_cap", 1'000'000}};
    now_ = get_all_params(scenario_.start_runtime);
    for (std::int64_t i = 1; i < scenario_.iterations; ++i) draw_changes(i);
    return std::move(scenario_);
  }

 private:
  void draw_changes(std::int64_t iteration) {
    const std::int64_t fault = scenario_.target.iteration;
    const bool before_fault = iteration + 1 == fault;
    ParamValues& changes = scenario_.plan[iteration];
    if (before_fault && kind_ == FaultKind::kNoEffect) changes[scenario_.target.echoed] = draw_echo();
    const std::size_t wanted = (before_fault && kind_ == FaultKind::kHalfApplied ? 2 : 1) + rng_.below(3);
    while (changes.size() < wanted) {
      const Range& range = kRanges[rng_.below(kRanges.size())];
      if (changes.contains(range.name)) continue;
      if (kind_ == FaultKind::kNoEffect && range.holds_back) continue;
      // What comes an iteration late must not be overtaken by a newer value.
      if (kind_ == FaultKind::kLate && iteration == fault && scenario_.plan[fault - 1].contains(range.name))
        continue;
      changes[range.name] = draw_value(range);
    }
    for (const auto& [name, value] : changes) {
      earlier_[name].push_back(now_[name]);
      now_[name] = value;
    }
  }

  // A new value or, at times, one that was in effect before: good, bad and the same good one again.
  Json draw_value(const Range& range) {
    const std::vector<Json>& earlier = earlier_[range.name];
    for (;;) {
      Json value;
      if (!earlier.empty() && rng_.below(5) == 0) {
        value = earlier[rng_.below(earlier.size())];
      } else {
        const double drawn = range.low + rng_.uniform() * (range.high - range.low);
        const bool short_text = rng_.below(2) == 0;
        value = range.whole  ? Json(std::llround(drawn))
                : short_text ? Json(std::round(drawn * 1000) / 1000)
                             : Json(drawn);
      }
      if (std::abs(value.get<double>() - now_[range.name].get<double>()) > 1e-3) return value;
    }
  }

  Json draw_echo() {
    const auto echo = std::find_if(kEchoes.begin(), kEchoes.end(),
                                   [&](const Echo& e) { return scenario_.target.echoed == e.name; });
    return std::llround(echo->low + rng_.uniform() * (echo->high - echo->low));
  }

  FaultKind kind_;
  base::Rng rng_;
  Scenario scenario_;
  ParamValues now_;
  std::map<std::string, std::vector<Json>> earlier_;
};

}  // namespace

Scenario draw_scenario(FaultKind kind, std::uint64_t seed) {
  return Draw(kind, seed).scenario();
}

}  // namespace soak::prove

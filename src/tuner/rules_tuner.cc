// The built-in rules for a market maker. Each rule looks at the KPIs of the iteration that has just ended and
// asks for moves, in shares of a parameter's step limit; the moves are added up, cut to what one step and the
// guards allow, and become target values.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tuner/tuner.h"

namespace soak::tuner {
namespace {

// A change above 80 % of a step limit starts a cooldown; at this share a parameter can move in every
// iteration.
constexpr double kShareMax = 0.8;

// Where the rules begin to act: inside the profile's thresholds, so that noise does not carry an iteration
// over them.
constexpr double kRiskHigh = 0.60, kRiskAim = 0.30, kRiskCalm = 0.40, kRiskEasy = 0.15;
constexpr double kNetAim = 3.6, kNetEasy = 4.5;
constexpr double kLatencyHighMs = 300, kLatencyAimMs = 280, kLatencyEasyMs = 250;
constexpr double kMakerShareAim = 0.90;
constexpr double kAdverseShareOfGross = 0.35, kSlippageShareOfGross = 0.05;

constexpr int kReadings = 2;

class Moves {
 public:
  explicit Moves(const TunerInput& input) : input_(input) {}

  // The mean over the last two iterations (of the last alone, where the one before lacks it): one lucky
  // reading must not stop a repair half way.
  std::optional<double> kpi(const char* name) const {
    double sum = 0;
    int count = 0;
    for (auto kpis = input_.recent.rbegin(); kpis != input_.recent.rend() && count < kReadings; ++kpis) {
      const auto found = kpis->find(name);
      if (found == kpis->end()) break;
      sum += found->second;
      ++count;
    }
    return count == 0 ? std::nullopt : std::optional(sum / count);
  }
  // A cost component of the newest report, or nothing.
  std::optional<double> total(const char* name) const {
    if (!input_.totals.is_object()) return std::nullopt;
    const auto found = input_.totals.find(name);
    return found == input_.totals.end() || !found->is_number() ? std::nullopt
                                                               : std::optional(found->get<double>());
  }
  void because(std::string condition) { conditions_.push_back(std::move(condition)); }
  // Asks for a move of `name` by `share` step limits, up or down.
  void ask(const char* name, double share) { shares_[name] += share; }
  const std::map<std::string, double>& shares() const { return shares_; }
  const std::vector<std::string>& conditions() const { return conditions_; }

 private:
  const TunerInput& input_;
  std::map<std::string, double> shares_;
  std::vector<std::string> conditions_;
};

// The inventory limit holds quotes back: smaller orders, an earlier lean, and where it is bad a wider limit
// and a slower pace.
void inventory(Moves& moves) {
  const auto risk = moves.kpi("risk_ratio");
  if (!risk || *risk < kRiskAim) return;
  moves.because(fmt::format("risk_ratio {:.2f} >= {:.2f}", *risk, kRiskAim));
  moves.ask("impact_cap_ratio", -0.8);
  moves.ask("max_delta_ratio", -0.4);
  moves.ask("risk_limit_ratio", +0.8);
  moves.ask("min_interval_ms", +0.2);
  if (*risk >= kRiskHigh) moves.ask("tail_age_ms", +0.3);
}

// Too much is traded as a taker: what is filled is hedged away again. Smaller orders against the limit, and a
// calmer pace.
void hedging(Moves& moves) {
  const auto share = moves.kpi("maker_taker_ratio");
  if (!share || *share >= kMakerShareAim) return;
  moves.because(fmt::format("maker_taker_ratio {:.2f} < {:.2f}", *share, kMakerShareAim));
  moves.ask("impact_cap_ratio", -0.8);
  moves.ask("risk_limit_ratio", +0.8);
  if (moves.kpi("risk_ratio").value_or(1) > kRiskCalm) return;
  moves.ask("base_spread_bps", +0.4);
  moves.ask("replace_rate_per_min", -0.6);
  moves.ask("min_interval_ms", +0.8);
}

// The exchange serves one request at a time: fewer orders in flight, fewer replacements, more patience.
void latency(Moves& moves) {
  const auto ms = moves.kpi("p95_latency_ms");
  if (!ms || *ms < kLatencyAimMs) return;
  moves.because(fmt::format("p95_latency_ms {:.0f} >= {:.0f}", *ms, kLatencyAimMs));
  const bool high = *ms > kLatencyHighMs;
  moves.ask("concurrency_limit", high ? -0.8 : -0.5);
  moves.ask("tail_age_ms", high ? +0.8 : +0.5);
  moves.ask("replace_rate_per_min", high ? -0.8 : -0.5);
  moves.ask("min_interval_ms", high ? +0.8 : +0.4);
}

// The edge does not pay: stand wider. What eats it decides what else helps.
void edge(Moves& moves) {
  const auto net = moves.kpi("net_bps");
  if (!net || *net >= kNetAim) return;
  moves.because(fmt::format("net_bps {:.2f} < {:.2f}", *net, kNetAim));
  moves.ask("base_spread_bps", +0.8);
  moves.ask("base_spread_bps_delta", +0.8);
  const double gross = moves.total("gross_bps").value_or(0);
  const double adverse = moves.total("adverse_bps").value_or(0);
  const double slippage = moves.total("slippage_bps").value_or(0);
  if (gross > 0 && adverse > kAdverseShareOfGross * gross) {
    moves.because(fmt::format("adverse_bps {:.2f} of {:.2f} gross", adverse, gross));
    moves.ask("impact_cap_ratio", -0.5);
    moves.ask("max_delta_ratio", -0.2);
  }
  if (gross > 0 && slippage > kSlippageShareOfGross * gross) {
    moves.because(fmt::format("slippage_bps {:.2f} of {:.2f} gross", slippage, gross));
    moves.ask("impact_cap_ratio", -0.4);
    moves.ask("tail_age_ms", +0.3);
  }
}

// Nothing traded, so there is no edge to speak of: stand closer.
void silence(Moves& moves) {
  if (moves.kpi("net_bps") || moves.kpi("maker_taker_ratio") || !moves.kpi("risk_ratio")) return;
  moves.because("no fills");
  moves.ask("base_spread_bps", -0.8);
  moves.ask("base_spread_bps_delta", -0.8);
}

// Everything has room: quote a little larger and a little faster.
void ease(Moves& moves) {
  if (!moves.conditions().empty()) return;
  const bool easy = moves.kpi("risk_ratio").value_or(1) < kRiskEasy &&
                    moves.kpi("net_bps").value_or(0) >= kNetEasy &&
                    moves.kpi("p95_latency_ms").value_or(1e9) < kLatencyEasyMs;
  if (!easy) return;
  moves.because("every KPI has room");
  moves.ask("min_interval_ms", -0.12);
  moves.ask("impact_cap_ratio", +0.25);
}

// The value that a share of a step limit leads to: within bounds, step, velocity, and not what a guard would
// hold. Nothing: stay.
std::optional<Json> target_value(const TunerInput& input, const std::string& name, double share) {
  const Parameter* parameter = input.registry->find(name);
  const auto current = input.current.find(name);
  if (parameter == nullptr || current == input.current.end() || !current->second.is_number())
    return std::nullopt;
  const double now = current->second.get<double>();
  const auto limit = step_limit_at(*parameter, now);
  if (!limit) return std::nullopt;
  double change = std::clamp(share, -kShareMax, kShareMax) * *limit;
  if (parameter->type == ParamType::kInteger && std::abs(share) >= 0.5 && std::abs(change) < 1 && *limit >= 1)
    change = std::copysign(1, change);
  if (const auto allowed =
          guards::velocity_allowance(*input.history, name, input.guard_settings, *input.registry)) {
    change = std::clamp(change, -*allowed, *allowed);
  }
  double value = now + change;
  if (parameter->min) value = std::max(value, *parameter->min);
  if (parameter->max) value = std::min(value, *parameter->max);
  // Short numbers, rounded towards where it stands, so that no limit is passed.
  const double unit = parameter->type == ParamType::kInteger ? 1 : 1e4;
  value = change < 0 ? std::ceil(value * unit - 1e-9) / unit : std::floor(value * unit + 1e-9) / unit;
  if (std::abs(value - now) < 1e-9 || (value - now) * change < 0) return std::nullopt;
  if (input.bad_values != nullptr && input.bad_values->contains(name, value)) return std::nullopt;
  Json target = parameter->type == ParamType::kInteger ? Json(static_cast<std::int64_t>(value)) : Json(value);
  if (guards::holding_guard(*input.history, name, target, input.guard_settings, *input.registry) !=
      guards::Guard::kNone)
    return std::nullopt;
  return target;
}

class RulesTuner final : public Tuner {
 public:
  Proposal propose(const TunerInput& input) const override {
    Proposal proposal;
    Moves moves(input);
    // Whatever a rule asks for beside a wider spread is slower, never faster; only ease() asks for more, and
    // only where no other rule has spoken. So nothing widens and speeds up at once.
    for (const auto rule : {inventory, hedging, latency, edge, silence, ease}) rule(moves);
    proposal.conditions = moves.conditions();
    proposal.neg_edge_drivers = drivers(input);
    if (guards::frozen(*input.history)) {
      proposal.rationale = "steady: frozen";
      return proposal;
    }
    for (const auto& [name, share] : moves.shares()) {
      if (share == 0 || input.pinned.contains(name)) continue;
      if (auto value = target_value(input, name, share))
        proposal.proposed_deltas.emplace(name, std::move(*value));
    }
    proposal.rationale = rationale(proposal);
    return proposal;
  }

 private:
  static std::string rationale(const Proposal& proposal) {
    if (proposal.conditions.empty()) return "every KPI where it should be";
    std::string text = fmt::format("{}", fmt::join(proposal.conditions, "; "));
    if (proposal.proposed_deltas.empty()) text += ": nothing left to move within steps and guards";
    return text;
  }
  static std::vector<std::string> drivers(const TunerInput& input) {
    std::vector<std::string> names;
    if (!input.totals.is_object()) return names;
    const auto found = input.totals.find("neg_edge_drivers");
    if (found == input.totals.end() || !found->is_array()) return names;
    for (const Json& name : *found) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
    return names;
  }
};

}  // namespace

std::unique_ptr<Tuner> make_rules_tuner() {
  return std::make_unique<RulesTuner>();
}

}  // namespace soak::tuner

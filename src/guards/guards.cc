#include "guards/guards.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace soak::guards {
namespace {

constexpr double kSameValue = 1e-9;
constexpr double kRounding =
    1e-9;  // sums of step limits carry rounding; a proposal at the cap itself is allowed
constexpr double kLargeChange = 0.8;
constexpr int kFreezeIterations = 4;
constexpr std::chrono::hours kVelocityWindow{1};
constexpr int kCooldownItersMax = 1'000'000;

bool nearly_same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return std::abs(a.get<double>() - b.get<double>()) <= kSameValue;
  return same_value(a, b);
}

// `seen` is `told` after a trip through float32.
bool is_float32_of(const Json& seen, const Json& told) {
  if (!seen.is_number() || !told.is_number()) return false;
  const double value = seen.get<double>();
  return static_cast<double>(static_cast<float>(value)) == value &&
         static_cast<float>(value) == static_cast<float>(told.get<double>());
}

// The change in step limits; nothing where there is nothing to measure.
std::optional<double> in_step_limits(const Parameter* parameter, const Json& from, const Json& to) {
  if (parameter == nullptr || !from.is_number() || !to.is_number()) return std::nullopt;
  const auto step = step_limit_at(*parameter, from.get<double>());
  if (!step) return std::nullopt;
  const double change = std::abs(to.get<double>() - from.get<double>());
  if (change == 0) return 0.0;
  return *step > 0 ? change / *step
                   : std::numeric_limits<double>::infinity();  // no relative step leads away from zero
}

// A setting that is a number of at least 0 and, if it counts something, whole.
std::optional<double> setting(const Json& runtime, const char* name) {
  const auto value = get_from_runtime(runtime, name);
  const Parameter* parameter = Registry::builtin().find(name);
  if (!value || parameter == nullptr) return std::nullopt;
  const auto normal = normalise_value(*parameter, *value, true);
  return normal ? std::optional<double>(normal->get<double>()) : std::nullopt;
}

}  // namespace

GuardSettings guard_settings(const Json& runtime) {
  GuardSettings settings;
  if (const auto value = setting(runtime, "cooldown_iters")) {
    settings.cooldown_iters = static_cast<int>(std::min<double>(*value, kCooldownItersMax));
  }
  if (const auto value = setting(runtime, "velocity_cap")) settings.velocity_cap = *value;
  if (const auto value = setting(runtime, "oscillation_window")) {
    settings.oscillation_window = static_cast<int>(std::min<double>(*value, kOscillationWindowMax));
  }
  return settings;
}

void GuardHistory::start(const ParamValues& in_effect) {
  *this = GuardHistory();
  for (const auto& [name, value] : in_effect) {
    OneParameter& parameter = parameters_[name];
    parameter.told = value;
    see(parameter, value);
  }
}

void GuardHistory::see(OneParameter& parameter, const Json& value) {
  const Json& meant = is_float32_of(value, parameter.told) ? parameter.told : value;
  if (!parameter.values.empty() && nearly_same(parameter.values.back(), meant)) return;
  parameter.values.push_back(meant);
  if (parameter.values.size() > std::size_t{kOscillationWindowMax} + 1) parameter.values.pop_front();
}

void GuardHistory::observe(std::int64_t iteration, base::UtcTime now, const ParamValues& in_effect,
                           bool steady) {
  if (iteration != iteration_ + 1) steady_run_ = 0;  // a gap: what was not seen was not steady
  iteration_ = iteration;
  now_ = now;
  if (iteration > frozen_until_) {
    steady_run_ = steady ? steady_run_ + 1 : 0;
    if (steady_run_ >= 2) {
      frozen_until_ = iteration + kFreezeIterations - 1;
      steady_run_ = 0;
    }
  }
  for (const auto& [name, value] : in_effect) see(parameters_[name], value);
  for (auto& [name, parameter] : parameters_) {
    while (!parameter.changes.empty() && parameter.changes.front().time <= now - kVelocityWindow)
      parameter.changes.pop_front();
  }
}

const Json* GuardHistory::value_before(const OneParameter& parameter) {
  if (!parameter.told.is_null()) return &parameter.told;
  return parameter.values.empty() ? nullptr : &parameter.values.back();
}

void GuardHistory::edited(const ParamValues& in_file) {
  for (auto& [name, parameter] : parameters_) parameter.told = nullptr;
  for (const auto& [name, value] : in_file) parameters_[name].told = value;
}

void GuardHistory::applied(const ParamValues& new_values, const Registry& registry,
                           const GuardSettings& settings) {
  for (const auto& [name, value] : new_values) {
    OneParameter& parameter = parameters_[name];
    const Json* before = value_before(parameter);
    const Json old = before == nullptr ? Json() : *before;
    parameter.told = value;
    const auto amount = in_step_limits(registry.find(name), old, value);
    if (!amount || *amount == 0) continue;
    parameter.changes.push_back({now_, *amount, old, value, parameter.held_until});
    if (parameter.changes.size() > kChangesMax) {
      Change& second = parameter.changes[1];
      second.amount += parameter.changes.front().amount;
      second.from = parameter.changes.front().from;
      second.held_until_before = parameter.changes.front().held_until_before;
      parameter.changes.pop_front();
    }
    if (*amount > kLargeChange + kRounding && settings.cooldown_iters > 0) {
      parameter.held_until = std::max(parameter.held_until, iteration_ + settings.cooldown_iters);
    }
  }
}

void GuardHistory::take_back(OneParameter& parameter, const Json& restored) {
  parameter.told = restored;
  while (!parameter.changes.empty() && !nearly_same(parameter.changes.back().to, restored)) {
    const bool arrived = nearly_same(parameter.changes.back().from, restored);
    parameter.held_until = parameter.changes.back().held_until_before;
    parameter.changes.pop_back();
    if (arrived) break;
  }
  auto& values = parameter.values;
  const auto known = std::find_if(values.rbegin(), values.rend(),
                                  [&](const Json& value) { return nearly_same(value, restored); });
  if (known == values.rend()) {  // older than what is remembered
    if (!values.empty()) values.pop_back();
    values.push_back(restored);
  } else {
    values.erase(known.base(), values.end());
  }
}

void GuardHistory::rolled_back(const ParamValues& restored) {
  for (const auto& [name, value] : restored) take_back(parameters_[name], value);
}

double GuardHistory::spent(const OneParameter& parameter) const {
  double amount = 0;
  for (const Change& change : parameter.changes) {
    if (change.time > now_ - kVelocityWindow && change.time <= now_) amount += change.amount;
  }
  return amount;
}

bool GuardHistory::oscillates(const OneParameter& parameter, const Json& value,
                              const GuardSettings& settings) const {
  const auto& values = parameter.values;
  if (values.size() < 2 || settings.oscillation_window <= 0 || nearly_same(values.back(), value))
    return false;
  const auto window = std::min(values.size() - 1, static_cast<std::size_t>(settings.oscillation_window));
  return std::any_of(values.rbegin() + 1, values.rbegin() + 1 + static_cast<std::ptrdiff_t>(window),
                     [&](const Json& earlier) { return nearly_same(earlier, value); });
}

bool GuardHistory::too_fast(const OneParameter& parameter, const std::string& name, const Json* value,
                            const GuardSettings& settings, const Registry& registry) const {
  double amount = spent(parameter);
  if (const Json* before = value_before(parameter); value != nullptr && before != nullptr) {
    amount += in_step_limits(registry.find(name), *before, *value).value_or(0);
  }
  return amount > settings.velocity_cap + kRounding;
}

int GuardHistory::iters_left(const OneParameter& parameter) const {
  return static_cast<int>(std::max<std::int64_t>(parameter.held_until - iteration_ + 1, 0));
}

GuardFlags evaluate(const GuardHistory& history, const ParamValues& proposal, const GuardSettings& settings,
                    const Registry& registry) {
  GuardFlags flags;
  flags.freeze_triggered = frozen(history);
  flags.cooldown_iters_left = 0;
  for (const auto& [name, parameter] : history.parameters_) {
    const auto proposed = proposal.find(name);
    const bool concerned = proposal.empty() || proposed != proposal.end();
    if (!concerned) continue;
    const Json* value = proposal.empty() ? nullptr : &proposed->second;
    if (value != nullptr && history.oscillates(parameter, *value, settings))
      flags.oscillation_detected = true;
    if (history.too_fast(parameter, name, value, settings, registry)) flags.velocity_violation = true;
    flags.cooldown_iters_left = std::max(*flags.cooldown_iters_left, history.iters_left(parameter));
  }
  flags.cooldown_active = *flags.cooldown_iters_left > 0;
  return flags;
}

Guard holding_guard(const GuardHistory& history, const std::string& name, const Json& value,
                    const GuardSettings& settings, const Registry& registry) {
  if (frozen(history)) return Guard::kFreeze;
  const auto found = history.parameters_.find(name);
  if (found == history.parameters_.end()) return Guard::kNone;
  if (history.oscillates(found->second, value, settings)) return Guard::kOscillation;
  if (history.too_fast(found->second, name, &value, settings, registry)) return Guard::kVelocity;
  return history.iters_left(found->second) > 0 ? Guard::kCooldown : Guard::kNone;
}

std::optional<double> velocity_allowance(const GuardHistory& history, const std::string& name,
                                         const GuardSettings& settings, const Registry& registry) {
  const auto found = history.parameters_.find(name);
  const Parameter* parameter = registry.find(name);
  if (parameter == nullptr || found == history.parameters_.end()) return std::nullopt;
  const Json* before = GuardHistory::value_before(found->second);
  const auto step = before != nullptr && before->is_number()
                        ? step_limit_at(*parameter, before->get<double>())
                        : std::nullopt;
  if (!step) return std::nullopt;
  return std::max(settings.velocity_cap - history.spent(found->second), 0.0) * *step;
}

bool frozen(const GuardHistory& history) {
  return history.iteration_ > 0 && history.iteration_ <= history.frozen_until_;
}

int cooldown_iters_left(const GuardHistory& history, const std::string& name) {
  const auto found = history.parameters_.find(name);
  return found == history.parameters_.end() ? 0 : history.iters_left(found->second);
}

}  // namespace soak::guards

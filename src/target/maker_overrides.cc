#include "target/maker_overrides.h"

#include <algorithm>
#include <utility>

namespace soak::target {
namespace {

class Reader {
 public:
  explicit Reader(const Json& runtime) : effective_(get_all_params(runtime)) {}

  double number(const char* name, double otherwise) {
    const Parameter* parameter = Registry::builtin().find(name);
    double value = otherwise;
    const auto found = effective_.find(name);
    if (found != effective_.end() && found->second.is_number()) value = found->second.get<double>();
    if (parameter->min && parameter->min_exclusive && value <= *parameter->min) value = otherwise;
    if (parameter->min) value = std::max(value, *parameter->min);
    if (parameter->max) value = std::min(value, *parameter->max);
    Json used = parameter->type == ParamType::kInteger ? Json(static_cast<std::int64_t>(value)) : Json(value);
    if (found == effective_.end() || !same_value(found->second, used)) effective_[name] = std::move(used);
    return value;
  }
  std::int64_t integer(const char* name, std::int64_t otherwise) {
    return static_cast<std::int64_t>(number(name, static_cast<double>(otherwise)));
  }
  double at_least(const char* name, double otherwise, double minimum) {
    const double value = number(name, otherwise);
    if (value >= minimum) return value;
    effective_[name] = minimum;
    return minimum;
  }
  void tick_is(double tick_size) {
    if (effective_.contains("tick_size")) effective_["tick_size"] = tick_size;
  }
  ParamValues take_effective() { return std::move(effective_); }

 private:
  ParamValues effective_;
};

}  // namespace

MakerOverrides maker_overrides(const Json& runtime, const sim::Instrument& instrument) {
  Reader from(runtime);
  MakerOverrides result;
  sim::MakerParams& params = result.params;
  params.base_spread_bps = from.number("base_spread_bps", params.base_spread_bps);
  params.base_spread_bps_delta = from.number("base_spread_bps_delta", params.base_spread_bps_delta);
  params.impact_cap_ratio = from.number("impact_cap_ratio", params.impact_cap_ratio);
  params.max_delta_ratio = from.number("max_delta_ratio", params.max_delta_ratio);
  params.risk_limit_ratio = from.number("risk_limit_ratio", params.risk_limit_ratio);
  params.replace_rate_per_min = from.integer("replace_rate_per_min", params.replace_rate_per_min);
  params.concurrency_limit = from.integer("concurrency_limit", params.concurrency_limit);
  params.tail_age_ms = from.integer("tail_age_ms", params.tail_age_ms);
  params.min_interval_ms = from.integer("min_interval_ms", params.min_interval_ms);
  params.max_age_ms = from.integer("max_age_ms", params.max_age_ms);
  params.min_order_size = from.number("min_order_size", params.min_order_size);
  params.max_order_size = from.at_least("max_order_size", params.max_order_size, params.min_order_size);
  from.tick_is(instrument.tick_size);
  result.effective = from.take_effective();
  return result;
}

}  // namespace soak::target

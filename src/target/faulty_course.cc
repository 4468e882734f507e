#include "target/faulty_course.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace soak::target {
namespace {

constexpr double kGapMin = 2e-9;  // the comparison allows 1e-9

double rounded(double value, double unit) {
  return std::round(value / unit) * unit;
}

bool in_bounds(const Parameter& parameter, double value) {
  if (parameter.min && (parameter.min_exclusive ? value <= *parameter.min : value < *parameter.min))
    return false;
  return !parameter.max || value <= *parameter.max;
}

double gap_at(double value, bool float32) {
  if (!float32) return kGapMin;
  const auto near = static_cast<float>(std::abs(value));
  const float unit = std::nextafter(near, std::numeric_limits<float>::infinity()) - near;
  return std::max(kGapMin, 8 * static_cast<double>(unit));
}

std::chrono::milliseconds part(std::chrono::milliseconds whole, double share) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(whole.count()) * share));
}

}  // namespace

std::vector<CourseStep> draw_steps(const CourseRequest& request, base::Rng& rng) {
  const std::chrono::milliseconds each = request.length / kWindowsEach;
  std::set<std::int64_t> windows;
  if (rng.below(2) == 0) windows.insert(0);
  const std::size_t early = windows.size();
  const auto wanted = static_cast<std::size_t>(std::max(request.settled_min, 1)) + rng.below(3);
  while (windows.size() < early + wanted)
    windows.insert(1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(kWindowsEach - 1))));
  std::vector<CourseStep> steps;
  for (const std::int64_t window : windows) {
    CourseStep step;
    step.window = window;
    // At times on the very boundary, at times just before the next window ends.
    const double lag = rng.below(4) == 0 ? 0.0 : rng.uniform();
    step.seen = std::min(each * (window + 1) + part(each, lag), request.length);
    step.settled = step.seen >= request.settle;
    steps.push_back(std::move(step));
  }
  return steps;
}

std::optional<Json> draw_other_value(const Parameter& parameter, const Json& before, const Json& now,
                                     bool float32, base::Rng& rng) {
  const double o = before.get<double>();
  const double n = now.get<double>();
  const bool whole = parameter.type == ParamType::kInteger;
  const std::array<double, 8> candidates = {rounded(n, whole ? 10 : 0.1),
                                            rounded(n, whole ? 100 : 0.01),
                                            whole ? n + 1 : static_cast<double>(static_cast<float>(n)),
                                            (o + n) / 2,
                                            n * 1.1,
                                            n / 2,
                                            n - (whole ? 1 : 0.001),
                                            n * 10};
  const auto first = static_cast<std::size_t>(rng.below(candidates.size()));
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    double value = candidates[(first + i) % candidates.size()];
    if (whole) value = std::round(value);
    const double gap = gap_at(n, float32);
    if (!in_bounds(parameter, value) || std::abs(value - n) <= gap || std::abs(value - o) <= gap) continue;
    return whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
  }
  return std::nullopt;
}

Json in_float32(const Json& runtime) {
  Json rounded_runtime = runtime;
  for (const auto& [name, value] : get_all_params(runtime)) {
    if (!value.is_number_float()) continue;
    static_cast<void>(set_in_runtime(rounded_runtime, name, static_cast<double>(value.get<float>())));
  }
  return rounded_runtime;
}

std::vector<std::string> changed_names(const Json& before, const Json& now) {
  const ParamValues old = get_all_params(before);
  std::vector<std::string> names;
  for (const auto& [name, value] : get_all_params(now)) {
    const auto found = old.find(name);
    if (found == old.end() || !same_value(found->second, value)) names.push_back(name);
  }
  return names;
}

Json draw_edit(const Json& runtime, const Json& before, base::Rng& rng) {
  switch (rng.below(3)) {
    case 0:
      if (runtime != before) return before;
      break;
    case 1:
      for (const Parameter& parameter : Registry::builtin().all()) {
        const auto value = get_from_runtime(runtime, parameter.name);
        if (!parameter.tuned() || !value || rng.below(3) != 0) continue;
        const auto other = draw_other_value(parameter, *value, *value, false, rng);
        if (!other) continue;
        Json edited = runtime;
        static_cast<void>(set_in_runtime(edited, parameter.name, *other));
        return edited;
      }
      break;
    default:
      break;
  }
  Json edited = runtime;
  edited["another_hand"] = {{"note", rng.below(1'000'000)}};
  return edited;
}

}  // namespace soak::target

#pragma once
// What a faulty target does in the course of one iteration, and the small decisions behind it. Pure. Not for
// other rooms.

#include <soak/params.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"

namespace soak::target {

// The market of an iteration is cut into windows of equal length. A report tells of one of them, and is seen
// before the next one has ended.
inline constexpr std::int64_t kWindowsEach = 20;

// One report.
struct CourseStep {
  std::int64_t window = 0;            // from 0
  std::chrono::milliseconds seen{0};  // after the iteration's start
  bool settled = true;
  Json runtime;              // what the market maker runs with
  ParamValues told;          // said of the parameters, in the place of what they are
  std::string state_hash;    // said of the runtime file; empty: nothing
  std::size_t instance = 0;  // counts restarts
  bool again = false;        // the report before once more
};

struct CourseRequest {
  std::chrono::milliseconds length;
  std::chrono::milliseconds settle;
  int settled_min = 1;  // reports after the settle time, at least
};

// When an iteration reports: now and then within the settle time, and some times after it, at least
// `settled_min`. In order; the rest of a step is not filled in.
std::vector<CourseStep> draw_steps(const CourseRequest& request, base::Rng& rng);

// A value of the parameter's type, within its bounds, that can be told from both `before` and `now`: what
// programs make of a number by rounding it, by mixing up units, by stopping half-way. `float32`: told apart
// even by one who compares in float32. Nothing where there is none.
std::optional<Json> draw_other_value(const Parameter& parameter, const Json& before, const Json& now,
                                     bool float32, base::Rng& rng);

// The runtime with every number of its parameters as float32 has it.
Json in_float32(const Json& runtime);

// The parameters of `now` that have another value in `before`, sorted.
std::vector<std::string> changed_names(const Json& before, const Json& now);

// What another hand makes of the runtime file: another value for a parameter, a key of its own, or the file
// as it was before.
Json draw_edit(const Json& runtime, const Json& before, base::Rng& rng);

}  // namespace soak::target

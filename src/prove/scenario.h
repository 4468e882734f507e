#pragma once
// What one run of the fault matrix looks like, drawn from the fault's kind and a seed: a plan of changes, how
// the target goes about its work, and when it goes wrong. Pure.

#include <soak/params.h>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "target/faulty_target.h"

namespace soak::prove {

struct Scenario {
  std::string name;  // "late-17", "healthy-3"
  std::uint64_t seed = 1;
  std::int64_t iterations = 9;
  std::chrono::milliseconds iteration_length{60'000};
  std::chrono::milliseconds settle{6'000};
  Json start_runtime;                        // no guard in it holds anything
  std::map<std::int64_t, ParamValues> plan;  // after each iteration but the last
  target::FaultyTargetOptions target;        // without its scratch file
};

// FaultKind::kNone: a healthy run. The same kind and seed give the same scenario.
Scenario draw_scenario(target::FaultKind kind, std::uint64_t seed);

}  // namespace soak::prove

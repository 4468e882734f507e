#pragma once
// The built-in target: the simulated market maker of src/sim/ on a synthetic market or on recorded data. An
// iteration depends only on the seed (or the feed), the iteration's number and the runtime file, so that a
// run can be resumed at any iteration. What it reports is measured; `effective` holds the values that it
// used, which are the file's, brought into the registry's bounds.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "target/target.h"

namespace soak::target {

struct SimulatedTargetOptions {
  std::uint64_t seed = 1;
  std::string feed_path;   // recorded data; empty: the synthetic market
  bool loop_feed = false;  // start the feed over when it ends
  std::int64_t iterations =
      0;  // that the run will ask for: a feed too short for them is refused at the start
  std::chrono::milliseconds iteration_length{300'000};
};

// kNotFound, kCorrupt: the feed. kFeedTooShort: says how many iterations it holds.
Result<std::unique_ptr<Target>> make_simulated_target(const SimulatedTargetOptions& options);

// The overrides that a run starts from where the user gives none: a badly set market maker. Its orders are
// too large for its inventory limit, it re-quotes too eagerly for the exchange, and stands too close to the
// touch for what it pays.
Json default_runtime();

}  // namespace soak::target

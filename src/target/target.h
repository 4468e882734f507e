#pragma once
// What the loop runs: anything that reads the runtime overrides file and reports KPIs and the parameters that
// were really in effect.

#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/records.h"

namespace soak::target {

struct IterationRequest {
  std::int64_t iteration = 0;  // from 1
  std::string runtime_path;    // the overrides file to honour
  base::UtcTime start;         // by the run's clock
  std::chrono::milliseconds length{300'000};
  std::chrono::milliseconds settle{30'000};
};

struct IterationOutcome {
  std::vector<journal::SeenReport> reports;  // every one of the iteration, in order of arrival
  std::vector<journal::Fault>
      faults;          // what only the target's supervisor can know: crashed, hung, torn_report, stale_report
  bool ended = false;  // the target died or hung: the run cannot go on
};

// One at a time, from one thread. start() before the first iteration; the destructor leaves nothing running.
class Target {
 public:
  virtual ~Target() = default;
  virtual Result<void> start() = 0;
  virtual Result<IterationOutcome> run_iteration(const IterationRequest& request) = 0;
  virtual std::string name() const = 0;
};

}  // namespace soak::target

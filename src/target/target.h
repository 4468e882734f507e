#pragma once
// What the loop runs: anything that reads the runtime overrides file and reports KPIs and the parameters that
// were really in effect.

#include <soak/result.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/records.h"

namespace soak::target {

struct IterationRequest {
  std::int64_t iteration = 0;  // from 1
  std::string runtime_path;    // the overrides file to honour
  std::string runtime_hash;    // of its bytes, as the run left it
  base::UtcTime start;         // by the run's clock; means nothing to a target that runs by the real one
  std::chrono::milliseconds length{300'000};
  std::chrono::milliseconds settle{30'000};
  const volatile std::sig_atomic_t* stop = nullptr;  // set: give up the iteration and return; may be null
};

struct IterationOutcome {
  std::vector<journal::SeenReport> reports;  // of the iteration, in order of arrival
  std::vector<journal::Fault>
      faults;                // what only the target's supervisor can know: crashed, hung, torn_report
  bool ended = false;        // the target died or hung: the run cannot go on
  bool started = false;      // the target was started for this iteration: what went before it says nothing
  bool interrupted = false;  // the stop flag was set; nothing else here means anything
  std::vector<journal::FileEdit> edits;  // of the runtime file, by another hand, while the iteration ran
  std::int64_t dropped = 0;              // reports beyond what is kept of an iteration
  std::optional<base::UtcTime> end;      // by the real clock; nothing: start + length
};

// One at a time, from one thread. start() before the first iteration, and again after stop(); the destructor
// leaves nothing running.
class Target {
 public:
  virtual ~Target() = default;
  virtual Result<void> start() = 0;
  virtual Result<IterationOutcome> run_iteration(const IterationRequest& request) = 0;
  // Ends it in good order; returns when nothing of it is left.
  virtual void stop() {}
  virtual std::string name() const = 0;
};

}  // namespace soak::target

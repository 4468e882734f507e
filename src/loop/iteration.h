#pragma once
// One iteration of a run, from the target's first report to the durable iteration record. Not for use outside
// this room.

#include <soak/apply.h>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "loop/run.h"
#include "loop/state.h"

namespace soak::loop {

struct IterationResult {
  journal::IterationRecord record;
  bool target_ended = false;
  std::string end_reason;    // of the target, for people
  bool interrupted = false;  // given up: not concluded in the state, and done again by a resume
};

// The run as its iterations see it.
struct RunContext {
  const RunPlan& plan;
  const RunTools& tools;
  journal::Journal& journal;
  RunState& state;
};

// Does iteration number state.iteration() + 1. On success it is in the journal, durable, and concluded in the
// state; artifacts are the caller's.
Result<IterationResult> run_iteration(const RunContext& context);

// Calls tools.before_step.
Result<void> before_step(const RunTools& tools, std::string_view step);

}  // namespace soak::loop

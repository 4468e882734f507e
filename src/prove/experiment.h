#pragma once
// The loop on a target that knows what was done to it, then verify and the gate on what the run left on disk,
// held against that. Not for other rooms.

#include <soak/result.h>
#include <csignal>
#include <cstdint>
#include <map>
#include <string>

#include "loop/run.h"
#include "prove/judgement.h"
#include "prove/trial.h"

namespace soak::prove {

struct Experiment {
  const loop::RunPlan* plan = nullptr;
  const std::map<std::int64_t, ParamValues>* proposals = nullptr;  // by iteration
  target::FaultyTarget* faulty = nullptr;                          // what was done
  target::Target* target = nullptr;  // what the loop runs: the faulty one, or something before it
  TargetsPast past = TargetsPast::kKnown;
  std::string folder;                                // must not exist, and is left there
  const volatile std::sig_atomic_t* stop = nullptr;  // gives up the run
};

// A profile that every iteration with a report passes, so that a gate that fails does so for the delivery.
// `iterations`: of a run, all of which must pass, but no more than it takes to be sure.
Result<analyze::Profile> delivery_profile(std::int64_t iterations);

// Fills in what the trial found out. Errors are those of the run. kInterrupted: nothing was judged.
Result<loop::RunEnd> make_experiment(const Experiment& experiment, Trial& trial);

}  // namespace soak::prove

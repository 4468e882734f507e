#pragma once
// A target of the user's own, with a fault injected from outside: what stands between the run's runtime file
// and the file that the program reads, and between the program and its rest. Not for other rooms.
//
// The program has a file of its own, which follows the run's: the same bytes, replaced by a rename, when an
// iteration begins. Once, in one iteration, it does not:
//   kIgnored      the last apply's changes never arrive: each parameter keeps its old value in the program's
//                 file until a newer value is written
//   kHalfApplied  the same with half of the parameters
//   kLate         they arrive in the middle of what is left of the iteration after the settle time; or, with
//                 `next_iteration`, when the next one begins
//   kForeignEdit  nothing is kept back; in that moment the run's file is changed, and the program's with it
//   kRestarted    in that moment the program is ended, and started anew
//   kNone         nothing of this
//
// Not thread safe; what edits the file in the course of an iteration is a thread that ends with it.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <string>

#include "target/faulty_target.h"

namespace soak::prove {

struct Injection {
  target::FaultKind kind = target::FaultKind::kNone;
  std::int64_t iteration = 0;   // in which it is felt first, from 2
  bool next_iteration = false;  // of what comes late
};

struct InjectedTargetOptions {
  Injection injection;
  std::string run_runtime;      // the run's runtime file; stands there when start() is called
  std::string program_runtime;  // the program's; its folder is made if need be
  const Registry* registry = nullptr;
};

// `program` reads options.program_runtime, and is asked to stop and to start in the middle of an iteration.
// An iteration with an injection may be two calls of its run_iteration(), which share the length.
//
// committed(): of parameters that the program had in effect already, nothing: they cannot show it. A `detail`
// says, behind "unseen:", why nobody can see what was done, where the program's reports leave no way to.
std::unique_ptr<target::FaultyTarget> make_injected_target(std::unique_ptr<target::Target> program,
                                                           InjectedTargetOptions options);

}  // namespace soak::prove

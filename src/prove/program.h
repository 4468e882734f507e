#pragma once
// `soak prove -- CMD`: a program of the user's own through the real loop, healthy and with each fault that
// can be injected from outside, on short runs by the real clock. What comes out is whether its reports let
// each fault be seen, and whether it is accused of anything by itself.
//
// A run is a run of `soak run … -- CMD`, but for the file that the program reads: one of its own beside the
// run's, which follows it unless the injection has it otherwise.

#include <soak/json.h>
#include <soak/params.h>
#include <soak/result.h>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "prove/prove.h"
#include "target/external_target.h"

namespace soak::prove {

// What can be injected from outside, in the order of the table: a lost write, half of one, a late one, a
// restart, an edit of the runtime file by another hand.
inline constexpr std::array<target::FaultKind, 5> kInjectedKinds = {
    target::FaultKind::kIgnored, target::FaultKind::kHalfApplied, target::FaultKind::kLate,
    target::FaultKind::kRestarted, target::FaultKind::kForeignEdit};

inline constexpr std::int64_t kProgramIterationsMin = 4;

struct ProgramOptions {
  // The program and how it is treated; folder, runtime_path, iteration_length and stop are filled in for each
  // run.
  target::ExternalTargetOptions program;
  std::vector<target::FaultKind> kinds;  // of kInjectedKinds, in its order; empty: all that have an occasion
  Json start_runtime = Json::object();   // an object; guards that would hold a change are switched off in it
  std::map<std::int64_t, ParamValues> plan;  // iteration → values; empty: a step and back
  Registry registry = Registry::builtin();
  Json registry_source;  // the --params file's content, or null
  // Judged besides delivery; its steady state counts for nothing, since a freeze would hold the changes. Not
  // set: every iteration with a report passes.
  std::optional<analyze::Profile> profile;
  std::int64_t iterations = 5;  // of a run, at least kProgramIterationsMin
  std::chrono::milliseconds iteration_length{2000};
  std::chrono::milliseconds settle{200};
  std::string keep;  // a folder for the artifacts of each run; empty: none are kept
  std::string soak_version = "0";
  unsigned threads = 1;  // runs with an injection at a time, each with a program of its own
  // Before the first run: how many there are, and how long they take at least.
  std::function<void(std::int64_t runs, std::chrono::milliseconds about)> on_begin;
  std::function<void(const Trial& trial, std::int64_t done, std::int64_t all)>
      on_trial;                                      // from one thread at a time
  const volatile std::sig_atomic_t* stop = nullptr;  // set: the run in progress is given up
  // For tests: what runs in the place of the program.
  std::function<std::unique_ptr<target::Target>(const target::ExternalTargetOptions&)> make_target;
};

// The healthy run first. Where it is accused, the others would prove nothing, and are not made: a note says
// so. Errors: kNotFound, kPermissionDenied for the program; kInvalidArgument where there is nothing to move,
// a chosen kind has no occasion, or the profile asks for more iterations than there are; kAlreadyExists as
// run_matrix().
Result<ProveResult> prove_program(const ProgramOptions& options);

}  // namespace soak::prove

#pragma once
// The soak runner: one iteration after another, each proven durable in the journal before its artifacts are
// written.
//
// An iteration: the target runs → its reports go to the journal → delivery faults, summary, guards' memory →
// the tuner proposes (not after the last iteration) → guards → apply (intent in the journal before the
// rename, outcome after the read-back), or in the place of all three a rollback → iteration record (fsync) →
// artifacts. Memory is bounded, and an
// iteration costs the same at 10 and at 10,000.
//
// Resume: state is rebuilt from the iteration records; the iteration that was broken off is done again, and
// what the journal holds of it already is matched and not written twice. Where the target's runs are a
// function of (iteration, runtime), a run killed at any moment and resumed leaves the bytes of one that was
// never interrupted. Single-threaded; one run a folder (the journal is locked).

#include <soak/params.h>
#include <soak/result.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "analyze/profile.h"
#include "apply/store.h"
#include "base/clock.h"
#include "journal/artifacts.h"
#include "journal/records.h"
#include "journal/write_artifacts.h"
#include "target/target.h"
#include "tuner/tuner.h"

namespace soak::loop {

// What a run is: recorded in the journal's header, and the same when it is resumed.
struct RunPlan {
  journal::RunHeader header;  // run_id, iterations, soak_version, kpi_profile, options; started_utc is filled
                              // in from `start`
  Json start_runtime;         // the overrides that the run starts from
  Json registry_source;       // the --params file's content, or null for the built-in registry
  Json profile_source;        // the --kpi-profile file's content, or null for the built-in profile
  const Registry* registry = nullptr;
  const analyze::Profile* profile = nullptr;
  std::set<std::string> pinned;
  bool rollback = false;  // after a bad change (loop/last_good.h), the last known good runtime is put back
  std::int64_t summaries_kept = journal::kSummariesKept;  // ITER_SUMMARY files, of the newest iterations
  bool stop_on_veto = false;  // the run ends with the first iteration in which a veto KPI fails
  std::chrono::milliseconds iteration_length{300'000};
  std::chrono::milliseconds settle{30'000};
  base::UtcTime start = base::kMockEpoch;  // where the run's clock begins; of a real clock: now
  bool real_clock =
      false;  // iterations last as long as the target takes for them, and no two runs are the same
};

// A change that waits for a yes.
struct Question {
  std::int64_t iteration = 0;  // at whose end it is proposed
  ParamValues before;          // of the parameters concerned, in the runtime as it stands
  ParamValues proposed;
  std::string rationale;
};
enum class Answer {
  kYes,
  kNo,           // the change is not proposed
  kInterrupted,  // the stop flag was set meanwhile
};

// What a run works with. Pointers are not owned and outlive the run.
struct RunTools {
  std::string folder;  // exists; prepared by prepare_run_folder()
  target::Target* target = nullptr;
  const tuner::Tuner* tuner = nullptr;
  apply::Store* store = nullptr;                     // of runtime_path
  std::string runtime_path;                          // what the target reads
  const volatile std::sig_atomic_t* stop = nullptr;  // set by a signal handler: finish at the next safe point
  std::function<void(const journal::IterationRecord&)>
      on_iteration;  // progress; not called for replayed iterations
  // Asked before each change that no guard holds; a rollback is not asked for. Empty: everything goes ahead.
  std::function<Result<Answer>(const Question&)> approve;
  // For fault injection in tests: called before every step that leaves a trace; an error there is as if the
  // process had died.
  std::function<Result<void>(std::string_view step)> before_step;
};

enum class RunEnd {
  kFinished,     // all iterations are done
  kInterrupted,  // the stop flag was set; fit for resume
  kTargetEnded,  // the target died or hung; the fault is recorded in the last iteration
  kVetoed,       // a veto KPI failed; a resume changes nothing
};

struct RunOutcome {
  std::string run_id;  // a resumed run's is the one that it began with
  RunEnd end = RunEnd::kFinished;
  std::string end_reason;       // where target or veto ended it: the fault or KPI, for people
  std::int64_t iterations = 0;  // complete, replayed ones included
  std::int64_t replayed = 0;
  std::int64_t proposed = 0;
  std::int64_t applied = 0;
  std::int64_t held = 0;         // proposed and not applied
  std::int64_t rolled_back = 0;  // bad changes, of those applied; a rollback is no proposal here
  std::int64_t faults = 0;       // named, less those that were taken back when the value came late
  std::int64_t passed = 0;       // iterations that pass by the profile
};

// Runs, or goes on with, the run in tools.folder. Errors: kInvalidArgument where the run there was recorded
// with other options (the message names the first that differs); kConflict where an open intent meets a
// runtime file that is neither its old nor its new one; kUnknownOutcome from an apply: the next start
// re-reads; kTargetFailed; kCorrupt for a damaged journal; whatever the file system says. After an error the
// artifacts are those of the last complete iteration, and the run can be resumed.
Result<RunOutcome> run_soak(const RunPlan& plan, const RunTools& tools);

}  // namespace soak::loop

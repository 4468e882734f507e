#pragma once
// From a journal back to the state of its run. Not for use outside this room.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal.h"
#include "loop/run.h"
#include "loop/state.h"

namespace soak::loop {

// Takes the records of a journal in order (give each to take()), and rebuilds the state as of its last
// complete iteration. Records after that are left alone: the run matches them when it does that iteration
// again.
class Replay {
 public:
  Replay(const RunPlan& plan, const std::string& folder, RunState& state, RunOutcome& outcome)
      : plan_(plan), folder_(folder), state_(state), outcome_(outcome) {}

  // kInvalidArgument: the run was recorded with other options. kCorrupt: records that do not fit together.
  Result<void> take(const journal::Record& record);
  bool has_header() const { return has_header_; }
  const std::optional<journal::IterationRecord>& last() const { return last_; }

 private:
  Result<void> take_header(const journal::Record& record);
  Result<void> take_iteration(const journal::Record& record);
  Result<void> adopt(const journal::Record& edit);

  const RunPlan& plan_;
  const std::string& folder_;
  RunState& state_;
  RunOutcome& outcome_;
  bool has_header_ = false;
  Result<std::vector<journal::SeenReport>> observed_reports(std::size_t& next);
  std::vector<journal::Record>
      pending_;  // since the last iteration record: foreign edits, reports, their end
  std::optional<journal::IterationRecord> last_;
};

// The first iteration whose ITER_SUMMARY is kept, once `last` is the newest.
std::int64_t oldest_summary(const RunPlan& plan, std::int64_t last);

// The artifacts that speak of the last iteration alone, or of what the run knows after it: name → content.
std::vector<std::pair<std::string, Json>> last_artifacts(const RunPlan& plan, const RunState& state,
                                                         const journal::IterationRecord& record);

// The header's body as this plan would write it.
Json header_body(const RunPlan& plan);

// Adds an iteration to the run's counts.
// `taken_back` as RunState says it.
void count_iteration(const journal::IterationRecord& record, std::int64_t taken_back, RunOutcome& outcome);

}  // namespace soak::loop

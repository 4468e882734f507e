#pragma once
// How a run writes its runtime file, and how it notices that another hand has. Not for use outside this room.

#include <soak/apply.h>
#include <optional>
#include <string>
#include <vector>

#include "loop/iteration.h"

namespace soak::loop {

// Compares the runtime file with what the run last wrote or took over. A difference is journaled with the
// content found, added to `faults`, and the state goes on from it. Where the journal already says what was
// found at this point, the journal counts. kNotFound, kInvalidJson, kInvalidValue: the file is gone, or is no
// runtime any more.
Result<void> notice_foreign_edit(const RunContext& context, std::int64_t iteration,
                                 std::vector<journal::Fault>& faults);

// The fault of an edit that the target's watch saw and that was undone, or followed by another, before
// anybody else looked.
journal::Fault fleeting_edit(std::int64_t iteration, const journal::FileEdit& edit);

// The fault that such an error of notice_foreign_edit() tells of; nothing for an error of the file system.
std::optional<journal::Fault> spoilt_runtime(std::int64_t iteration, const Error& error);

// Applies `deltas` unless a guard holds them, with intent and outcome in the journal. An open intent (a run
// that was killed between the two) is closed by comparing the runtime file's hash with both of its hashes;
// neither: kConflict, and the message says so. kConflict also where the file is not the one that the state
// knows, with nothing journaled.
Result<ApplyResult> deliver(const RunContext& context, std::int64_t iteration, const ParamValues& deltas,
                            const GuardFlags& guards);

// Puts the last known good runtime back, guards or not; as deliver() does it otherwise.
Result<ApplyResult> restore(const RunContext& context, std::int64_t iteration, const Rollback& rollback);

// The body of a `foreign_edit` record, taken apart.
struct ForeignEdit {
  std::int64_t iteration = 0;
  std::string expected_hash;
  std::string state_hash;
  Json runtime;
};
Result<ForeignEdit> foreign_edit_from_json(const Json& body);

}  // namespace soak::loop

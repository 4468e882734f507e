#pragma once
// The apply pipeline over any Store, in the order of include/soak/apply.h. Knows neither files nor the
// journal.

#include <soak/apply.h>
#include <functional>
#include <string>

#include "apply/store.h"

namespace soak::apply {

// What is about to be put in place: what a journal writes before, so that a start after a crash can tell
// whose bytes it finds.
struct Intent {
  std::string old_version;  // the store's version; "absent" where there is nothing
  std::string old_hash;     // state hash as ApplyResult gives it (of "{}" where there is nothing)
  std::string new_hash;     // state hash of the new bytes
  std::vector<std::string> changed_keys;
};

// Called once the new bytes are durable beside the old ones and just before they take their place; an error
// stops the apply with the old bytes in place. May be called again, with another intent, where another writer
// won the race: the last intent counts.
using BeforeCommit = std::function<Result<void>(const Intent&)>;

// A lost race is tried again from the new content at most so often, unless options.expect_hash says which
// content is meant.
inline constexpr int kRaceAttemptsMax = 256;

Result<ApplyResult> apply_to_store(Store& store, const ParamValues& proposed_deltas, const GuardFlags& guards,
                                   const ApplyOptions& options, const Registry& registry,
                                   const BeforeCommit& before_commit = {});

// Puts `runtime` in place whole, whatever the guards say: a rollback. `expect_hash`: the content that it
// takes the place of; another is kConflict. `changed_keys`: the registry's parameters whose value it changes,
// or takes out. The same content: a no-op.
Result<ApplyResult> restore_to_store(Store& store, const Json& runtime, const std::string& expect_hash,
                                     const Registry& registry, const BeforeCommit& before_commit = {});

// The skip reason of the highest guard that is set (freeze > oscillation > velocity > cooldown), or nothing.
std::optional<SkipReason> skip_reason_of(const GuardFlags& guards);

// The fields of ApplyResult under their own names; "dry_run": true where it was one.
Json to_json(const ApplyResult& result);

}  // namespace soak::apply

#pragma once
// One tracked apply: guards, validation, no-op, atomic write, read back.

#include <soak/guards.h>
#include <soak/params.h>
#include <soak/result.h>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace soak {

struct ApplyResult {
  bool applied = false;
  bool no_op = false;
  std::string state_hash;                 // of the file as it stands afterwards (of "{}" where there is none)
  std::string old_hash;                   // of the file before
  std::vector<std::string> changed_keys;  // sorted; only names whose value changed
  ParamValues old_values;                 // of changed_keys; a name that had no value is absent
  ParamValues new_values;                 // of changed_keys, as written
  std::size_t bytes_written = 0;
  std::optional<SkipReason> skip_reason;  // not set when applied
  bool dry_run = false;                   // nothing was written: the other fields say what would have been
};

struct ApplyOptions {
  bool allow_unknown = false;
  bool enforce_bounds = false;
  bool dry_run = false;  // everything but the write; the result says what would have been
  // Another state hash in place: kConflict. Where there is no file, both "absent" and the hash of "{}", which
  // old_hash reports, match.
  std::optional<std::string> expect_hash;
};

// Applies `proposed_deltas` to the runtime file, in this order: read (an unreadable or invalid file is an
// error whatever the guards say), guards (freeze > oscillation > velocity > cooldown), validation, no-op,
// write. On any error but kUnknownOutcome the file's bytes are as before; after kUnknownOutcome the caller
// must re-read. After a no-op, unless of a dry run, what is in place is durable too, whoever wrote it (its
// name not in a folder that may not be read). Where another writer replaces the file between reading and
// writing, the whole apply is done again from the new content, or is a kConflict where expect_hash is set.
// Safe to call from several threads and processes at once.
Result<ApplyResult> apply_deltas_with_tracking(const std::string& runtime_path,
                                               const ParamValues& proposed_deltas,
                                               const GuardFlags& guards = {},
                                               const ApplyOptions& options = {},
                                               const Registry& registry = Registry::builtin());

}  // namespace soak

#pragma once
// One tracked apply: guards, validation, no-op, atomic write, read back.

#include <cstddef>
#include <optional>
#include <soak/guards.h>
#include <soak/params.h>
#include <soak/result.h>
#include <string>
#include <vector>

namespace soak {

struct ApplyResult {
  bool applied = false;
  bool no_op = false;
  std::string state_hash;                 // of the file as it stands afterwards (of "{}" where there is none)
  std::string old_hash;                   // of the file before
  std::vector<std::string> changed_keys;  // sorted; only names whose value changed
  std::size_t bytes_written = 0;
  std::optional<SkipReason> skip_reason;  // not set when applied
};

struct ApplyOptions {
  bool allow_unknown = false;
  bool enforce_bounds = false;
  bool dry_run = false;                    // everything but the write; the result says what would have been
  std::optional<std::string> expect_hash;  // another hash in place: kConflict
};

// Applies `proposed_deltas` to the runtime file, in this order: read (an unreadable or invalid file is an error whatever the guards
// say), guards (freeze > oscillation > velocity > cooldown), validation, no-op, write. On any error but kUnknownOutcome the file's
// bytes are as before; after kUnknownOutcome the caller must re-read.
Result<ApplyResult> apply_deltas_with_tracking(const std::string& runtime_path, const ParamValues& proposed_deltas,
                                               const GuardFlags& guards = {}, const ApplyOptions& options = {},
                                               const Registry& registry = Registry::builtin());

}  // namespace soak

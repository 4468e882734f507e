// One tracked apply, as asked for from outside. The input, with a line "---" between each two: the runtime's
// bytes, the deltas, the guards.

#include <string>
#include <vector>

#include "apply/memory_store.h"
#include "apply/pipeline.h"
#include "cli/input.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

constexpr auto kCodes = {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue,  ErrorCode::kUnknownParameter,
                         ErrorCode::kOutOfBounds, ErrorCode::kLimitExceeded, ErrorCode::kConflict};

// The runtime but for these names, and for sections that nothing else is in.
Json without(Json runtime, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const Parameter* known = Registry::builtin().find(name);
    if (known == nullptr) {
      runtime.erase(name);
    } else if (runtime.contains(known->section)) {
      runtime[known->section].erase(name);
    }
  }
  for (const std::string& name : names) {
    const Parameter* known = Registry::builtin().find(name);
    if (known != nullptr && runtime.contains(known->section) && runtime[known->section].empty())
      runtime.erase(known->section);
  }
  return runtime;
}

void require_applied(const apply::MemoryStore& store, const ApplyResult& result, const ParamValues& deltas,
                     const std::string& before) {
  require(!result.skip_reason, "what is applied was not held");
  require(
      result.state_hash == base::sha256_hex(store.bytes()) && result.bytes_written == store.bytes().size(),
      "the hash and the size are those of the bytes in place");
  const auto runtime = parse_json(store.bytes());
  require(runtime && canonical_json(*runtime) == store.bytes(), "the bytes in place are canonical JSON");
  for (const auto& [name, value] : deltas) {
    const auto found = get_from_runtime(*runtime, name);
    require(found && same_value(*found, value), "what was proposed is in place");
  }
  require(!result.changed_keys.empty(), "an apply changes something");
  const Json rest = without(*runtime, result.changed_keys);
  const Json old = without(*parse_json(before.empty() ? "{}" : before), result.changed_keys);
  require(rest == old, "what the proposal does not name is kept");
}

void require_contract(const std::string& bytes, const ParamValues& deltas, const GuardFlags& guards,
                      const ApplyOptions& options) {
  apply::MemoryStore store = bytes.empty() ? apply::MemoryStore() : apply::MemoryStore(bytes);
  const auto result = apply::apply_to_store(store, deltas, guards, options, Registry::builtin());
  const bool changed = store.bytes() != bytes || store.exists() == bytes.empty();
  if (!result) {
    require_refusal(result.error(), kCodes);
    require(!changed, "a refusal leaves the runtime as it was");
    return;
  }
  require_recordable(apply::to_json(*result), JsonLimits{}.depth_max);
  require(changed == (result->applied && !options.dry_run), "only what is applied is written");
  require(!(guards.any() && result->applied), "a guard that is set holds everything");
  if (result->applied && !options.dry_run) require_applied(store, *result, deltas, bytes);
  if (result->applied) return;
  require(result->skip_reason && result->skip_reason->any() && !result->skip_reason->note.empty(),
          "what is not applied says why");
  require(result->state_hash == result->old_hash, "a hash of what stayed");
}

}  // namespace

bool try_input(std::string_view bytes) {
  auto pieces = pieces_of(bytes, 3);
  pieces.resize(3);
  const auto deltas = cli::read_deltas(put_file("deltas.json", pieces[1].empty() ? "{}" : pieces[1]));
  if (!deltas) require_refusal(deltas.error(), kCodes);
  const auto guards = cli::read_guards(put_file("guards.json", pieces[2].empty() ? "{}" : pieces[2]));
  if (!guards) require_refusal(guards.error(), kCodes);
  if (!deltas || !guards) return false;
  const std::string runtime(pieces[0]);
  ApplyOptions allowing, rehearsing;
  allowing.allow_unknown = true;
  rehearsing.enforce_bounds = rehearsing.dry_run = true;
  for (const GuardFlags& flags : {GuardFlags{}, *guards}) {
    require_contract(runtime, *deltas, flags, {});
    require_contract(runtime, *deltas, flags, allowing);
    require_contract(runtime, *deltas, flags, rehearsing);
  }
  apply::MemoryStore store = runtime.empty() ? apply::MemoryStore() : apply::MemoryStore(runtime);
  return apply::apply_to_store(store, *deltas, {}, {}, Registry::builtin()).has_value();
}

}  // namespace soak::fuzz

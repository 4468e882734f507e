#include "apply/pipeline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/sha256.h"
#include "journal/record_json.h"

namespace soak::apply {
namespace {

constexpr char kEmptyRuntime[] = "{}";

// What was read, and what the rest of the pipeline starts from.
struct Start {
  Loaded loaded;
  Json runtime;
  ApplyResult result;  // nothing done, both hashes those of the bytes read
};

Result<Start> read(Store& store) {
  auto loaded = store.load();
  if (!loaded) return tl::unexpected(loaded.error());
  Start start;
  start.loaded = std::move(*loaded);
  const std::string_view text = start.loaded.exists ? std::string_view(start.loaded.bytes) : kEmptyRuntime;
  auto runtime = parse_json(text, store.name());
  if (!runtime) return tl::unexpected(runtime.error());
  start.runtime = std::move(*runtime);
  start.result.old_hash = start.result.state_hash = base::sha256_hex(text);
  return start;
}

// The runtime with the values in it and the names that this changes.
struct Changed {
  Json runtime;
  std::vector<std::string> keys;
  ParamValues old_values;
  ParamValues new_values;
};

Result<Changed> change(const Json& runtime, const ParamValues& values, const Registry& registry,
                       const std::string& place) {
  if (!runtime.is_object()) {
    return fail(ErrorCode::kInvalidValue,
                "is not a JSON object; a runtime looks like {\"risk\":{\"base_spread_bps\":0.25}}", place);
  }
  Changed changed{runtime, {}, {}, {}};
  for (const auto& [name, value] : values) {
    const auto old = get_from_runtime(runtime, name, registry);
    const bool same = old && same_value(*old, value);
    if (!same) {
      changed.keys.push_back(name);
      changed.new_values.emplace(name, value);
      if (old) changed.old_values.emplace(name, *old);
    }
    // Setting a value that is already there still proves that its section is one; the old spelling (60.0)
    // stays.
    if (auto set = set_in_runtime(changed.runtime, name, same ? *old : value, registry); !set)
      return tl::unexpected(set.error());
  }
  return changed;
}

Result<void> check_expected(const ApplyOptions& options, const Start& start, const std::string& place) {
  if (!options.expect_hash) return {};
  const std::string& expected = *options.expect_hash;
  if (expected == start.loaded.version || expected == start.result.old_hash) return {};
  return fail(ErrorCode::kConflict,
              "is not the expected version: expected " + expected + ", found " +
                  (start.loaded.exists ? start.result.old_hash : "no file") +
                  "; read it again and decide anew",
              place);
}

ApplyResult skipped(ApplyResult result, SkipReason reason) {
  result.no_op = reason.no_op;
  result.skip_reason = std::move(reason);
  return result;
}

// The last step: the changed runtime takes the place of what was read.
Result<ApplyResult> commit(Store& store, Start start, Changed changed, bool dry_run,
                           const BeforeCommit& before_commit) {
  ApplyResult result = std::move(start.result);
  const std::string bytes = canonical_json(changed.runtime);
  result.dry_run = dry_run;
  result.state_hash = base::sha256_hex(bytes);
  result.bytes_written = bytes.size();
  result.changed_keys = std::move(changed.keys);
  result.old_values = std::move(changed.old_values);
  result.new_values = std::move(changed.new_values);
  result.applied = true;
  if (dry_run) return result;
  Store::BeforeCommit hook;
  if (before_commit) {
    hook = [&] {
      return before_commit(
          Intent{start.loaded.version, result.old_hash, result.state_hash, result.changed_keys});
    };
  }
  if (auto replaced = store.replace(start.loaded.version, bytes, hook); !replaced)
    return tl::unexpected(replaced.error());
  return result;
}

// "Nothing to do" vouches for what is in place, as "applied" does.
Result<ApplyResult> no_op(Store& store, Start start, bool dry_run) {
  if (start.loaded.exists && !dry_run) {
    if (auto durable = store.make_durable(); !durable) return tl::unexpected(durable.error());
  }
  start.result.dry_run = dry_run;
  SkipReason reason;
  reason.no_op = true;
  reason.note = "no effective change";
  return skipped(std::move(start.result), std::move(reason));
}

// One pass over what is in place now. kConflict from the store: somebody else was faster.
Result<ApplyResult> attempt(Store& store, const ParamValues& proposed_deltas, const GuardFlags& guards,
                            const ApplyOptions& options, const Registry& registry,
                            const BeforeCommit& before_commit, bool& lost_race) {
  lost_race = false;
  auto start = read(store);
  if (!start) return tl::unexpected(start.error());
  if (auto held = skip_reason_of(guards)) return skipped(std::move(start->result), std::move(*held));
  auto values = validate_deltas(proposed_deltas, registry, {options.allow_unknown, options.enforce_bounds});
  if (!values) return tl::unexpected(values.error());
  auto changed = change(start->runtime, *values, registry, store.name());
  if (!changed) return tl::unexpected(changed.error());
  if (auto expected = check_expected(options, *start, store.name()); !expected)
    return tl::unexpected(expected.error());
  if (changed->keys.empty()) return no_op(store, std::move(*start), options.dry_run);
  auto result = commit(store, std::move(*start), std::move(*changed), options.dry_run, before_commit);
  lost_race = !result && result.error().code == ErrorCode::kConflict;
  return result;
}

// From what stands there to the runtime that is to stand there.
Changed difference(const Json& from, const Json& to, const Registry& registry) {
  Changed changed{to, {}, get_all_params(from, registry), get_all_params(to, registry)};
  const auto drop_same = [&](const std::string& name) {
    const auto old = changed.old_values.find(name);
    const auto now = changed.new_values.find(name);
    const bool same = old != changed.old_values.end() && now != changed.new_values.end() &&
                      same_value(old->second, now->second);
    if (!same) return changed.keys.push_back(name);
    changed.old_values.erase(old);
    changed.new_values.erase(now);
  };
  std::set<std::string> names;
  for (const auto& [name, value] : changed.old_values) names.insert(name);
  for (const auto& [name, value] : changed.new_values) names.insert(name);
  std::for_each(names.begin(), names.end(), drop_same);
  return changed;
}

}  // namespace

std::optional<SkipReason> skip_reason_of(const GuardFlags& guards) {
  SkipReason reason;
  if (guards.freeze_triggered) {
    reason.freeze = true;
    reason.note = "freeze guard active";
  } else if (guards.oscillation_detected) {
    reason.oscillation = true;
    reason.note = "oscillation detected";
  } else if (guards.velocity_violation) {
    reason.velocity = true;
    reason.note = "velocity cap exceeded";
  } else if (guards.cooldown_active) {
    reason.cooldown = true;
    const auto& left = guards.cooldown_iters_left;
    reason.note = "cooldown " + (left ? std::to_string(*left) : std::string("N")) + " iters left";
  } else {
    return std::nullopt;
  }
  return reason;
}

Result<ApplyResult> apply_to_store(Store& store, const ParamValues& proposed_deltas, const GuardFlags& guards,
                                   const ApplyOptions& options, const Registry& registry,
                                   const BeforeCommit& before_commit) {
  bool lost_race = false;
  for (int tries = 1;; ++tries) {
    auto result = attempt(store, proposed_deltas, guards, options, registry, before_commit, lost_race);
    if (result || !lost_race || options.expect_hash || tries >= kRaceAttemptsMax) return result;
  }
}

Result<ApplyResult> restore_to_store(Store& store, const Json& runtime, const std::string& expect_hash,
                                     const Registry& registry, const BeforeCommit& before_commit) {
  auto start = read(store);
  if (!start) return tl::unexpected(start.error());
  ApplyOptions options;
  options.expect_hash = expect_hash;
  if (auto expected = check_expected(options, *start, store.name()); !expected)
    return tl::unexpected(expected.error());
  if (start->runtime == runtime) return no_op(store, std::move(*start), false);
  Changed changed = difference(start->runtime, runtime, registry);
  return commit(store, std::move(*start), std::move(changed), false, before_commit);
}

Json to_json(const ApplyResult& result) {
  Json json = {{"applied", result.applied},
               {"no_op", result.no_op},
               {"state_hash", result.state_hash},
               {"old_hash", result.old_hash},
               {"changed_keys", result.changed_keys},
               {"bytes_written", result.bytes_written},
               {"skip_reason", journal::skip_reason_to_json(result.skip_reason)}};
  if (result.dry_run) json["dry_run"] = true;
  return json;
}

}  // namespace soak::apply

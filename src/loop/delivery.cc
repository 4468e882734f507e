#include "loop/delivery.h"

#include <fmt/format.h>

#include "apply/pipeline.h"
#include "base/sha256.h"
#include "journal/record_json.h"

namespace soak::loop {
namespace {

using journal::Durability;
using journal::Record;
using journal::RecordType;

struct Current {
  std::string hash;
  std::string bytes;
  std::string version;  // the store's
};

Result<Current> load_runtime(const RunTools& tools) {
  auto loaded = tools.store->load();
  if (!loaded) return tl::unexpected(loaded.error());
  if (!loaded->exists) {
    return fail(ErrorCode::kNotFound,
                "another hand has removed the runtime file; put it back, then go on with --resume",
                tools.store->name());
  }
  return Current{base::sha256_hex(loaded->bytes), std::move(loaded->bytes), std::move(loaded->version)};
}

// " (tail_age_ms 400 -> 900, base_spread_bps 0.3 -> none)": the parameters that an edit changed, the first
// few.
std::string changes_text(const Json& from, const Json& to, const Registry& registry) {
  constexpr std::size_t kShownMax = 5;
  const ParamValues old_values = get_all_params(from, registry);
  const ParamValues new_values = get_all_params(to, registry);
  std::vector<std::string> changes;
  for (const Parameter& parameter : registry.all()) {
    const auto old = old_values.find(parameter.name);
    const auto now = new_values.find(parameter.name);
    const auto text = [](const auto& found, const ParamValues& values) {
      return found == values.end() ? std::string("none") : canonical_json(found->second);
    };
    const std::string before = text(old, old_values);
    const std::string after = text(now, new_values);
    if (before != after) changes.push_back(fmt::format("{} {} -> {}", parameter.name, before, after));
  }
  if (changes.empty()) return " (no parameter)";
  if (changes.size() > kShownMax) {
    changes.resize(kShownMax);
    changes.emplace_back("...");
  }
  return fmt::format(" ({})", fmt::join(changes, ", "));
}

journal::Fault fault_of(const ForeignEdit& edit, const Json& before, const Registry& registry) {
  return {edit.iteration, "foreign_edit", "",
          fmt::format("the runtime file was changed by another hand: {:.12} was in place, {:.12} was found{}",
                      edit.expected_hash, edit.state_hash, changes_text(before, edit.runtime, registry))};
}

Json to_json(const ForeignEdit& edit) {
  return {{"iteration", edit.iteration},
          {"expected_hash", edit.expected_hash},
          {"state_hash", edit.state_hash},
          {"runtime", edit.runtime}};
}

Result<std::optional<ForeignEdit>> look_for_edit(const RunContext& context, std::int64_t iteration) {
  auto current = load_runtime(context.tools);
  if (!current) return tl::unexpected(current.error());
  if (current->hash == context.state.runtime_hash()) return std::nullopt;
  auto runtime = parse_json(current->bytes, context.tools.store->name());
  if (!runtime) {
    Error error = runtime.error();
    error.message += " (another hand has changed it; put it right, then go on with --resume)";
    return tl::unexpected(std::move(error));
  }
  if (!runtime->is_object()) {
    return fail(ErrorCode::kInvalidValue, "another hand has changed it, and it is not a JSON object any more",
                context.tools.store->name());
  }
  return ForeignEdit{iteration, context.state.runtime_hash(), current->hash, std::move(*runtime)};
}

// The intent of an apply, as journaled. `state_hash` and `old_hash` have the names that the outcome and the
// summary give them.
struct JournaledIntent {
  std::string old_hash;
  std::string state_hash;
};

Result<JournaledIntent> intent_from_json(const Record& record) {
  const Json& body = record.body;
  const bool whole = body.is_object() && body.contains("old_hash") && body["old_hash"].is_string() &&
                     body.contains("state_hash") && body["state_hash"].is_string();
  if (!whole)
    return fail(ErrorCode::kCorrupt, fmt::format("line {}: an apply_intent lacks its hashes", record.line),
                journal::kJournalName);
  return JournaledIntent{body["old_hash"].get<std::string>(), body["state_hash"].get<std::string>()};
}

// Journaled writes of the runtime file: the deltas of a tuner, or the whole runtime of a rollback.
class Delivery {
 public:
  Delivery(const RunContext& context, std::int64_t iteration, const ParamValues& deltas,
           const Json* whole = nullptr)
      : context_(context), tools_(context.tools), iteration_(iteration), deltas_(deltas), whole_(whole) {}

  Result<ApplyResult> run(const GuardFlags& guards) {
    auto finished = finish_open_intent();
    if (!finished) return tl::unexpected(finished.error());
    if (*finished) return **finished;
    if (auto step = before_step(tools_, "apply"); !step) return tl::unexpected(step.error());
    auto result = write(guards);
    if (!result || !result->applied) return result;
    if (auto written = write_outcome(*result); !written) return tl::unexpected(written.error());
    return result;
  }

 private:
  const char* origin() const { return whole_ == nullptr ? journal::kOriginTuner : journal::kOriginRollback; }

  Result<ApplyResult> write(const GuardFlags& guards) {
    const auto before_commit = [&](const apply::Intent& intent) { return write_intent(intent); };
    const Registry& registry = *context_.plan.registry;
    const std::string& expected = context_.state.runtime_hash();
    if (whole_ != nullptr)
      return apply::restore_to_store(*tools_.store, *whole_, expected, registry, before_commit);
    ApplyOptions options;
    options.expect_hash = expected;
    return apply::apply_to_store(*tools_.store, deltas_, guards, options, registry, before_commit);
  }

  Result<void> write_intent(const apply::Intent& intent) {
    Json body = {{"iteration", iteration_},
                 {"origin", origin()},
                 {"old_hash", intent.old_hash},
                 {"state_hash", intent.new_hash},
                 {"changed_keys", intent.changed_keys},
                 {"proposed_deltas", deltas_}};
    if (whole_ != nullptr) body["runtime"] = *whole_;
    if (auto step = before_step(tools_, "apply_intent"); !step) return step;
    if (auto put = context_.journal.append(RecordType::kApplyIntent, body, Durability::kNow); !put)
      return put;
    return before_step(tools_, "rename");
  }

  Result<void> write_outcome(const ApplyResult& result) {
    const Json body = {{"iteration", iteration_},
                       {"origin", origin()},
                       {"applied", true},
                       {"old_hash", result.old_hash},
                       {"state_hash", result.state_hash},
                       {"changed_keys", result.changed_keys},
                       {"bytes_written", result.bytes_written}};
    if (auto step = before_step(tools_, "apply_outcome"); !step) return step;
    return context_.journal.append(RecordType::kApplyOutcome, body, Durability::kLater);
  }

  // Nothing where there is no open intent, or where its rename never happened: then the apply is done as if
  // for the first time.
  Result<std::optional<ApplyResult>> finish_open_intent() {
    const Record* record = context_.journal.unmatched();
    if (record == nullptr || record->type != RecordType::kApplyIntent) return std::nullopt;
    const auto intent = intent_from_json(*record);
    if (!intent) return tl::unexpected(intent.error());
    const bool closed =
        context_.journal.unmatched(1) != nullptr;  // its outcome is known: the file may have moved on since
    if (!closed) {
      auto current = load_runtime(tools_);
      if (!current) return tl::unexpected(current.error());
      if (current->hash == intent->old_hash) return std::nullopt;
      if (current->hash != intent->state_hash)
        return tl::unexpected(foreign_at_open_intent(*intent, current->hash));
      // The rename happened, but nobody saw it made durable: the same bytes once more, by the whole protocol.
      if (auto again = rewrite(*current); !again) return tl::unexpected(again.error());
    }
    return take_intent_as_done(*record, *intent);
  }

  Error foreign_at_open_intent(const JournaledIntent& intent, const std::string& found) const {
    return Error{ErrorCode::kConflict,
                 fmt::format("foreign edit: the run was broken off between {:.12} and {:.12}, and the file "
                             "is now {:.12}, which is neither; "
                             "put one of the two back, then go on with --resume",
                             intent.old_hash, intent.state_hash, found),
                 tools_.store->name(),
                 {}};
  }

  Result<void> rewrite(const Current& current) {
    auto replaced = tools_.store->replace(current.version, current.bytes, {});
    if (!replaced) return tl::unexpected(replaced.error());
    return {};
  }

  Result<std::optional<ApplyResult>> take_intent_as_done(const Record& record,
                                                         const JournaledIntent& intent) {
    ApplyResult result;
    result.applied = true;
    result.old_hash = intent.old_hash;
    result.state_hash = intent.state_hash;
    for (const Json& key : record.body.value("changed_keys", Json::array())) {
      if (key.is_string()) result.changed_keys.push_back(key.get<std::string>());
    }
    auto runtime = whole_ != nullptr ? Result<Json>(*whole_)
                                     : changed_runtime(context_.state.runtime(), deltas_, result.changed_keys,
                                                       *context_.plan.registry);
    if (!runtime) return tl::unexpected(runtime.error());
    result.bytes_written = canonical_json(*runtime).size();
    const apply::Intent again{{}, result.old_hash, compute_json_hash(*runtime), result.changed_keys};
    if (auto matched = write_intent(again); !matched) return tl::unexpected(matched.error());
    if (auto written = write_outcome(result); !written) return tl::unexpected(written.error());
    return std::optional<ApplyResult>(std::move(result));
  }

  const RunContext& context_;
  const RunTools& tools_;
  std::int64_t iteration_;
  const ParamValues& deltas_;
  const Json* whole_;  // the runtime to put in place; nullptr: the one there, with the deltas
};

}  // namespace

journal::Fault fleeting_edit(std::int64_t iteration, const journal::FileEdit& edit) {
  return {iteration, "foreign_edit", "",
          edit.state_hash.empty()
              ? fmt::format("the runtime file was taken away by another hand at {}", edit.seen_utc)
              : fmt::format("the runtime file was changed by another hand at {}, to {:.12}", edit.seen_utc,
                            edit.state_hash)};
}

std::optional<journal::Fault> spoilt_runtime(std::int64_t iteration, const Error& error) {
  const bool gone = error.code == ErrorCode::kNotFound;
  const bool spoilt = gone || error.code == ErrorCode::kInvalidJson ||
                      error.code == ErrorCode::kInvalidValue || error.code == ErrorCode::kLimitExceeded;
  if (!spoilt) return std::nullopt;
  return journal::Fault{iteration, "foreign_edit", "",
                        gone ? "the runtime file was taken away by another hand"
                             : "the runtime file was changed by another hand, and is no runtime any more"};
}

Result<ForeignEdit> foreign_edit_from_json(const Json& body) {
  ForeignEdit edit;
  const auto text = [&](const char* name) { return body.contains(name) && body[name].is_string(); };
  const bool whole = body.is_object() && body.contains("iteration") &&
                     body["iteration"].is_number_integer() && text("expected_hash") && text("state_hash") &&
                     body.contains("runtime") && body["runtime"].is_object();
  if (!whole)
    return fail(ErrorCode::kCorrupt, "a foreign_edit record lacks iteration, hashes or runtime",
                journal::kJournalName);
  edit.iteration = body["iteration"].get<std::int64_t>();
  edit.expected_hash = body["expected_hash"].get<std::string>();
  edit.state_hash = body["state_hash"].get<std::string>();
  edit.runtime = body["runtime"];
  return edit;
}

Result<void> notice_foreign_edit(const RunContext& context, std::int64_t iteration,
                                 std::vector<journal::Fault>& faults) {
  std::optional<ForeignEdit> edit;
  if (const Record* record = context.journal.unmatched()) {
    if (record->type != RecordType::kForeignEdit) return {};  // the broken-off run saw none here
    auto found = foreign_edit_from_json(record->body);
    if (!found) return tl::unexpected(found.error());
    edit = std::move(*found);
  } else {
    auto found = look_for_edit(context, iteration);
    if (!found) return tl::unexpected(found.error());
    edit = std::move(*found);
  }
  if (!edit) return {};
  if (auto step = before_step(context.tools, "foreign_edit"); !step) return step;
  if (auto put = context.journal.append(RecordType::kForeignEdit, to_json(*edit), Durability::kNow); !put)
    return put;
  faults.push_back(fault_of(*edit, context.state.runtime(), *context.plan.registry));
  context.state.adopt(edit->runtime, edit->state_hash);
  return {};
}

Result<ApplyResult> deliver(const RunContext& context, std::int64_t iteration, const ParamValues& deltas,
                            const GuardFlags& guards) {
  return Delivery(context, iteration, deltas).run(guards);
}

Result<ApplyResult> restore(const RunContext& context, std::int64_t iteration, const Rollback& rollback) {
  return Delivery(context, iteration, rollback.restored, &rollback.runtime).run({});
}

}  // namespace soak::loop

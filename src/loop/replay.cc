#include "loop/replay.h"

#include <fmt/format.h>

#include "journal/record_json.h"
#include "loop/delivery.h"

namespace soak::loop {
namespace {

using journal::Record;
using journal::RecordType;

std::string shown(const Json& options, const std::string& name) {
  return options.contains(name) ? canonical_json(options[name]) : std::string("nothing");
}

// The first option, in order of name, that is not the same in both; nothing where all are.
std::optional<std::string> first_difference(const Json& recorded, const Json& wanted) {
  Json all = recorded;
  all.update(wanted);
  for (const auto& [name, value] : all.items()) {
    if (shown(recorded, name) != shown(wanted, name)) return name;
  }
  return std::nullopt;
}

Error bad(const Record& record, const std::string& what) {
  return Error{ErrorCode::kCorrupt, fmt::format("line {}: {}", record.line, what), journal::kJournalName, {}};
}

}  // namespace

Json header_body(const RunPlan& plan) {
  journal::RunHeader header = plan.header;
  header.started_utc = base::format_utc(plan.start);
  Json body = journal::header_to_json(header);
  body["runtime"] = plan.start_runtime;
  body["runtime_hash"] = compute_json_hash(plan.start_runtime);
  body["registry"] = plan.registry_source;
  body["profile"] = plan.profile_source;
  return body;
}

void count_iteration(const journal::IterationRecord& record, RunOutcome& outcome) {
  ++outcome.iterations;
  if (!record.tuning.proposed_deltas.empty()) {
    ++outcome.proposed;
    ++(record.tuning.applied ? outcome.applied : outcome.held);
  }
  outcome.faults += static_cast<std::int64_t>(record.target.faults.size());
  if (record.kpi_verdict == "PASS") ++outcome.passed;
}

Result<void> Replay::take(const Record& record) {
  if (record.type == RecordType::kRunHeader) return take_header(record);
  if (record.type == RecordType::kIteration) return take_iteration(record);
  if (record.type == RecordType::kForeignEdit) pending_.push_back(record);
  if (record.type == RecordType::kReport) {  // of the reports only the last is needed
    std::erase_if(pending_, [](const Record& other) { return other.type == RecordType::kReport; });
    pending_.push_back(record);
  }
  return {};
}

Result<void> Replay::take_header(const Record& record) {
  auto header = journal::header_from_json(record.body);
  if (!header) return tl::unexpected(bad(record, header.error().message));
  if (const auto name = first_difference(header->options, plan_.header.options)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("this run was recorded with {} = {}, not {}; resume it with the options that it "
                            "began with, or start another "
                            "with --overwrite or another --out",
                            *name, shown(header->options, *name), shown(plan_.header.options, *name)),
                tools_.folder);
  }
  const auto start = parse_utc(header->started_utc);
  if (!start || *start != plan_.start)
    return tl::unexpected(bad(record, "started_utc is not where this run's clock begins"));
  has_header_ = true;
  state_.start(plan_.start_runtime);
  return {};
}

// The calls are those of a live iteration, in their order.
Result<void> Replay::take_iteration(const Record& record) {
  auto iteration = journal::iteration_from_json(record.body);
  if (!iteration) return tl::unexpected(bad(record, iteration.error().message));
  if (iteration->iteration != state_.iteration() + 1) {
    return tl::unexpected(bad(record, fmt::format("iteration {} stands where {} belongs",
                                                  iteration->iteration, state_.iteration() + 1)));
  }
  const auto end = parse_utc(iteration->summary.runtime_utc);
  if (!end) return tl::unexpected(bad(record, "runtime_utc is not a time"));
  Json report;
  for (const Record& before : pending_) {
    if (before.type == RecordType::kReport) report = before.body.value("report", Json());
    if (before.type != RecordType::kForeignEdit) continue;
    const auto edit = foreign_edit_from_json(before.body);
    if (!edit) return tl::unexpected(edit.error());
    state_.adopt(edit->runtime, edit->state_hash);
  }
  pending_.clear();
  static_cast<void>(state_.fill_kpis(iteration->summary.kpis));
  state_.observe(*iteration, *end, report);
  if (auto concluded = state_.conclude(*iteration); !concluded) return concluded;
  count_iteration(*iteration, outcome_);
  ++outcome_.replayed;
  last_ = std::move(*iteration);
  return journal::write_iteration_summary(tools_.folder, *last_);
}

}  // namespace soak::loop

#include "loop/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/record_json.h"
#include "journal/write_artifacts.h"
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

const char* word(analyze::Direction direction) {
  return direction == analyze::Direction::kAtMost ? "at_most" : "at_least";
}

// KPI_GATE.json of one iteration. The KPIs as judged: with what the profile's `hold` policy filled in.
Json kpi_gate(const RunPlan& plan, const journal::IterationRecord& record, const journal::Kpis& judged) {
  Json kpis = Json::object();
  for (const analyze::KpiVerdict& verdict :
       analyze::judge_iteration(*plan.profile, record.iteration, judged)) {
    kpis[verdict.kpi] = {{"value", verdict.value ? Json(*verdict.value) : Json()},
                         {"threshold", verdict.threshold},
                         {"direction", word(verdict.direction)},
                         {"passed", verdict.passed}};
  }
  return {{"iteration", record.iteration},
          {"profile", plan.profile->name},
          {"verdict", record.kpi_verdict},
          {"kpis", kpis}};
}

}  // namespace

std::vector<std::pair<std::string, Json>> last_artifacts(const RunPlan& plan, const RunState& state,
                                                         const journal::IterationRecord& record) {
  std::vector<std::pair<std::string, Json>> artifacts;
  if (state.last_report().is_object()) artifacts.emplace_back(journal::kEdgeReportName, state.last_report());
  artifacts.emplace_back(journal::kLastGoodName, journal::last_good(state.last_good().runtime()));
  artifacts.emplace_back(journal::kKpiGateName, kpi_gate(plan, record, state.judged_kpis()));
  return artifacts;
}

std::int64_t oldest_summary(const RunPlan& plan, std::int64_t last) {
  return std::max<std::int64_t>(1, last - plan.summaries_kept + 1);
}

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

void count_iteration(const journal::IterationRecord& record, std::int64_t taken_back, RunOutcome& outcome) {
  ++outcome.iterations;
  if (record.tuning.origin == journal::kOriginRollback) {
    ++outcome.rolled_back;
  } else if (!record.tuning.proposed_deltas.empty()) {
    ++outcome.proposed;
    ++(record.tuning.applied ? outcome.applied : outcome.held);
  }
  outcome.faults += static_cast<std::int64_t>(record.target.faults.size()) - taken_back;
  if (record.kpi_verdict == "PASS") ++outcome.passed;
}

Result<void> Replay::take(const Record& record) {
  if (record.type == RecordType::kRunHeader) return take_header(record);
  if (record.type == RecordType::kIteration) return take_iteration(record);
  if (record.type == RecordType::kForeignEdit || record.type == RecordType::kReport ||
      record.type == RecordType::kObserved)
    pending_.push_back(record);
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
                folder_);
  }
  const auto start = parse_utc(header->started_utc);
  if (!start || (*start != plan_.start && !plan_.real_clock))
    return tl::unexpected(bad(record, "started_utc is not where this run's clock begins"));
  has_header_ = true;
  outcome_.run_id = header->run_id;
  state_.start(plan_.start_runtime);
  return {};
}

Result<void> Replay::adopt(const Record& edit) {
  const auto found = foreign_edit_from_json(edit.body);
  if (!found) return tl::unexpected(bad(edit, found.error().message));
  state_.adopt(found->runtime, found->state_hash);
  return {};
}

// Up to the record that ends them; `next` is that one's place. An edit before the reports was there for the
// target to follow; one after them came as it was decided.
Result<std::vector<journal::SeenReport>> Replay::observed_reports(std::size_t& next) {
  std::vector<journal::SeenReport> reports;
  for (; next < pending_.size() && pending_[next].type != RecordType::kObserved; ++next) {
    const Record& record = pending_[next];
    if (record.type == RecordType::kForeignEdit) {
      if (auto adopted = adopt(record); !adopted) return tl::unexpected(adopted.error());
      continue;
    }
    auto report = journal::report_from_json(record.body);
    if (!report) return tl::unexpected(bad(record, report.error().message));
    reports.push_back(std::move(*report));
  }
  if (next == pending_.size()) return reports;
  const auto observed = journal::observed_from_json(pending_[next].body);
  if (!observed) return tl::unexpected(bad(pending_[next], observed.error().message));
  const auto discarded = std::min(static_cast<std::size_t>(observed->discarded), reports.size());
  reports.erase(reports.begin(), reports.begin() + static_cast<std::ptrdiff_t>(discarded));
  if (observed->started) state_.target_started();
  return reports;
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
  std::size_t next = 0;
  auto reports = observed_reports(next);
  if (!reports) return tl::unexpected(reports.error());
  static_cast<void>(state_.take_reports(std::move(*reports)));
  static_cast<void>(state_.fill_kpis(iteration->summary.kpis));
  state_.observe(*iteration, *end);
  for (; next < pending_.size(); ++next) {
    if (pending_[next].type != RecordType::kForeignEdit) continue;
    if (auto adopted = adopt(pending_[next]); !adopted) return adopted;
  }
  pending_.clear();
  if (auto concluded = state_.conclude(*iteration); !concluded) return concluded;
  count_iteration(*iteration, state_.taken_back(), outcome_);
  ++outcome_.replayed;
  last_ = std::move(*iteration);
  return {};
}

}  // namespace soak::loop

#include "loop/iteration.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apply/pipeline.h"
#include "base/sha256.h"
#include "guards/guards.h"
#include "journal/record_json.h"
#include "loop/delivery.h"
#include "verify/faults.h"

namespace soak::loop {
namespace {

using journal::Durability;
using journal::RecordType;

// What the target did in one iteration, from the run or, where it was broken off later, from the journal.
struct Observed {
  std::vector<journal::SeenReport> reports;
  std::vector<journal::Fault> faults;
  bool ended = false;
};

class Iteration {
 public:
  explicit Iteration(const RunContext& context)
      : context_(context),
        plan_(context.plan),
        tools_(context.tools),
        state_(context.state),
        number_(context.state.iteration() + 1) {}

  Result<IterationResult> run() {
    if (auto noticed = notice_foreign_edit(context_, number_, faults_); !noticed)
      return tl::unexpected(noticed.error());
    verify::DeliveryView view = state_.view_of_delivery(number_);
    auto observed = observe_target();
    if (!observed) return tl::unexpected(observed.error());
    summarise(*observed, view);
    state_.observe(record_, end_time());
    const bool last = number_ >= plan_.header.iterations;
    const char* no_proposal = observed->ended ? "the target has ended: nothing is proposed"
                              : last          ? "last iteration: nothing is proposed"
                                              : nullptr;
    if (auto decided = decide(no_proposal); !decided) return tl::unexpected(decided.error());
    record_.target.faults.insert(record_.target.faults.end(), faults_.begin(), faults_.end());
    if (auto done = append(RecordType::kIteration, journal::iteration_to_json(record_), Durability::kNow);
        !done) {
      return tl::unexpected(done.error());
    }
    if (auto concluded = state_.conclude(record_); !concluded) return tl::unexpected(concluded.error());
    return IterationResult{std::move(record_), observed->ended};
  }

 private:
  base::UtcTime start_time() const { return plan_.start + (number_ - 1) * plan_.iteration_length; }
  base::UtcTime end_time() const { return start_time() + plan_.iteration_length; }

  Result<void> append(RecordType type, const Json& body, Durability durability) {
    if (auto step = before_step(tools_, journal::record_type_name(type)); !step) return step;
    return context_.journal.append(type, body, durability);
  }

  // The reports of an iteration that the journal calls complete are not asked for again: the runtime file may
  // have moved on since.
  Result<std::optional<Observed>> observed_before() {
    std::size_t count = 0;
    while (const journal::Record* record = context_.journal.unmatched(count)) {
      if (record->type != RecordType::kReport) break;
      ++count;
    }
    const journal::Record* end = context_.journal.unmatched(count);
    if (end == nullptr || end->type != RecordType::kObserved) return std::nullopt;
    Observed observed;
    for (std::size_t i = 0; i < count; ++i) {
      auto report = journal::report_from_json(context_.journal.unmatched(i)->body);
      if (!report) return tl::unexpected(report.error());
      observed.reports.push_back(std::move(*report));
    }
    auto faults = journal::faults_from_json(end->body.value("faults", Json::array()));
    if (!faults) return tl::unexpected(faults.error());
    observed.faults = std::move(*faults);
    observed.ended = end->body.value("ended", false);
    return observed;
  }

  Result<Observed> observe_target() {
    auto before = observed_before();
    if (!before) return tl::unexpected(before.error());
    Observed observed;
    if (*before) {
      observed = std::move(**before);
    } else {
      if (auto step = before_step(tools_, "target"); !step) return tl::unexpected(step.error());
      auto outcome = tools_.target->run_iteration(
          {number_, tools_.runtime_path, start_time(), plan_.iteration_length, plan_.settle});
      if (!outcome) return tl::unexpected(outcome.error());
      observed = {std::move(outcome->reports), std::move(outcome->faults), outcome->ended};
    }
    for (const journal::SeenReport& report : observed.reports) {
      if (auto put = append(RecordType::kReport, journal::report_to_json(report), Durability::kLater); !put)
        return tl::unexpected(put.error());
    }
    const Json end = {{"iteration", number_},
                      {"reports", observed.reports.size()},
                      {"ended", observed.ended},
                      {"faults", journal::faults_to_json(observed.faults)}};
    if (auto put = append(RecordType::kObserved, end, Durability::kLater); !put)
      return tl::unexpected(put.error());
    return observed;
  }

  void summarise(const Observed& observed, verify::DeliveryView& view) {
    record_.iteration = number_;
    record_.summary.runtime_utc = base::format_utc(end_time());
    if (!observed.reports.empty()) take_report(observed.reports.back().report);
    const auto verdicts =
        analyze::judge_iteration(*plan_.profile, number_, state_.fill_kpis(record_.summary.kpis));
    record_.kpi_verdict = analyze::passes(*plan_.profile, verdicts) ? "PASS" : "FAIL";
    view.reports = state_.take_reports(observed.reports);
    view.target_ended = observed.ended;
    record_.target.faults = verify::find_faults(view, *plan_.registry);
    for (const journal::Fault& fault : observed.faults) {
      const bool known = std::any_of(record_.target.faults.begin(), record_.target.faults.end(),
                                     [&](const journal::Fault& other) {
                                       return other.kind == fault.kind && other.parameter == fault.parameter;
                                     });
      if (!known) record_.target.faults.push_back(fault);
    }
  }

  void take_report(const Json& report) {
    record_.summary.kpis =
        analyze::kpis_of_report(*plan_.profile, report, &record_.summary.maker_taker_source);
    const auto effective = journal::effective_of(report, *plan_.registry);
    if (!effective) return;
    record_.runtime_overrides = nest_params(effective->params, *plan_.registry);
    record_.summary.state_hash = journal::signature_of(record_.runtime_overrides);
    record_.target.instance_id = effective->instance_id;
    record_.target.effective_hash = effective->state_hash;
    if (effective->float32) record_.target.precision = "float32";
  }

  // Proposes and applies. Where another hand changes the runtime file between the two, what was decided rests
  // on values that are gone: it is noticed, and decided anew.
  Result<void> decide(const char* no_proposal) {
    constexpr int kRacesMax = 8;
    for (int race = 0;; ++race) {
      if (auto noticed = notice_foreign_edit(context_, number_, faults_); !noticed) return noticed;
      const tuner::Proposal proposal =
          no_proposal != nullptr ? tuner::Proposal{{}, no_proposal, {}, {}} : propose();
      record_.tuning = {};
      record_.tuning.proposed_deltas = proposal.proposed_deltas;
      record_.tuning.rationale = proposal.rationale;
      record_.tuning.conditions = proposal.conditions;
      record_.tuning.neg_edge_drivers =
          proposal.neg_edge_drivers.empty() ? reported_drivers() : proposal.neg_edge_drivers;
      record_.tuning.guards = guards::evaluate(state_.history(), proposal.proposed_deltas,
                                               state_.guard_settings(), *plan_.registry);
      record_.tuning.state_hash = record_.tuning.old_hash = state_.runtime_hash();
      if (proposal.proposed_deltas.empty()) return {};
      auto result = deliver(context_, number_, proposal.proposed_deltas, record_.tuning.guards);
      if (!result && result.error().code == ErrorCode::kConflict && race < kRacesMax &&
          context_.journal.unmatched() == nullptr)
        continue;
      if (!result) return tl::unexpected(result.error());
      record_.tuning.applied = result->applied;
      record_.tuning.skip_reason = result->skip_reason;
      record_.tuning.changed_keys = result->changed_keys;
      record_.tuning.state_hash = result->state_hash;
      record_.tuning.old_hash = result->old_hash;
      return {};
    }
  }

  tuner::Proposal propose() const {
    tuner::TunerInput input;
    input.iteration = number_;
    input.registry = plan_.registry;
    input.history = &state_.history();
    input.guard_settings = state_.guard_settings();
    input.current = state_.values();
    input.recent = state_.recent();
    if (state_.last_report().is_object()) input.totals = state_.last_report().value("totals", Json());
    input.pinned = plan_.pinned;
    return tools_.tuner->propose(input);
  }

  std::vector<std::string> reported_drivers() const {
    std::vector<std::string> drivers;
    if (!state_.last_report().is_object()) return drivers;
    const Json totals = state_.last_report().value("totals", Json());
    if (!totals.is_object() || !totals.contains("neg_edge_drivers") || !totals["neg_edge_drivers"].is_array())
      return drivers;
    for (const Json& driver : totals["neg_edge_drivers"]) {
      if (driver.is_string()) drivers.push_back(driver.get<std::string>());
    }
    return drivers;
  }

  const RunContext& context_;
  const RunPlan& plan_;
  const RunTools& tools_;
  RunState& state_;
  std::int64_t number_;
  journal::IterationRecord record_;
  std::vector<journal::Fault> faults_;  // foreign edits
};

}  // namespace

Result<void> before_step(const RunTools& tools, std::string_view step) {
  return tools.before_step ? tools.before_step(step) : Result<void>();
}

Result<IterationResult> run_iteration(const RunContext& context) {
  return Iteration(context).run();
}

}  // namespace soak::loop

#include "loop/iteration.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
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
struct Seen {
  std::vector<journal::SeenReport> reports;  // the discarded ones first
  journal::Observed end;
  bool interrupted = false;
};

class Iteration {
 public:
  explicit Iteration(const RunContext& context)
      : context_(context),
        plan_(context.plan),
        tools_(context.tools),
        state_(context.state),
        number_(context.state.iteration() + 1),
        end_utc_(base::format_utc(end_time())) {}

  Result<IterationResult> run() {
    if (auto noticed = notice_edit(); !noticed) return tl::unexpected(noticed.error());
    auto seen = observe_target();
    if (!seen) return tl::unexpected(seen.error());
    if (seen->interrupted) return IterationResult{{}, false, {}, true};
    if (seen->end.started) state_.target_started();
    if (!seen->end.end_utc.empty()) end_utc_ = seen->end.end_utc;
    summarise(*seen);
    state_.observe(record_, parse_utc(end_utc_).value_or(end_time()));
    const bool last = number_ >= plan_.header.iterations;
    const char* no_proposal = seen->end.ended ? "the target has ended: nothing is proposed"
                              : vetoed_       ? "a veto KPI has failed: the run ends here"
                              : last          ? "last iteration: nothing is proposed"
                                              : nullptr;
    if (auto decided = decide(no_proposal); !decided) return tl::unexpected(decided.error());
    if (interrupted_) return IterationResult{{}, false, {}, true};
    name_fleeting_edits(seen->end.edits);
    record_.target.faults.insert(record_.target.faults.end(), faults_.begin(), faults_.end());
    if (auto done = append(RecordType::kIteration, journal::iteration_to_json(record_), Durability::kNow);
        !done) {
      return tl::unexpected(done.error());
    }
    if (auto concluded = state_.conclude(record_); !concluded) return tl::unexpected(concluded.error());
    IterationResult result;
    result.record = std::move(record_);
    result.target_ended = seen->end.ended;
    if (!seen->end.faults.empty()) {
      const journal::Fault& fault = seen->end.faults.back();
      result.end_reason = fault.kind + ": " + fault.detail;
    }
    return result;
  }

 private:
  base::UtcTime start_time() const { return plan_.start + (number_ - 1) * plan_.iteration_length; }
  base::UtcTime end_time() const { return start_time() + plan_.iteration_length; }

  Result<void> notice_edit() {
    const std::size_t before = faults_.size();
    auto noticed = notice_foreign_edit(context_, number_, faults_);
    if (noticed && faults_.size() > before) noticed_.push_back(state_.runtime_hash());
    return noticed;
  }

  Result<void> append(RecordType type, const Json& body, Durability durability) {
    if (auto step = before_step(tools_, journal::record_type_name(type)); !step) return step;
    return context_.journal.append(type, body, durability);
  }

  // The reports of an iteration that the journal calls complete are not asked for again: the runtime file may
  // have moved on since. Reports without their end are another instance's by now, and are discarded.
  Result<Seen> seen_before() {
    Seen seen;
    std::size_t count = 0;
    while (const journal::Record* record = context_.journal.unmatched(count)) {
      if (record->type != RecordType::kReport) break;
      auto report = journal::report_from_json(record->body);
      if (!report) return tl::unexpected(report.error());
      seen.reports.push_back(std::move(*report));
      ++count;
    }
    const journal::Record* end = context_.journal.unmatched(count);
    if (end == nullptr || end->type != RecordType::kObserved) return seen;
    auto observed = journal::observed_from_json(end->body);
    if (!observed) return tl::unexpected(observed.error());
    seen.end = std::move(*observed);
    return seen;
  }

  Result<void> run_target(Seen& seen) {
    if (auto step = before_step(tools_, "target"); !step) return step;
    auto outcome =
        tools_.target->run_iteration({number_, tools_.runtime_path, state_.runtime_hash(), start_time(),
                                      plan_.iteration_length, plan_.settle, tools_.stop});
    if (!outcome) return tl::unexpected(outcome.error());
    seen.interrupted = outcome->interrupted;
    // The same once more where iterations repeat: what is there is matched.
    if (!plan_.real_clock) seen.reports.clear();
    seen.end.iteration = number_;
    seen.end.discarded = static_cast<std::int64_t>(seen.reports.size());
    seen.end.reports = static_cast<std::int64_t>(outcome->reports.size());
    seen.end.dropped = outcome->dropped;
    seen.end.started = outcome->started;
    seen.end.ended = outcome->ended;
    seen.end.faults = std::move(outcome->faults);
    seen.end.edits = std::move(outcome->edits);
    if (outcome->end) seen.end.end_utc = base::format_utc(state_.by_the_runs_clock(*outcome->end));
    std::move(outcome->reports.begin(), outcome->reports.end(), std::back_inserter(seen.reports));
    return {};
  }

  // All reports of the iteration are in the journal when this returns; those that count are in the result.
  Result<Seen> observe_target() {
    auto seen = seen_before();
    if (!seen) return seen;
    if (seen->end.iteration == 0) {
      if (auto ran = run_target(*seen); !ran) return tl::unexpected(ran.error());
      if (seen->interrupted) return seen;
    }
    for (const journal::SeenReport& report : seen->reports) {
      if (auto put = append(RecordType::kReport, journal::report_to_json(report), Durability::kLater); !put)
        return tl::unexpected(put.error());
    }
    if (auto put = append(RecordType::kObserved, journal::observed_to_json(seen->end), Durability::kLater);
        !put)
      return tl::unexpected(put.error());
    const auto discarded = std::min(static_cast<std::size_t>(seen->end.discarded), seen->reports.size());
    seen->reports.erase(seen->reports.begin(),
                        seen->reports.begin() + static_cast<std::ptrdiff_t>(discarded));
    return seen;
  }

  void summarise(const Seen& seen) {
    record_.iteration = number_;
    record_.summary.runtime_utc = end_utc_;
    if (!seen.reports.empty()) take_report(seen.reports.back().report);
    const auto verdicts =
        analyze::judge_iteration(*plan_.profile, number_, state_.fill_kpis(record_.summary.kpis));
    record_.kpi_verdict = analyze::passes(*plan_.profile, verdicts) ? "PASS" : "FAIL";
    vetoed_ = plan_.stop_on_veto && analyze::veto(*plan_.profile, verdicts).has_value();
    verify::DeliveryView view = state_.view_of_delivery(number_);
    view.target_ended = seen.end.ended;
    view.reports = state_.take_reports(seen.reports);
    record_.target.faults = verify::find_faults(view, *plan_.registry);
    for (const journal::Fault& fault : seen.end.faults) {
      const bool known = std::any_of(record_.target.faults.begin(), record_.target.faults.end(),
                                     [&](const journal::Fault& other) {
                                       return other.kind == fault.kind && other.parameter == fault.parameter;
                                     });
      if (!known) record_.target.faults.push_back(fault);
    }
  }

  // Another hand's edits that were gone again when the loop came to look at the file itself, or that left no
  // runtime.
  void name_fleeting_edits(const std::vector<journal::FileEdit>& edits) {
    const std::string* last = nullptr;
    for (const journal::FileEdit& edit : edits) {
      const bool noticed = std::any_of(noticed_.begin(), noticed_.end(),
                                       [&](const std::string& hash) { return hash == edit.state_hash; });
      if (!noticed && (last == nullptr || *last != edit.state_hash))
        faults_.push_back(fleeting_edit(number_, edit));
      last = &edit.state_hash;
    }
    if (spoilt_ && faults_.empty()) faults_.push_back(*spoilt_);  // the same edit is told once
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

  // Proposes and applies, or rolls back. Where another hand changes the runtime file between the two, what
  // was decided rests on values that are gone: it is noticed, and decided anew.
  Result<void> decide(const char* no_proposal) {
    constexpr int kRacesMax = 8;
    for (int race = 0;; ++race) {
      auto noticed = notice_edit();
      record_.tuning = {};
      record_.tuning.state_hash = record_.tuning.old_hash = state_.runtime_hash();
      if (!noticed) return record_spoilt_runtime(noticed.error());
      // As with a proposal, nothing is written that no later iteration can prove.
      const bool may_roll_back = plan_.rollback && !vetoed_ && number_ < plan_.header.iterations;
      const auto rollback = may_roll_back ? state_.rollback() : std::nullopt;
      auto result = rollback ? roll_back(*rollback) : change(no_proposal);
      const bool lost_race = !result && result.error().code == ErrorCode::kConflict && race < kRacesMax &&
                             context_.journal.unmatched() == nullptr;
      if (lost_race) continue;
      if (!result) return tl::unexpected(result.error());
      if (!*result) return {};
      record_.tuning.applied = (*result)->applied;
      record_.tuning.skip_reason = (*result)->skip_reason;
      record_.tuning.changed_keys = (*result)->changed_keys;
      record_.tuning.state_hash = (*result)->state_hash;
      record_.tuning.old_hash = (*result)->old_hash;
      return {};
    }
  }

  // The fault belongs to the iteration in which it happened. The next one finds the file as it is, and ends
  // the run.
  Result<void> record_spoilt_runtime(const Error& error) {
    spoilt_ = spoilt_runtime(number_, error);
    if (!spoilt_) return tl::unexpected(error);
    record_.tuning.guards = judge_by_guards({});
    record_.tuning.rationale = "nothing is proposed: " + spoilt_->detail;
    record_.tuning.neg_edge_drivers = reported_drivers();
    return {};
  }

  // Nothing where nothing is to be written.
  Result<std::optional<ApplyResult>> change(const char* no_proposal) {
    tuner::Proposal proposal = no_proposal != nullptr ? tuner::Proposal{{}, no_proposal, {}, {}} : propose();
    journal::Tuning& tuning = record_.tuning;
    tuning.guards = judge_by_guards(proposal);
    tuning.rationale = proposal.rationale;
    tuning.conditions = proposal.conditions;
    if (const auto& why = state_.last_good().why_bad()) tuning.conditions.push_back(*why);
    tuning.neg_edge_drivers =
        proposal.neg_edge_drivers.empty() ? reported_drivers() : proposal.neg_edge_drivers;
    if (needs_a_yes(proposal)) {
      const auto answer = tools_.approve(question(proposal));
      if (!answer) return tl::unexpected(answer.error());
      interrupted_ = *answer == Answer::kInterrupted;
      if (interrupted_) return std::nullopt;
      if (*answer == Answer::kNo) {
        tuning.rationale =
            fmt::format("not approved: {}; {}", canonical_json(proposal.proposed_deltas), proposal.rationale);
        proposal.proposed_deltas.clear();
        tuning.guards = judge_by_guards(proposal);
      }
    }
    tuning.proposed_deltas = proposal.proposed_deltas;
    if (proposal.proposed_deltas.empty()) return std::nullopt;
    auto result = deliver(context_, number_, proposal.proposed_deltas, tuning.guards);
    if (!result) return tl::unexpected(result.error());
    return std::optional<ApplyResult>(std::move(*result));
  }

  GuardFlags judge_by_guards(const tuner::Proposal& proposal) const {
    return guards::evaluate(state_.history(), proposal.proposed_deltas, state_.guard_settings(),
                            *plan_.registry);
  }

  Result<std::optional<ApplyResult>> roll_back(const Rollback& rollback) {
    journal::Tuning& tuning = record_.tuning;
    tuning.origin = journal::kOriginRollback;
    tuning.guards = judge_by_guards({});
    tuning.proposed_deltas = rollback.restored;
    tuning.rationale = "back to the last known good values: " + rollback.why;
    tuning.conditions = {rollback.why};
    tuning.neg_edge_drivers = reported_drivers();
    auto result = restore(context_, number_, rollback);
    if (!result) return tl::unexpected(result.error());
    return std::optional<ApplyResult>(std::move(*result));
  }

  // What a guard holds, and what changes nothing, is not asked for; nor is what the journal holds already.
  bool needs_a_yes(const tuner::Proposal& proposal) const {
    if (!tools_.approve || record_.tuning.guards.any() || context_.journal.unmatched() != nullptr)
      return false;
    const ParamValues now = state_.values();
    return std::any_of(proposal.proposed_deltas.begin(), proposal.proposed_deltas.end(),
                       [&](const auto& proposed) {
                         const auto found = now.find(proposed.first);
                         return found == now.end() || !same_value(found->second, proposed.second);
                       });
  }

  Question question(const tuner::Proposal& proposal) const {
    Question question{number_, {}, proposal.proposed_deltas, proposal.rationale};
    for (const auto& [name, value] : state_.values())
      if (proposal.proposed_deltas.contains(name)) question.before.emplace(name, value);
    return question;
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
    input.bad_values = &state_.last_good().bad_values();
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
  std::string end_utc_;
  std::vector<journal::Fault> faults_;    // foreign edits
  std::vector<std::string> noticed_;      // the hashes that they left
  std::optional<journal::Fault> spoilt_;  // what is left is no runtime
  bool vetoed_ = false;
  bool interrupted_ = false;  // while it waited for an answer
};

}  // namespace

Result<void> before_step(const RunTools& tools, std::string_view step) {
  return tools.before_step ? tools.before_step(step) : Result<void>();
}

Result<IterationResult> run_iteration(const RunContext& context) {
  return Iteration(context).run();
}

}  // namespace soak::loop

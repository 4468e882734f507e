#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <span>
#include <utility>

#include "verify/faults.h"
#include "verify/rederive.h"

namespace soak::verify {
namespace {

using journal::IterationFacts;
using journal::RunArtifacts;
using journal::SeenReport;

// The signature of an iteration; old artifacts have it in one of three places.
const std::string& signature_of(const IterationFacts& facts) {
  if (!facts.record.summary.state_hash.empty()) return facts.record.summary.state_hash;
  if (!facts.tuning_signature.empty()) return facts.tuning_signature;
  return facts.summary_state_hash;
}

bool held_by_guard(const journal::Tuning& tuning, bool foreign) {
  if (tuning.applied) return false;
  if (tuning.skip_reason) return tuning.skip_reason->any();
  return foreign && tuning.guards.any();  // old artifacts had flags before they had reasons
}

// What is known about the next iteration.
struct Next {
  const IterationFacts* facts;
  std::span<const SeenReport> reports;     // new ones, of our own run
  std::span<const journal::Fault> faults;  // of that iteration
  bool has_reports;                        // the run's journal has reports at all: then they decide
  bool float32;
};

const Json* find(const ParamValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

// How one proposed parameter fares in the next iteration.
struct Shown {
  bool proven = false;
  Json observed;       // the value that convicts, or the last one
  std::string hollow;  // evidence against it
};

Shown shown_by_summary(const std::string& name, const Json& wanted, const Next& next) {
  const Json* value = find(next.facts->effective, name);
  if (value == nullptr) return {};
  return {in_effect(wanted, *value, next.float32), *value, {}};
}

// Throughout the settled reports, and at least once.
Shown shown_by_reports(const std::string& name, const Json& wanted, const Next& next,
                       const Registry& registry) {
  Shown shown;
  for (const SeenReport& report : next.reports) {
    if (!report.settled) continue;
    const auto effective = journal::effective_of(report.report, registry);
    if (effective) {
      const Json* value = find(effective->params, name);
      shown.observed = value == nullptr ? Json() : *value;
      shown.proven = value != nullptr && in_effect(wanted, *value, effective->float32);
      if (!shown.proven) return shown;
    }
    if (auto why = contradicting_evidence(report.report, name, wanted, effective && effective->float32)) {
      shown.proven = false;
      shown.hollow = std::move(*why);
      return shown;
    }
  }
  return shown;
}

std::string kind_of_fault(std::string_view fault) {
  constexpr std::pair<std::string_view, const char*> kWords[] = {
      {"ignored", "never delivered"}, {"half_applied", "half applied"},
      {"wrong_value", "wrong value"}, {"late", "late"},
      {"rolled_back", "rolled back"}, {"drifted", "drifted"},
      {"no_effect", "no effect"},     {"restarted", "target restarted"}};
  for (const auto& [name, words] : kWords) {
    if (name == fault) return words;
  }
  return "stale report";  // nothing new was said: stale, torn, crashed, hung
}

bool has_fault(const Next& next, std::string_view kind) {
  return std::any_of(next.faults.begin(), next.faults.end(),
                     [&](const journal::Fault& f) { return f.kind == kind; });
}

// From the artifacts alone: where the value came from tells what became of the proposal.
void name_kind(Failure& failure, const IterationFacts& facts, const Next& next, bool some_proven) {
  const Json* before = find(facts.effective, failure.parameter);
  const std::string& id_before = facts.record.target.instance_id;
  const std::string& id_now = next.facts->record.target.instance_id;
  const bool unchanged =
      before != nullptr && !failure.observed.is_null() && in_effect(*before, failure.observed, next.float32);
  if (!id_before.empty() && !id_now.empty() && id_before != id_now) {
    failure.kind = "target restarted";
    failure.detail = fmt::format("instance {} took the place of {}", id_now, id_before);
  } else if (failure.observed.is_null()) {
    failure.kind = next.facts->has_effective ? "never delivered" : "not observed";
    failure.detail = next.facts->has_effective ? "the target does not report this parameter"
                                               : "nothing says which values were in effect";
  } else if (before != nullptr && in_effect(failure.proposed, *before, next.float32)) {
    failure.kind = "drifted";
    failure.detail = "it was in effect already, and then another value";
  } else if (unchanged) {
    failure.kind = some_proven ? "half applied" : "never delivered";
    failure.detail = some_proven ? "others of the same proposal are in effect; this one kept its old value"
                                 : "the old value stayed";
  } else {
    failure.kind = "wrong value";
    failure.detail = "neither the old value nor the proposed one";
  }
}

// The faults found in the next iteration know better than a comparison of two values.
void name_kind_by_faults(Failure& failure, const Next& next) {
  if (has_fault(next, "restarted")) {
    failure.kind = "target restarted";
    failure.detail = "a new instance, which need not have read the file";
    return;
  }
  for (const journal::Fault& fault : next.faults) {
    if (fault.parameter != failure.parameter) continue;
    failure.kind = kind_of_fault(fault.kind);
    failure.detail = fault.detail;
    return;
  }
  if (!next.has_reports || !failure.observed.is_null()) return;
  const bool settled =
      std::any_of(next.reports.begin(), next.reports.end(), [](const SeenReport& r) { return r.settled; });
  if (settled) return;
  failure.kind = "stale report";
  failure.detail = next.reports.empty() ? "the target gave no new report"
                                        : "no report proves it: each came within the settle time, or after "
                                          "another hand had edited the runtime file";
}

class Verifier {
 public:
  Verifier(const RunArtifacts& run, const Registry& registry) : run_(run), registry_(registry) {}

  VerifyResult verify() {
    result_.notes = run_.notes;
    rederived_ = rederive(run_, registry_);
    for (std::size_t k = 0; k < run_.iterations.size(); ++k) take(k);
    if (run_.broken_off && !run_.in_progress) take_broken_off(*run_.broken_off);
    for (auto& [iteration, faults] : rederived_.faults)
      std::move(faults.begin(), faults.end(), std::back_inserter(result_.faults));
    count();
    return std::move(result_);
  }

 private:
  void take(std::size_t k) {
    const IterationFacts& facts = run_.iterations[k];
    const journal::Tuning& tuning = facts.record.tuning;
    if (tuning.proposed_deltas.empty()) return;
    Delivery delivery;
    delivery.iteration = facts.record.iteration;
    delivery.applied = tuning.applied;
    const IterationFacts* next = k + 1 < run_.iterations.size() ? &run_.iterations[k + 1] : nullptr;
    if (next != nullptr) delivery.next = next->record.iteration;
    if (next != nullptr && tuning.applied) {
      delivery.signature_stuck = !signature_of(facts).empty() && signature_of(facts) == signature_of(*next);
    }
    if (held_by_guard(tuning, run_.foreign)) {
      delivery.delivery_class = DeliveryClass::kPartialOk;
    } else if (next != nullptr) {
      delivery.delivery_class = compare(facts, *next) ? DeliveryClass::kFullApply : DeliveryClass::kFail;
    } else if (tuning.applied && (run_.foreign || run_.in_progress)) {
      delivery.delivery_class = DeliveryClass::kPending;
    } else {
      fail_without_next(facts);
    }
    result_.deliveries.push_back(std::move(delivery));
  }

  bool compare(const IterationFacts& facts, const IterationFacts& next_facts) {
    const std::int64_t number = next_facts.record.iteration;
    const Next next{&next_facts, rederived_.reports_of(number), rederived_.faults_of(number),
                    !run_.reports.empty(), next_facts.record.target.precision == "float32"};
    std::vector<Failure> failures;
    for (const auto& [name, wanted] : facts.record.tuning.proposed_deltas) {
      Shown shown = next.has_reports ? shown_by_reports(name, wanted, next, registry_)
                                     : shown_by_summary(name, wanted, next);
      if (shown.proven) continue;
      Failure failure{facts.record.iteration, number, name, wanted, std::move(shown.observed), {}, {}};
      if (!shown.hollow.empty()) {
        failure.kind = "no effect";
        failure.detail = std::move(shown.hollow);
      }
      failures.push_back(std::move(failure));
    }
    const bool some_proven = failures.size() < facts.record.tuning.proposed_deltas.size();
    for (Failure& failure : failures) {
      if (failure.kind.empty()) {
        name_kind(failure, facts, next, some_proven);
        name_kind_by_faults(failure, next);
      }
      result_.failures.push_back(std::move(failure));
    }
    return failures.empty();
  }

  void take_broken_off(const journal::BrokenOff& apply) {
    result_.deliveries.push_back({apply.iteration, std::nullopt, DeliveryClass::kFail, true, false});
    for (const auto& [name, wanted] : apply.proposed_deltas) {
      result_.failures.push_back({apply.iteration, std::nullopt, name, wanted, nullptr, "not observed",
                                  "the run broke off after this apply, and no later iteration proves it"});
    }
  }

  void fail_without_next(const IterationFacts& facts) {
    const char* detail = facts.record.tuning.applied
                             ? "the run broke off after this apply, and no later iteration proves it"
                             : "not applied, and no reason is given";
    for (const auto& [name, wanted] : facts.record.tuning.proposed_deltas) {
      result_.failures.push_back({facts.record.iteration, std::nullopt, name, wanted, nullptr,
                                  facts.record.tuning.applied ? "not observed" : "never delivered", detail});
    }
  }

  void count() {
    for (const Delivery& delivery : result_.deliveries) {
      result_.full_apply_count += delivery.delivery_class == DeliveryClass::kFullApply;
      result_.partial_ok_count += delivery.delivery_class == DeliveryClass::kPartialOk;
      result_.fail_count += delivery.delivery_class == DeliveryClass::kFail;
      result_.pending_count += delivery.delivery_class == DeliveryClass::kPending;
      result_.signature_stuck_count += delivery.signature_stuck;
    }
    result_.proposed_count = result_.full_apply_count + result_.partial_ok_count + result_.fail_count;
    if (result_.proposed_count > 0) {
      const double ratio =
          static_cast<double>(result_.full_apply_count) / static_cast<double>(result_.proposed_count);
      result_.full_apply_ratio = std::strtod(fmt::format("{:.3f}", ratio).c_str(), nullptr);
    }
    if (result_.pending_count > 0) {
      result_.notes.push_back(
          fmt::format("iteration {} is the last one, and what it applied cannot be proven: not counted",
                      result_.deliveries.back().iteration));
    }
  }

  const RunArtifacts& run_;
  const Registry& registry_;
  Rederived rederived_;
  VerifyResult result_;
};

}  // namespace

std::string_view delivery_class_name(DeliveryClass delivery_class) {
  switch (delivery_class) {
    case DeliveryClass::kPartialOk:
      return "partial_ok";
    case DeliveryClass::kFullApply:
      return "full_apply";
    case DeliveryClass::kFail:
      return "fail";
    case DeliveryClass::kPending:
      return "pending";
  }
  return "fail";
}

VerifyResult verify_run(const RunArtifacts& run, const Registry& registry) {
  return Verifier(run, registry).verify();
}

}  // namespace soak::verify

#include "verify/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/readable.h"
#include "verify/faults.h"

namespace soak::verify {
namespace {

using journal::IterationFacts;
using journal::RunArtifacts;
using journal::SeenReport;

constexpr std::array<std::string_view, 6> kStages = {"guards",   "apply",  "in_effect",
                                                     "evidence", "proven", "pending"};

Json value_of(const ParamValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? Json() : found->second;
}

std::string guard_of(const journal::Tuning& tuning) {
  if (tuning.applied || !tuning.skip_reason) return {};
  const SkipReason& reason = *tuning.skip_reason;
  if (reason.freeze) return "freeze";
  if (reason.oscillation) return "oscillation";
  if (reason.velocity) return "velocity";
  if (reason.cooldown) return "cooldown";
  return reason.no_op ? "no_op" : "";
}

class Ledger {
 public:
  Ledger(const RunArtifacts& run, const VerifyResult& verified, const Registry& registry)
      : run_(run), registry_(registry) {
    for (const Delivery& delivery : verified.deliveries) deliveries_[delivery.iteration] = &delivery;
    for (const Failure& failure : verified.failures)
      failures_[{failure.iteration, failure.parameter}] = &failure;
    for (const SeenReport& report : run.reports) reports_[report.iteration].push_back(&report);
  }

  LedgerEntry entry(const IterationFacts& facts, const std::string& name, const Json& proposed) const {
    const journal::Tuning& tuning = facts.record.tuning;
    LedgerEntry entry;
    entry.iteration = facts.record.iteration;
    entry.origin = tuning.origin;
    entry.parameter = name;
    entry.before = before(facts, name);
    entry.proposed = proposed;
    entry.proposed_utc = facts.record.summary.runtime_utc;
    entry.guard = guard_of(tuning);
    entry.applied = tuning.applied;
    entry.old_hash = tuning.old_hash;
    entry.state_hash = tuning.state_hash;
    const auto delivery = deliveries_.find(entry.iteration);
    if (delivery != deliveries_.end()) entry.next = delivery->second->next;
    if (entry.next) look_at_next(entry);
    judge(entry, tuning, delivery == deliveries_.end() ? nullptr : delivery->second);
    return entry;
  }

 private:
  Json before(const IterationFacts& facts, const std::string& name) const {
    const auto given = run_.given.find(facts.record.iteration);
    return value_of(given == run_.given.end() ? facts.effective : given->second.expected, name);
  }

  void look_at_next(LedgerEntry& entry) const {
    const auto facts =
        std::find_if(run_.iterations.begin(), run_.iterations.end(),
                     [&](const IterationFacts& each) { return each.record.iteration == *entry.next; });
    if (facts != run_.iterations.end()) entry.effective = value_of(facts->effective, entry.parameter);
    const auto reports = reports_.find(*entry.next);
    if (reports == reports_.end()) return;
    for (const SeenReport* seen : reports->second) {
      if (!seen->settled) continue;
      const auto effective = journal::effective_of(seen->report, registry_);
      if (effective) {
        entry.effective = value_of(effective->params, entry.parameter);
        const bool shows =
            !entry.effective.is_null() && in_effect(entry.proposed, entry.effective, effective->float32);
        if (shows && entry.effective_utc.empty()) entry.effective_utc = seen->seen_utc;
      }
      const Json measured = seen->report.is_object() ? seen->report.value("evidence", Json()) : Json();
      if (measured.is_object() && measured.contains(entry.parameter))
        entry.evidence = measured[entry.parameter];
    }
  }

  void judge(LedgerEntry& entry, const journal::Tuning& tuning, const Delivery* delivery) const {
    const auto failure = failures_.find({entry.iteration, entry.parameter});
    if (failure != failures_.end()) {
      const Failure& why = *failure->second;
      entry.stage = !entry.applied && why.kind == "never delivered" ? Stage::kApply
                    : why.kind == "no effect"                       ? Stage::kEvidence
                                                                    : Stage::kInEffect;
      entry.why = why.kind + (why.detail.empty() ? "" : ": " + why.detail);
    } else if (delivery != nullptr && delivery->delivery_class == DeliveryClass::kPartialOk) {
      entry.stage = Stage::kGuards;
      entry.why = tuning.skip_reason ? tuning.skip_reason->note : "a guard held it";
    } else if (delivery != nullptr && delivery->delivery_class == DeliveryClass::kPending) {
      entry.why = "the artifacts end here: nothing can prove it";
    } else {
      entry.stage = Stage::kProven;
    }
  }

  const RunArtifacts& run_;
  const Registry& registry_;
  std::map<std::int64_t, const Delivery*> deliveries_;
  std::map<std::pair<std::int64_t, std::string>, const Failure*> failures_;
  std::map<std::int64_t, std::vector<const SeenReport*>> reports_;
};

std::string text(const Json& value) {
  return value.is_null() ? "none" : canonical_json(value);
}

}  // namespace

std::string_view stage_name(Stage stage) {
  return kStages[static_cast<std::size_t>(stage)];
}

std::vector<LedgerEntry> ledger_of(const RunArtifacts& run, const VerifyResult& verified,
                                   const Registry& registry, std::string_view name) {
  const Ledger ledger(run, verified, registry);
  std::vector<LedgerEntry> entries;
  const auto add = [&](const IterationFacts& facts) {
    for (const auto& [parameter, proposed] : facts.record.tuning.proposed_deltas) {
      if (name.empty() || parameter == name) entries.push_back(ledger.entry(facts, parameter, proposed));
    }
  };
  for (const IterationFacts& facts : run.iterations) add(facts);
  if (run.broken_off) {  // an apply of ours that no iteration speaks of
    IterationFacts facts;
    facts.record.iteration = run.broken_off->iteration;
    facts.record.tuning.proposed_deltas = run.broken_off->proposed_deltas;
    facts.record.tuning.applied = true;
    add(facts);
  }
  return entries;
}

ProvenValues proven_values(const RunArtifacts& run, const VerifyResult& verified,
                           const std::vector<LedgerEntry>& entries) {
  std::map<std::string, const LedgerEntry*> written_last;
  for (const LedgerEntry& entry : entries)
    if (entry.stage != Stage::kGuards) written_last[entry.parameter] = &entry;
  ProvenValues proven;
  for (const auto& [name, entry] : written_last) {
    const std::int64_t since = entry->next.value_or(entry->iteration);
    const auto fault =
        std::find_if(verified.faults.begin(), verified.faults.end(), [since, &name = name](const auto& each) {
          return each.parameter == name && each.iteration >= since;
        });
    const IterationFacts& last = run.iterations.back();
    const Json now = value_of(last.effective, name);
    if (entry->stage != Stage::kProven) {
      proven.left_out[name] = entry->why;
    } else if (fault != verified.faults.end()) {
      proven.left_out[name] = to_line(*fault);
    } else if (!in_effect(entry->proposed, now, last.record.target.precision == "float32")) {
      proven.left_out[name] = fmt::format("the last iteration had {} in effect", text(now));
    } else {
      proven.values[name] = entry->proposed;
    }
  }
  return proven;
}

namespace {

std::string line_of(const LedgerEntry& entry) {
  std::string line = fmt::format("iteration {}: {}{} {} -> {}: ", entry.iteration,
                                 entry.origin == journal::kOriginRollback ? "rollback of " : "",
                                 entry.parameter, text(entry.before), text(entry.proposed));
  if (entry.stage == Stage::kGuards)
    return line + fmt::format("held ({}): {}", entry.guard.empty() ? "guard" : entry.guard, entry.why);
  if (entry.applied)
    line += entry.state_hash.empty() ? "applied"
                                     : fmt::format("applied {} ({:.8} -> {:.8})", entry.proposed_utc,
                                                   entry.old_hash, entry.state_hash);
  else
    line += "not applied";
  if (!entry.effective_utc.empty())
    line += fmt::format(", in effect in iteration {} at {}", *entry.next, entry.effective_utc);
  else if (entry.stage == Stage::kProven && entry.next)
    line += fmt::format(", in effect in iteration {}", *entry.next);
  if (entry.stage == Stage::kProven) {
    return line + (entry.evidence.is_null()
                       ? ", proven by report (nothing measured)"
                       : ", proven by report and evidence " + canonical_json(entry.evidence));
  }
  if (entry.next && entry.effective_utc.empty())
    line += fmt::format(", in iteration {} it is {}", *entry.next, text(entry.effective));
  return line + fmt::format("; stopped at {}: {}", stage_name(entry.stage), entry.why);
}

}  // namespace

std::string to_line(const LedgerEntry& entry) {
  return base::readable(line_of(entry), kToLineBytesMax);
}

Json to_json(const LedgerEntry& entry) {
  const auto or_null = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  return {{"iteration", entry.iteration},
          {"origin", entry.origin},
          {"parameter", entry.parameter},
          {"before", entry.before},
          {"proposed", entry.proposed},
          {"proposed_utc", or_null(entry.proposed_utc)},
          {"guard", or_null(entry.guard)},
          {"applied", entry.applied},
          {"old_hash", or_null(entry.old_hash)},
          {"state_hash", or_null(entry.state_hash)},
          {"next_iteration", entry.next ? Json(*entry.next) : Json()},
          {"effective", entry.effective},
          {"effective_utc", or_null(entry.effective_utc)},
          {"evidence", entry.evidence},
          {"stage", stage_name(entry.stage)},
          {"why", or_null(entry.why)}};
}

}  // namespace soak::verify

#include "journal/artifact_agree.h"

#include <initializer_list>
#include <utility>

namespace soak::journal {
namespace {

struct Compared {
  const char* name;
  bool same;
};

std::optional<std::string> first_of(const std::string& where, std::initializer_list<Compared> members) {
  for (const Compared& member : members) {
    if (!member.same) return where + member.name;
  }
  return std::nullopt;
}

// The first KPI that only one of the two has, or that has another value.
std::optional<std::string> kpi_difference(const Kpis& a, const Kpis& b) {
  if (a == b) return std::nullopt;
  for (const auto& [name, value] : a) {
    if (const auto other = b.find(name); other == b.end() || other->second != value) return name;
  }
  for (const auto& [name, value] : b) {
    if (!a.contains(name)) return name;
  }
  return std::nullopt;
}

// Absent and {} are both what a target that reports no values leaves.
bool same_overrides(const Json& a, const Json& b) {
  return a == b || (a.empty() && b.empty());
}

bool same_skip_reason(const std::optional<SkipReason>& a, const std::optional<SkipReason>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->cooldown == b->cooldown && a->velocity == b->velocity && a->oscillation == b->oscillation &&
         a->freeze == b->freeze && a->no_op == b->no_op && a->note == b->note;
}

std::optional<std::string> guard_difference(const std::string& where, const GuardFlags& a,
                                            const GuardFlags& b) {
  return first_of(where, {{"freeze_triggered", a.freeze_triggered == b.freeze_triggered},
                          {"oscillation_detected", a.oscillation_detected == b.oscillation_detected},
                          {"velocity_violation", a.velocity_violation == b.velocity_violation},
                          {"cooldown_active", a.cooldown_active == b.cooldown_active},
                          {"cooldown_iters_left", a.cooldown_iters_left == b.cooldown_iters_left}});
}

// What a summary and an entry of the report both have.
std::optional<std::string> tuning_difference(const std::string& where, const Tuning& a, const Tuning& b) {
  if (auto found = first_of(where, {{"applied", a.applied == b.applied},
                                    {"origin", a.origin == b.origin},
                                    {"proposed_deltas", a.proposed_deltas == b.proposed_deltas},
                                    {"skip_reason", same_skip_reason(a.skip_reason, b.skip_reason)},
                                    {"changed_keys", a.changed_keys == b.changed_keys},
                                    {"state_hash", a.state_hash == b.state_hash},
                                    {"rationale", a.rationale == b.rationale},
                                    {"neg_edge_drivers", a.neg_edge_drivers == b.neg_edge_drivers}}))
    return found;
  return guard_difference(where, a.guards, b.guards);
}

}  // namespace

std::optional<std::string> summary_difference(const IterationRecord& summary, const IterationRecord& record) {
  const Summary& a = summary.summary;
  const Summary& b = record.summary;
  if (auto kpi = kpi_difference(a.kpis, b.kpis)) return "summary." + *kpi;
  if (auto found =
          first_of("summary.", {{"runtime_utc", a.runtime_utc == b.runtime_utc},
                                {"state_hash", a.state_hash == b.state_hash},
                                {"maker_taker_source", a.maker_taker_source == b.maker_taker_source}}))
    return found;
  if (auto found = tuning_difference("tuning.", summary.tuning, record.tuning)) return found;
  if (auto found =
          first_of("tuning.", {{"old_hash", summary.tuning.old_hash == record.tuning.old_hash},
                               {"conditions", summary.tuning.conditions == record.tuning.conditions}}))
    return found;
  const TargetFacts& told = summary.target;
  if (auto found =
          first_of("target.", {{"instance_id", told.instance_id == record.target.instance_id},
                               {"effective_hash", told.effective_hash == record.target.effective_hash},
                               {"precision", told.precision == record.target.precision},
                               {"faults", told.faults == record.target.faults}}))
    return found;
  if (!same_overrides(summary.runtime_overrides, record.runtime_overrides)) return "runtime_overrides";
  const bool observed = !record.runtime_overrides.is_null();
  const bool signature =
      observed ? b.state_hash == signature_of(record.runtime_overrides) : b.state_hash.empty();
  return signature ? std::nullopt : std::optional<std::string>("summary.state_hash");
}

std::optional<std::string> report_difference(const TuningSaid& entry, const IterationRecord& record) {
  if (auto found = tuning_difference("", entry.tuning, record.tuning)) return found;
  return first_of("", {{"signature", entry.signature == record.summary.state_hash},
                       {"kpi_verdict", entry.kpi_verdict == record.kpi_verdict}});
}

}  // namespace soak::journal

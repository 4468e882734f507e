#include "verify/delivery_memory.h"

#include <algorithm>
#include <set>
#include <utility>

namespace soak::verify {
namespace {

using journal::Fault;
using journal::SeenReport;

// The value of `name` in a settled report is `value`, in one at least.
bool was_in_effect(const std::vector<journal::Effective>& settled, const std::string& name,
                   const Json& value) {
  return std::any_of(settled.begin(), settled.end(), [&](const journal::Effective& effective) {
    const auto found = effective.params.find(name);
    return found != effective.params.end() && in_effect(value, found->second, effective.float32);
  });
}

// Faults of a value that was applied and may not have been in effect at all.
bool may_be_missed(const std::string& kind) {
  return is_omission(kind) || kind == "wrong_value" || kind == "late";
}

}  // namespace

bool is_omission(const std::string& kind) {
  return kind == "ignored" || kind == "half_applied";
}

bool NewReports::is_new(const SeenReport& report, const Registry& registry) {
  const auto effective = journal::effective_of(report.report, registry);
  const std::string now = effective ? effective->instance_id : std::string();
  if (!now.empty() && now != instance_) {
    instance_ = now;
    seq_max_ = 0;
  }
  if (report.seq > 0 && report.seq <= seq_max_) return false;
  seq_max_ = std::max(seq_max_, report.seq);
  return true;
}

void DeliveryMemory::written(const ParamValues& proposed) {
  for (auto& [name, missed] : missed_) missed.overtaken = missed.overtaken || proposed.contains(name);
}

void DeliveryMemory::edited() {
  effective_.clear();
  missed_.clear();
}

void DeliveryMemory::started() {
  edited();
  instance_id_.clear();
}

void DeliveryMemory::recall(DeliveryView& view) const {
  view.instance_id_before = instance_id_;
  view.effective_before = effective_;
  view.missed = missed_;
}

std::vector<TakenBack> DeliveryMemory::remember(const DeliveryView& view, const std::vector<Fault>& faults,
                                                const Registry& registry) {
  std::vector<journal::Effective> settled;
  for (const SeenReport& report : view.reports) {
    auto effective = journal::effective_of(report.report, registry);
    if (!effective) continue;
    if (!effective->instance_id.empty()) instance_id_ = effective->instance_id;
    effective_ = effective->params;
    if (report.settled) settled.push_back(std::move(*effective));
  }
  std::set<std::string> late;
  for (const Fault& fault : faults) {
    if (fault.kind == "late") late.insert(fault.parameter);
  }
  std::vector<TakenBack> taken_back;
  std::erase_if(missed_, [&](const auto& entry) {
    const auto& [name, missed] = entry;
    if (!was_in_effect(settled, name, missed.value)) return false;
    if (is_omission(missed.kind) && late.contains(name)) taken_back.push_back({missed.iteration, name});
    return true;
  });
  for (const Fault& fault : faults) {
    const auto expected = view.expected.find(fault.parameter);
    if (!may_be_missed(fault.kind) || expected == view.expected.end()) continue;
    if (was_in_effect(settled, fault.parameter, expected->second)) continue;
    missed_[fault.parameter] = {view.iteration, expected->second, fault.kind, false};
  }
  return taken_back;
}

}  // namespace soak::verify

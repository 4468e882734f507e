#include "loop/last_good.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace soak::loop {
namespace {

// Of one of the change's parameters: the target did not take it, or did not keep it. A late one it did take.
constexpr std::array<std::string_view, 6> kNotTaken = {"ignored",     "half_applied", "wrong_value",
                                                       "rolled_back", "drifted",      "no_effect"};
// Of the target as a whole.
constexpr std::array<std::string_view, 5> kBroken = {"restarted", "stale_report", "torn_report", "crashed",
                                                     "hung"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& kinds, std::string_view kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

void LastGood::adopt(const Json& runtime) {
  good_ = runtime;
  change_.reset();
  bad_.reset();
  why_bad_.reset();
}

void LastGood::observe(const journal::IterationRecord& record, const journal::Kpis& judged,
                       const Json& runtime) {
  bad_.reset();
  why_bad_ = judge(record, judged);
  judged_ = judged;
  if (!why_bad_) {
    if (change_) good_ = runtime;
  } else {
    for (const auto& [name, value] : change_->values) bad_values_.add(name, value);
    bad_ = std::move(change_);
  }
  change_.reset();
}

std::optional<std::string> LastGood::judge(const journal::IterationRecord& record,
                                           const journal::Kpis& judged) const {
  if (!change_) return std::nullopt;
  const std::string change = fmt::format("the change of iteration {} was bad: ", change_->iteration);
  for (const journal::Fault& fault : record.target.faults) {
    if (is_one_of(kBroken, fault.kind)) return change + fault.kind;
    if (is_one_of(kNotTaken, fault.kind) && change_->values.contains(fault.parameter))
      return change + fault.parameter + " " + fault.kind;
  }
  auto worse = analyze::regression(*profile_, record.iteration, change_->kpis, judged);
  if (!worse) return std::nullopt;
  return change + *worse;
}

void LastGood::applied(const journal::IterationRecord& record) {
  if (record.tuning.origin == journal::kOriginRollback) return;
  Change change;
  change.iteration = record.iteration;
  change.kpis = judged_;
  const ParamValues in_effect = journal::flat_params(record.runtime_overrides, *registry_);
  for (const std::string& name : record.tuning.changed_keys) {
    if (const auto value = record.tuning.proposed_deltas.find(name);
        value != record.tuning.proposed_deltas.end())
      change.values.insert(*value);
    if (const auto value = in_effect.find(name); value != in_effect.end()) change.before.insert(*value);
  }
  change_ = std::move(change);
}

std::optional<Rollback> LastGood::rollback(const Json& runtime) const {
  if (!bad_ || runtime == good_) return std::nullopt;
  Rollback rollback{good_, {}, *why_bad_};
  const ParamValues good = get_all_params(good_, *registry_);
  for (const auto& [name, value] : bad_->values) {
    if (const auto found = good.find(name); found != good.end())
      rollback.restored.insert(*found);
    else if (const auto before = bad_->before.find(name); before != bad_->before.end())
      rollback.restored.insert(*before);
  }
  return rollback;
}

}  // namespace soak::loop

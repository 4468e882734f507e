#pragma once
// What the loop remembers from one iteration to the next. Bounded. The live run and the replay of a journal
// go through the same calls in the same order, so that a resumed run decides what an uninterrupted one would
// have decided.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "base/clock.h"
#include "guards/guards.h"
#include "journal/records.h"
#include "journal/write_artifacts.h"
#include "tuner/tuner.h"

namespace soak::loop {

class RunState {
 public:
  RunState(const Registry& registry, const analyze::Profile& profile)
      : registry_(&registry), held_kpis_(profile), profile_(&profile) {}

  // The start of the run: the runtime as written, canonical.
  void start(const Json& runtime);
  // The runtime file was changed by another hand: its values are the ones to go on from.
  void adopt(const Json& runtime, const std::string& state_hash);
  // The end of an iteration, before anything is proposed. `report` is the last one of the iteration, or null
  // where none came.
  void observe(const journal::IterationRecord& record, base::UtcTime now, const Json& report);
  // What became of the proposal; the record is complete. kCorrupt where the runtime that the record speaks of
  // cannot be had from ours.
  Result<void> conclude(const journal::IterationRecord& record);

  // The KPIs with the profile's `hold` policy filled in, for judging. Once an iteration, in order.
  const journal::Kpis& fill_kpis(const journal::Kpis& kpis) { return judged_kpis_ = held_kpis_.fill(kpis); }
  const journal::Kpis& judged_kpis() const { return judged_kpis_; }  // as fill_kpis() gave them last

  std::int64_t iteration() const { return iteration_; }  // the last complete one
  const Json& runtime() const { return runtime_; }
  const std::string& runtime_hash() const { return runtime_hash_; }
  ParamValues values() const { return get_all_params(runtime_, *registry_); }
  const ParamValues& values_before() const { return values_before_; }  // before the last apply
  bool applied_before() const { return applied_before_; }
  const std::string& instance_id() const { return instance_id_; }
  const guards::GuardHistory& history() const { return history_; }
  const std::deque<journal::Kpis>& recent() const { return recent_; }
  const Json& last_report() const { return last_report_; }
  guards::GuardSettings guard_settings() const { return guards::guard_settings(runtime_); }

 private:
  Result<void> take_over(const journal::IterationRecord& record);

  const Registry* registry_;
  analyze::HeldKpis held_kpis_;
  journal::Kpis judged_kpis_;
  const analyze::Profile* profile_;
  std::int64_t iteration_ = 0;
  Json runtime_;
  std::string runtime_hash_;
  ParamValues values_before_;
  bool applied_before_ = false;
  std::string instance_id_;
  guards::GuardHistory history_;
  std::deque<journal::Kpis> recent_;
  Json last_report_;
};

// The runtime with the values of `deltas` for the names in `keys`.
Result<Json> changed_runtime(const Json& runtime, const ParamValues& deltas,
                             const std::vector<std::string>& keys, const Registry& registry);

// Reads what base::format_utc writes. Nothing for any other text.
std::optional<base::UtcTime> parse_utc(const std::string& text);

}  // namespace soak::loop

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
#include "loop/last_good.h"
#include "tuner/tuner.h"
#include "verify/delivery_memory.h"
#include "verify/faults.h"

namespace soak::loop {

class RunState {
 public:
  RunState(const Registry& registry, const analyze::Profile& profile)
      : registry_(&registry), held_kpis_(profile), profile_(&profile), last_good_(registry, profile) {}

  // The start of the run: the runtime as written, canonical.
  void start(const Json& runtime);
  // The runtime file was changed by another hand: its values are the ones to go on from.
  void adopt(const Json& runtime, const std::string& state_hash);
  // The run has started the target for the iteration that comes. Before view_of_delivery() and
  // take_reports().
  void target_started();
  // The reports of an iteration, all of them; returns the new ones, which alone prove anything. Once an
  // iteration, before observe().
  const std::vector<journal::SeenReport>& take_reports(std::vector<journal::SeenReport> reports);
  // The end of an iteration, before anything is proposed.
  void observe(const journal::IterationRecord& record, base::UtcTime now);
  // What became of the proposal; the record is complete. kCorrupt where the runtime that the record speaks of
  // cannot be had from ours.
  Result<void> conclude(const journal::IterationRecord& record);

  // The KPIs with the profile's `hold` policy filled in, for judging. Once an iteration, in order.
  const journal::Kpis& fill_kpis(const journal::Kpis& kpis) { return judged_kpis_ = held_kpis_.fill(kpis); }
  const journal::Kpis& judged_kpis() const { return judged_kpis_; }  // as fill_kpis() gave them last

  // What the target was given for the iteration that comes, and what those before it left; without reports.
  verify::DeliveryView view_of_delivery(std::int64_t iteration) const;
  // An iteration's end by this process's clock, by the run's: that one goes on from the last iteration's end
  // where the run is resumed by a clock that has been set back.
  base::UtcTime by_the_runs_clock(base::UtcTime end);
  // Faults of earlier iterations that the last observe() took back: their values came late.
  std::int64_t taken_back() const { return taken_back_; }

  std::int64_t iteration() const { return iteration_; }  // the last complete one
  const Json& runtime() const { return runtime_; }
  const std::string& runtime_hash() const { return runtime_hash_; }
  ParamValues values() const { return get_all_params(runtime_, *registry_); }
  const guards::GuardHistory& history() const { return history_; }
  const std::deque<journal::Kpis>& recent() const { return recent_; }
  const LastGood& last_good() const { return last_good_; }
  // How to undo the change before the iteration last observed; nothing where it was not bad.
  std::optional<Rollback> rollback() const { return last_good_.rollback(runtime_); }
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
  ParamValues values_before_;  // before the last apply
  bool applied_before_ = false;
  std::optional<base::UtcTime> last_end_;
  std::chrono::milliseconds clock_behind_{0};  // how far this process's clock lags behind the run's
  verify::NewReports filter_;
  std::vector<journal::SeenReport> new_reports_;  // of the iteration at hand
  verify::DeliveryMemory delivery_;
  std::int64_t taken_back_ = 0;
  guards::GuardHistory history_;
  std::deque<journal::Kpis> recent_;
  Json last_report_;
  LastGood last_good_;
};

// The runtime with the values of `deltas` for the names in `keys`.
Result<Json> changed_runtime(const Json& runtime, const ParamValues& deltas,
                             const std::vector<std::string>& keys, const Registry& registry);

// Reads what base::format_utc writes. Nothing for any other text.
std::optional<base::UtcTime> parse_utc(const std::string& text);

}  // namespace soak::loop

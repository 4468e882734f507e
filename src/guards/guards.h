#pragma once
// The four guards: freeze > oscillation > velocity > cooldown. Evaluated at the end of iteration i for the proposal made then; pure
// functions of a history that stays bounded, so that an iteration costs the same at 10 and at 10,000.
// Not thread safe; a GuardHistory is a value and can be copied.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <soak/guards.h>
#include <soak/params.h>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/records.h"

namespace soak::guards {

// From the runtime's `tuner` section, else these defaults.
struct GuardSettings {
  int cooldown_iters = 1;       // iterations
  double velocity_cap = 4;      // step limits an hour
  int oscillation_window = 3;   // values; 0 switches the guard off
};
GuardSettings guard_settings(const Json& runtime);

// What the guards remember. Call observe() once for each iteration in order, then evaluate, then applied() if a proposal of that
// iteration was applied.
class GuardHistory {
 public:
  // The start of a run: the values in effect before iteration 1.
  void start(const ParamValues& in_effect);
  // The end of iteration `iteration`: the values that were in effect in it, and whether it was steady by the profile.
  void observe(std::int64_t iteration, base::UtcTime now, const ParamValues& in_effect, bool steady);
  // A proposal made at the end of the iteration last observed was applied: old and new values of the parameters that changed. A
  // parameter that had no value before has no change to measure.
  void applied(const ParamValues& old_values, const ParamValues& new_values, const Registry& registry, const GuardSettings& settings);
  // After a rollback: the change counts neither for velocity nor for cooldown, and the values it took back leave the oscillation history.
  void rolled_back(const ParamValues& restored);

 private:
  friend GuardFlags evaluate(const GuardHistory&, const ParamValues&, const GuardSettings&, const Registry&);
  struct Change {
    base::UtcTime time;
    double amount = 0;
  };
  struct OneParameter {
    std::deque<Json> values;       // distinct values in effect, oldest first; the last is the current one
    std::deque<Change> changes;    // applied within the last hour
    std::int64_t held_until = 0;   // cooldown: held in iterations up to and including this one
  };
  std::map<std::string, OneParameter> parameters_;
  std::int64_t iteration_ = 0;
  base::UtcTime now_{};
  int steady_run_ = 0;              // steady iterations counted since the last freeze began
  std::int64_t frozen_until_ = 0;   // freeze: set for proposals of iterations up to and including this one
};

// The flags for `proposal` at the end of the iteration last observed. Any parameter held holds the whole proposal.
GuardFlags evaluate(const GuardHistory& history, const ParamValues& proposal, const GuardSettings& settings, const Registry& registry);

}  // namespace soak::guards

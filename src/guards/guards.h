#pragma once
// The four guards: freeze > oscillation > velocity > cooldown. Evaluated at the end of iteration i for the
// proposal made then; pure functions of a history that stays bounded, so that an iteration costs the same at
// 10 and at 10,000.
//
// freeze       iterations i-1 and i both steady: set for the proposals of i, i+1, i+2, i+3. Those four count
// for nothing else: the two
//              steady iterations of the next freeze both lie after i+3.
// oscillation  a proposed value equals (1e-9) one of the last `oscillation_window` distinct successive values
// in effect before the
//              current one, the start included. Proposing the current value again is no oscillation.
// velocity     the changes of one parameter applied in (t - 1 h, t] and the proposed one exceed
// `velocity_cap` step limits. A step limit
//              that is a share of the value is a moving yardstick: each change is measured at the value that
//              it started from. That is the value in the runtime file, or where it has none the one in
//              effect; where neither has one there is no change to measure.
// cooldown     a change above 80 % of a step limit, applied after i, holds the parameter in i+1 ...
// i+cooldown_iters.
//
// Not thread safe; a GuardHistory is a value and can be copied.

#include <soak/guards.h>
#include <soak/params.h>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/records.h"

namespace soak::guards {

// Which guard holds a parameter, in the order in which they count.
enum class Guard { kNone, kFreeze, kOscillation, kVelocity, kCooldown };

// The oscillation guard remembers this many values of a parameter at most; a larger window acts as this one.
inline constexpr int kOscillationWindowMax = 256;
// Changes of one parameter kept apart within an hour; beyond it the two oldest are added up under the later
// one's time.
inline constexpr std::size_t kChangesMax = 512;

// From the runtime's `tuner` section, else these defaults. A setting that is missing, mistyped or negative is
// the default.
struct GuardSettings {
  int cooldown_iters = 1;      // iterations
  double velocity_cap = 4;     // step limits an hour
  int oscillation_window = 3;  // values other than the current one; 0 switches the guard off
};
GuardSettings guard_settings(const Json& runtime);

// What the guards remember. Call observe() once for each iteration in order, then evaluate, then applied() if
// a proposal of that iteration was applied. Nothing else is remembered, so replaying the iteration records
// through the same calls rebuilds it.
class GuardHistory {
 public:
  // The start of a run: the values in effect before iteration 1.
  void start(const ParamValues& in_effect);
  // The end of iteration `iteration`: the values that were in effect in it, and whether it was steady by the
  // profile. A value that is only the last known one rounded to float32 (a target that computes in float32)
  // is taken for that value.
  void observe(std::int64_t iteration, base::UtcTime now, const ParamValues& in_effect, bool steady);
  // A proposal made at the end of the iteration last observed was applied: the new values of the parameters
  // that changed. Each change is measured from the value before (below).
  void applied(const ParamValues& new_values, const Registry& registry, const GuardSettings& settings);
  // Another hand changed the runtime file, which holds these values now. No change of the run's own: neither
  // velocity nor cooldown counts it; what came of it shows in the next observe().
  void edited(const ParamValues& in_file);
  // After a rollback: the change counts neither for velocity nor for cooldown, and the values it took back
  // leave the oscillation history. `restored` may name parameters that the rollback did not touch.
  void rolled_back(const ParamValues& restored);

 private:
  friend GuardFlags evaluate(const GuardHistory&, const ParamValues&, const GuardSettings&, const Registry&);
  friend Guard holding_guard(const GuardHistory&, const std::string&, const Json&, const GuardSettings&,
                             const Registry&);
  friend std::optional<double> velocity_allowance(const GuardHistory&, const std::string&,
                                                  const GuardSettings&, const Registry&);
  friend bool frozen(const GuardHistory&);
  friend int cooldown_iters_left(const GuardHistory&, const std::string&);

  struct Change {
    base::UtcTime time;
    double amount = 0;  // in step limits, each measured at the value that the change started from
    Json from;
    Json to;
    std::int64_t held_until_before = 0;  // what rolled_back() restores
  };
  struct OneParameter {
    std::deque<Json>
        values;  // distinct successive values in effect, oldest first; the last is the current one
    std::deque<Change> changes;   // applied within the last hour
    std::int64_t held_until = 0;  // cooldown: held in iterations up to and including this one
    Json told;                    // the value of the runtime file, which the target was last given, or null
  };
  // The value before: what a change is measured from, for every guard and for a tuner that asks. It is the
  // one in the runtime file; where the file has none, the one in effect, as the target last reported it (its
  // own default). nullptr, and no change to measure, only where neither knows one.
  static const Json* value_before(const OneParameter& parameter);
  static void see(OneParameter& parameter, const Json& value);
  static void take_back(OneParameter& parameter, const Json& restored);
  double spent(const OneParameter& parameter) const;
  bool oscillates(const OneParameter& parameter, const Json& value, const GuardSettings& settings) const;
  bool too_fast(const OneParameter& parameter, const std::string& name, const Json* value,
                const GuardSettings& settings, const Registry& registry) const;
  int iters_left(const OneParameter& parameter) const;

  std::map<std::string, OneParameter> parameters_;
  std::int64_t iteration_ = 0;
  base::UtcTime now_{};
  int steady_run_ = 0;             // steady iterations counted since the last freeze ended
  std::int64_t frozen_until_ = 0;  // freeze: set for proposals of iterations up to and including this one
};

// The flags for `proposal` at the end of the iteration last observed. Any parameter held holds the whole
// proposal; naming a parameter is enough, even with the value that it has. Nothing proposed: freeze as it is,
// no oscillation, and velocity and cooldown of any parameter that they would hold. cooldown_iters_left is the
// longest of those concerned, 0 where there is none.
GuardFlags evaluate(const GuardHistory& history, const ParamValues& proposal, const GuardSettings& settings,
                    const Registry& registry);

// For a tuner that asks first. The highest guard that would hold a proposal of `value` for `name`, or kNone.
Guard holding_guard(const GuardHistory& history, const std::string& name, const Json& value,
                    const GuardSettings& settings, const Registry& registry);

// How far velocity lets `name` move from the value before, in the parameter's own unit; never negative.
// Nothing where velocity does not measure it: no step limit, or no value before.
std::optional<double> velocity_allowance(const GuardHistory& history, const std::string& name,
                                         const GuardSettings& settings, const Registry& registry);

// Whether the freeze guard is set for the iteration last observed.
bool frozen(const GuardHistory& history);

// Iterations that cooldown still holds `name`, the one last observed included; 0: not held.
int cooldown_iters_left(const GuardHistory& history, const std::string& name);

}  // namespace soak::guards

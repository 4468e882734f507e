#pragma once
// What a guard says, and why a proposal was not applied.

#include <optional>
#include <string>

namespace soak {

// Guard flags of one iteration, under the names that they have in every artifact.
struct GuardFlags {
  bool freeze_triggered = false;
  bool oscillation_detected = false;
  bool velocity_violation = false;
  bool cooldown_active = false;
  std::optional<int> cooldown_iters_left;  // counts the current iteration; not set: not known

  bool any() const {
    return freeze_triggered || oscillation_detected || velocity_violation || cooldown_active;
  }
};

// Exactly one flag is true.
struct SkipReason {
  bool cooldown = false;
  bool velocity = false;
  bool oscillation = false;
  bool freeze = false;
  bool no_op = false;
  std::string note;

  bool any() const { return cooldown || velocity || oscillation || freeze || no_op; }
};

}  // namespace soak

#pragma once
// Delivery faults of one iteration, from every report seen in it. Pure: the loop calls it as the run goes,
// and the verifier calls it again on the journal, without trusting what the loop wrote.

#include <soak/params.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/records.h"

namespace soak::verify {

// The delivery faults by name, in the order of the list in DESIGN.md section 12.
inline constexpr std::array<std::string_view, 14> kFaultKinds = {
    "ignored",      "half_applied", "wrong_value", "late",       "rolled_back",  "drifted", "restarted",
    "stale_report", "torn_report",  "no_effect",   "wrong_hash", "foreign_edit", "crashed", "hung"};

// A value that was applied, was not in effect in the iteration after, and has not been since.
struct Missed {
  std::int64_t iteration = 0;  // that should have shown it
  Json value;
  std::string kind;        // of the fault that said so; after a wrong_value nothing is awaited any more
  bool overtaken = false;  // a newer apply has named the parameter: what is in effect now may be that one's
};

struct DeliveryView {
  std::int64_t iteration = 0;
  ParamValues expected;  // every registry parameter of the runtime file that the target was given, flat
  ParamValues before;    // the same before the last apply (equal to expected where nothing was applied)
  bool applied_before = false;     // a proposal was applied just before this iteration
  std::string runtime_hash;        // of the runtime file that the target was given
  std::string instance_id_before;  // of the iteration before; empty in the first
  std::vector<journal::SeenReport> reports;
  // What the target said it used at the end of the iteration before; empty: not known. Tells a value that
  // arrived late from one that never moved, and a fault that goes on from a new one.
  ParamValues effective_before;
  bool target_ended =
      false;  // in this iteration, by a fault that the supervisor names: its silence is that fault
  // What earlier applies owe. The value itself is the evidence of a late delivery: it came into effect, and
  // nobody has written the parameter since.
  std::map<std::string, Missed> missed;
};

// In the order of the list in DESIGN.md section 12; empty for an honest target.
//
// ignored, half_applied: an applied value is not in effect in any settled report (half: others of the same
// apply are). wrong_value: what is in effect is neither the old value nor the new one. late: it came into
// effect after the settle time; or what was missed before came into effect now, with no newer apply of the
// parameter, or in the place of a newer one (one apply behind). rolled_back: in effect, then the old value
// again. drifted: in effect, then another; or a change with no apply. restarted: a new instance_id in any
// report. stale_report: no report at all, of a target that goes on. no_effect: settled evidence contradicts
// the value that the same report calls effective. wrong_hash: the values are right and the state hash is not
// that of the file given.
//
// One that has restarted has lost what it had: from its first report on, the values and the hash of that
// iteration are no faults beside it.
//
// A parameter that the target does not report proves nothing, and is no fault.
std::vector<journal::Fault> find_faults(const DeliveryView& view, const Registry& registry);

// The two values are the same number within 1e-9, or within one unit of float32; everything but numbers must
// be identical.
bool in_effect(const Json& wanted, const Json& observed, bool float32);

// The first `evidence` in `report` that contradicts the value of `name`, as a sentence; nothing where none
// does.
std::optional<std::string> contradicting_evidence(const Json& report, const std::string& name,
                                                  const Json& value, bool float32);

// Position of a kind in kFaultKinds; unknown kinds come last.
std::size_t kind_rank(std::string_view kind);

}  // namespace soak::verify

#pragma once
// From the history to a proposal. Pure: the same input gives the same proposal, and nothing is read or
// written here but a plan file when a PlanTuner is made.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "guards/guards.h"
#include "journal/records.h"
#include "tuner/bad_values.h"

namespace soak::tuner {

struct TunerInput {
  std::int64_t iteration = 0;  // the one that has just ended
  const Registry* registry = nullptr;
  const guards::GuardHistory* history = nullptr;  // observed up to `iteration`
  guards::GuardSettings guard_settings;
  ParamValues current;                    // values in the runtime now, flat
  std::deque<journal::Kpis> recent;       // KPIs of the last iterations, the newest last; at most kRecentMax
  Json totals;                            // `totals` of the newest report (cost components), or null
  std::set<std::string> pinned;           // not to be touched
  const BadValues* bad_values = nullptr;  // tried in this run and found bad: not to be proposed again
};
inline constexpr std::size_t kRecentMax = 8;

struct Proposal {
  ParamValues
      proposed_deltas;    // target values, within bounds and step limits; empty: leave everything as it is
  std::string rationale;  // one line: why, or why nothing
  std::vector<std::string> conditions;
  std::vector<std::string> neg_edge_drivers;
};

class Tuner {
 public:
  virtual ~Tuner() = default;
  virtual Proposal propose(const TunerInput& input) const = 0;
};

// The built-in rules. Asks the guards first and holds back what they would block.
std::unique_ptr<Tuner> make_rules_tuner();
// A plan as read (docs/formats/plan.md).
struct PlannedTuner {
  std::unique_ptr<Tuner> tuner;
  // Iterations of the plan that such a run cannot use, ascending: it proposes nothing after its last one.
  std::vector<std::int64_t> never_used;
};
// One JSON object a line: {"iteration": 3, "proposed_deltas": {...}}; blank lines are skipped. Proposes
// exactly what stands there, guards or no guards. Refused at once, naming file and line: a line that is not
// such an object or has another key, a parameter that the registry does not have, a value that is not of its
// type, an iteration below 1 or named twice. Refused too, naming the file: lines, and not one of them of use
// in a run of `iterations`.
Result<PlannedTuner> make_plan_tuner(const std::string& path, std::int64_t iterations,
                                     const Registry& registry = Registry::builtin());
// Never proposes.
std::unique_ptr<Tuner> make_no_tuner();

}  // namespace soak::tuner

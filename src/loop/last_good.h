#pragma once
// The last known good runtime of a run, and the judgement on each change that takes its place. A change is
// bad when the iteration after it shows that the target did not take it, crashed or restarted under it, or
// got worse beyond the profile's limit (analyze::regression). Not for use outside this room.
//
// Deterministic: from the start values, the iteration records and the foreign edits alone, so that a replay
// knows what the live run knew. Not thread safe. Bounded but for the bad values, of which a run has no more
// than it made bad changes.

#include <soak/params.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "journal/records.h"
#include "tuner/bad_values.h"

namespace soak::loop {

// Back to the last known good runtime.
struct Rollback {
  Json runtime;          // to put in place, whole
  ParamValues restored;  // what must be in effect then: of each parameter concerned its value in `runtime`,
                         // or where that has none, the one that the target had in effect before the change
  std::string why;       // one sentence
};

class LastGood {
 public:
  LastGood(const Registry& registry, const analyze::Profile& profile)
      : registry_(&registry), profile_(&profile) {}

  void start(const Json& runtime) { good_ = runtime; }
  // The file is another hand's now: nothing better is known, and no change of ours is to blame for anything.
  void adopt(const Json& runtime);
  // The end of an iteration: judges the change that came before it. `runtime` was given to the target.
  void observe(const journal::IterationRecord& record, const journal::Kpis& judged, const Json& runtime);
  // What was applied at the end of the iteration last observed. A rollback is not judged in its turn: there
  // is nothing to go back to.
  void applied(const journal::IterationRecord& record);

  const Json& runtime() const { return good_; }
  // Why the change before the iteration last observed was bad; nothing where it was not, or there was none.
  const std::optional<std::string>& why_bad() const { return why_bad_; }
  // How to undo that change, from the runtime as it stands; nothing where there is none to undo.
  std::optional<Rollback> rollback(const Json& runtime) const;
  const tuner::BadValues& bad_values() const { return bad_values_; }

 private:
  struct Change {
    std::int64_t iteration = 0;  // at whose end it was applied
    ParamValues values;          // what it changed, and to what
    ParamValues before;          // in effect before it
    journal::Kpis kpis;          // as judged before it
  };
  std::optional<std::string> judge(const journal::IterationRecord& record, const journal::Kpis& judged) const;

  const Registry* registry_;
  const analyze::Profile* profile_;
  Json good_;
  std::optional<Change> change_;  // between its apply and its judgement
  std::optional<Change> bad_;     // judged
  std::optional<std::string> why_bad_;
  journal::Kpis judged_;  // of the iteration last observed
  tuner::BadValues bad_values_;
};

}  // namespace soak::loop

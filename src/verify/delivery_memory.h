#pragma once
// What one iteration leaves for the judgement of the next ones. The loop keeps it as the run goes, and the
// verifier builds it again from the journal: the same calls in the same order, so that both name the same
// faults. Not thread safe; a value, and bounded by the number of parameters.

#include <soak/params.h>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "journal/records.h"
#include "verify/faults.h"

namespace soak::verify {

// Tells new reports from those that were seen before: a report read twice is no second witness.
class NewReports {
 public:
  // Give each report in the order in which it was seen. A `seq` that does not grow is not new, unless another
  // instance has begun to count anew; a report without one (0) always is.
  bool is_new(const journal::SeenReport& report, const Registry& registry);
  // The run has started the target, which counts anew.
  void started() { *this = {}; }

 private:
  std::string instance_;
  std::int64_t seq_max_ = 0;
};

// A fault that was named when nobody could know better, and is not counted any more.
struct TakenBack {
  std::int64_t iteration = 0;
  std::string parameter;
  bool operator==(const TakenBack&) const = default;
};

// For each iteration: recall(), then find_faults(), then remember(). Before the recall() of the next one,
// written() where an apply ended, edited() where another hand was at the file, and started() where the run
// has started the target for it.
class DeliveryMemory {
 public:
  // An apply named these parameters, whether or not it changed them.
  void written(const ParamValues& proposed);
  // The file is another hand's: nothing that was in effect or awaited before says anything any more.
  void edited();
  // The target is another instance, and by no fault of its own.
  void started();
  // Fills in `instance_id_before`, `effective_before` and `missed`.
  void recall(DeliveryView& view) const;
  // `view` as given to find_faults() (iteration, expected and the new reports suffice), and the faults of
  // that iteration. A value that was ignored, or half applied, and came into effect now is one `late`:
  // returns what that one takes back.
  std::vector<TakenBack> remember(const DeliveryView& view, const std::vector<journal::Fault>& faults,
                                  const Registry& registry);

 private:
  std::string instance_id_;
  ParamValues effective_;  // as last reported
  std::map<std::string, Missed> missed_;
};

// `ignored` or `half_applied`: an old value stayed where a new one was applied.
bool is_omission(const std::string& kind);

}  // namespace soak::verify

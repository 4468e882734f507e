#pragma once
// How each fault is committed: the honest course of one iteration, changed as the fault has it, and what of
// it lasts. Pure, but for the memory that it is given. Not for other rooms.

#include <soak/json.h>
#include <soak/result.h>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "journal/records.h"
#include "target/faulty_course.h"
#include "target/faulty_target.h"

namespace soak::target {

// A value that the target uses in the place of the file's, until another one is written there, or until that
// iteration begins.
struct OwnValue {
  Json value;
  Json file_value;
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
  bool echoes = false;  // it says that the file's is in effect
};

struct CommitMemory {
  std::vector<journal::Fault> committed;
  std::map<std::string, OwnValue> own;
  std::set<std::pair<std::int64_t, std::string>> deviations;  // settled reports of an iteration that used
                                                              // another value than the file's
  std::set<std::int64_t> silent;                              // iterations without a report
  std::size_t instance = 0;
  std::int64_t hung_in = 0;  // the iteration in which a silent target is given up; 0: it is not silent
  bool edit_before_apply = false;
};

struct Course {
  std::int64_t iteration = 0;
  JsonFile file;    // that the target was given
  JsonFile before;  // in the iteration before
  Json start;       // the run's first one
  std::string echoed;
  bool float32 = false;
  std::vector<CourseStep> steps;
  std::optional<FaultKind> end;            // kTornReport, kCrashed, kHung
  std::size_t end_before = 0;              // this step
  std::optional<std::size_t> edit_before;  // another hand is at the file
};

// kInvalidArgument where the last apply gives no occasion for the fault.
Result<void> commit(FaultKind kind, Course& course, CommitMemory& memory, base::Rng& rng);

}  // namespace soak::target

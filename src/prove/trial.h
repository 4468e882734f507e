#pragma once
// One run of the fault matrix: the loop on the faulty target, then verify and the gate on what the run left
// on disk, held against what the target really did.

#include <soak/result.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/records.h"
#include "prove/scenario.h"
#include "target/faulty_target.h"

namespace soak::prove {

// For the tests of this room: something between the loop and the target, which sees less, or says less.
using Wrap = std::function<std::unique_ptr<target::Target>(target::FaultyTarget&)>;

struct Trial {
  target::FaultKind kind = target::FaultKind::kNone;
  std::string name;                          // of the run: "late-17", "healthy-3"
  std::optional<std::uint64_t> seed;         // where the run was drawn from one
  std::string again;                         // the command that makes it once more
  std::vector<journal::Fault> committed;     // by the target
  std::vector<journal::Fault> named;         // by verify
  std::vector<journal::Fault> consequences;  // of those, not the fault itself, and true
  bool detected = false;  // a fault was committed, and all of it is named rightly, in its iteration
  std::string named_as;   // the kind; a wrong one; or "nothing"
  // What is not as it should be, a sentence each; empty: all of it is.
  std::vector<std::string> problems;
  bool good() const { return problems.empty(); }
};

// Runs in `folder`, which must not exist and is left there. Errors of the run are problems of the trial.
// `again` is the caller's to fill in.
Trial run_trial(const Scenario& scenario, const std::string& folder, const std::string& soak_version,
                const Wrap& wrap = {});

}  // namespace soak::prove

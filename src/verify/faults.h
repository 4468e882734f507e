#pragma once
// Delivery faults of one iteration, from every report seen in it. Pure: the loop calls it as the run goes, and the verifier calls it
// again on the journal, without trusting what the loop wrote.

#include <soak/params.h>
#include <string>
#include <vector>

#include "journal/records.h"

namespace soak::verify {

struct DeliveryView {
  std::int64_t iteration = 0;
  ParamValues expected;              // every registry parameter of the runtime file that the target was given, flat
  ParamValues before;                // the same before the last apply (equal to expected where nothing was applied)
  bool applied_before = false;       // a proposal was applied just before this iteration
  std::string runtime_hash;          // of the runtime file that the target was given
  std::string instance_id_before;    // of the iteration before; empty in the first
  std::vector<journal::SeenReport> reports;
};

// In the order of the list in DESIGN.md section 12; empty for an honest target.
std::vector<journal::Fault> find_faults(const DeliveryView& view, const Registry& registry);

}  // namespace soak::verify

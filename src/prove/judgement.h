#pragma once
// What was named, held against what was done. Pure. Not for other rooms.

#include <cstdint>
#include <string>
#include <vector>

#include "journal/records.h"
#include "prove/trial.h"
#include "target/faulty_target.h"

namespace soak::prove {

struct Evidence {
  std::vector<journal::Fault> named;      // by verify
  std::vector<journal::Fault> recorded;   // by the loop, as it went
  std::vector<journal::Fault> rederived;  // by verify from the journal's reports alone
  std::int64_t counted = 0;               // by the loop, at the end
  bool verify_passed = false;
  bool strict_verify_passed = false;
  bool gate_passed = false;
  std::vector<std::string> gate_failures;  // the checks that failed
  bool target_ended = false;               // so the loop says
};

// Fills in everything but kind and seed.
void judge(const target::FaultyTarget& target, const Evidence& evidence, Trial& trial);

}  // namespace soak::prove

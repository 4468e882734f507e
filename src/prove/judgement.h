#pragma once
// What was named, held against what was done. Pure. Not for other rooms.

#include <cstdint>
#include <string>
#include <vector>

#include "journal/records.h"
#include "prove/trial.h"
#include "target/faulty_target.h"

namespace soak::prove {

// What is known of the target, beside what was done to it.
enum class TargetsPast {
  kKnown,    // it is ours: whatever else it is accused of is false
  kUnknown,  // somebody's program: the accusation may be right
};

struct Evidence {
  std::vector<journal::Fault> named;      // by verify
  std::vector<journal::Fault> recorded;   // by the loop, as it went
  std::vector<journal::Fault> rederived;  // by verify from the journal's reports alone
  std::int64_t counted = 0;               // by the loop, at the end
  std::vector<std::string> failures;      // deliveries that verify fails, a sentence each
  bool verify_passed = false;
  bool strict_verify_passed = false;
  bool gate_passed = false;
  std::vector<std::string> gate_failures;  // the checks that failed
  bool target_ended = false;               // so the loop says
  TargetsPast past = TargetsPast::kKnown;
};

// Fills in everything but kind, name, seed and again.
void judge(const target::FaultyTarget& target, const Evidence& evidence, Trial& trial);

}  // namespace soak::prove

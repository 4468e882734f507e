#include "prove/judgement.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "verify/delivery_memory.h"
#include "verify/verify.h"

namespace soak::prove {
namespace {

using journal::Fault;
using target::FaultKind;
using Faults = std::vector<Fault>;

bool same(const Fault& a, const Fault& b) {
  return a.iteration == b.iteration && a.kind == b.kind && a.parameter == b.parameter;
}

bool holds(const Faults& faults, const Fault& wanted) {
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) { return same(fault, wanted); });
}

std::string text(const Fault& fault) {
  return fmt::format("iteration {} {}{}{}", fault.iteration, fault.kind, fault.parameter.empty() ? "" : " ",
                     fault.parameter);
}

// Of what no report shows, the record is all that there is.
bool only_recorded(const Fault& fault) {
  return fault.kind == "crashed" || fault.kind == "hung" || fault.kind == "torn_report" ||
         fault.kind == "foreign_edit";
}

// Named when nobody could know better: the value came an iteration late.
bool taken_back(const Fault& recorded, const Faults& named) {
  return verify::is_omission(recorded.kind) &&
         std::any_of(named.begin(), named.end(), [&](const Fault& fault) {
           return fault.kind == "late" && fault.parameter == recorded.parameter &&
                  fault.iteration > recorded.iteration;
         });
}

void compare_witnesses(const Evidence& evidence, Trial& trial) {
  std::int64_t standing = 0;
  for (const Fault& fault : evidence.recorded) {
    const bool known = holds(evidence.named, fault);
    standing += known;
    if (!known && !taken_back(fault, evidence.named))
      trial.problems.push_back("the loop says, and verify does not: " + text(fault));
  }
  for (const Fault& fault : evidence.named) {
    if (!holds(evidence.recorded, fault))
      trial.problems.push_back("verify says, and the loop did not: " + text(fault));
    if (!only_recorded(fault) && !holds(evidence.rederived, fault))
      trial.problems.push_back("the loop says, and the reports in the journal do not show: " + text(fault));
  }
  for (const Fault& fault : evidence.rederived) {
    if (!holds(evidence.named, fault))
      trial.problems.push_back("only without the loop's record: " + text(fault));
  }
  if (evidence.counted != standing)
    trial.problems.push_back(
        fmt::format("the loop counts {} faults, its record holds {}", evidence.counted, standing));
}

// What the fault passed for: the kinds that were named where it was committed.
std::string named_as(const Trial& trial) {
  std::set<std::string> kinds;
  for (const Fault& done : trial.committed) {
    for (const Fault& fault : trial.named) {
      if (fault.iteration == done.iteration && (done.parameter.empty() || fault.parameter == done.parameter))
        kinds.insert(fault.kind);
    }
  }
  return kinds.empty() ? "nothing" : fmt::format("{}", fmt::join(kinds, "+"));
}

void judge_faults(const target::FaultyTarget& target, TargetsPast past, Trial& trial) {
  const char* accused =
      past == TargetsPast::kKnown ? "falsely accused" : "accused of what was not done to it";
  trial.detected = !trial.committed.empty();
  for (const Fault& done : trial.committed) {
    if (holds(trial.named, done)) continue;
    trial.detected = false;
    trial.problems.push_back(fmt::format("not named: {} ({})", text(done), done.detail));
  }
  for (const Fault& fault : trial.named) {
    if (holds(trial.committed, fault)) continue;
    if (target.is_consequence(fault)) {
      trial.consequences.push_back(fault);
    } else {
      trial.problems.push_back(fmt::format("{}: {}", accused, verify::to_line(fault)));
    }
  }
  trial.named_as = trial.detected ? std::string(target::fault_kind_name(trial.kind)) : named_as(trial);
}

void judge_verdicts(const Evidence& evidence, Trial& trial) {
  const bool healthy = trial.kind == FaultKind::kNone;
  if (healthy) {
    if (!evidence.strict_verify_passed) trial.problems.emplace_back("strict verify fails a healthy run");
    if (!evidence.strict_verify_passed && trial.named.empty())
      trial.problems.insert(trial.problems.end(), evidence.failures.begin(), evidence.failures.end());
    if (!evidence.gate_passed)
      trial.problems.push_back(
          fmt::format("the gate fails a healthy run: {}", fmt::join(evidence.gate_failures, ", ")));
    return;
  }
  if (trial.committed.empty()) trial.problems.emplace_back("no fault was committed");
  if (evidence.verify_passed) trial.problems.emplace_back("verify passes");
  if (evidence.gate_passed) trial.problems.emplace_back("the gate passes");
  const auto& failed = evidence.gate_failures;
  if (!evidence.gate_passed && std::find(failed.begin(), failed.end(), "fault_count") == failed.end())
    trial.problems.push_back(
        fmt::format("the gate fails, but not for the fault: {}", fmt::join(failed, ", ")));
}

}  // namespace

void judge(const target::FaultyTarget& target, const Evidence& evidence, Trial& trial) {
  trial.committed = target.committed();
  trial.named = evidence.named;
  judge_faults(target, evidence.past, trial);
  judge_verdicts(evidence, trial);
  compare_witnesses(evidence, trial);
  const bool ends = trial.kind == FaultKind::kCrashed || trial.kind == FaultKind::kHung ||
                    trial.kind == FaultKind::kTornReport;
  if (ends != evidence.target_ended)
    trial.problems.emplace_back(ends ? "the loop goes on without its target" : "the loop gave up its target");
}

}  // namespace soak::prove

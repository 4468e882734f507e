#pragma once
// Profile, snapshot and verification → one verdict, with a reason for everything that was checked. Pure and
// thread safe.
//
// A check that did not run is never passed: it is skipped or not judged, and says so.

#include <soak/json.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/snapshot.h"
#include "journal/artifacts.h"
#include "verify/verify.h"

namespace soak::gate {

enum class GateVerdict { kPass, kWarn, kFail, kInconclusive };
std::string_view gate_verdict_name(GateVerdict verdict);  // "PASS", "WARN", "FAIL", "INCONCLUSIVE"

enum class CheckStatus {
  kPassed,
  kFailed,
  kWarned,     // not as it should be, but no failure in this mode
  kNotJudged,  // there was nothing to judge it on; the message says why
  kSkipped,    // switched off by the caller
};
std::string_view check_status_name(CheckStatus status);  // "not judged"
std::string check_status_word(CheckStatus status);       // in JSON: "not_judged"

struct Check {
  std::string
      name;  // verdict, freeze_ready, full_apply_ratio, signature_stuck_count, fault_count, run_length
  CheckStatus status = CheckStatus::kNotJudged;
  Json measured;                 // a number, a boolean or a word; null where nothing was measured
  std::string threshold;         // "≥ 0.9"; empty where the check has none
  std::optional<double> margin;  // distance to the threshold, positive on the good side
  std::string message;           // one sentence
};

struct GateOptions {
  bool strict = false;
  bool allow_unfrozen = false;
  bool allow_no_proposals = false;
};

struct GateResult {
  GateVerdict verdict = GateVerdict::kInconclusive;
  std::vector<Check> checks;
  std::vector<std::string> reasons;   // of a FAIL or an INCONCLUSIVE, each with measured value and threshold
  std::vector<std::string> warnings;  // what did not fail the gate and should be known
  bool passed() const { return verdict == GateVerdict::kPass || verdict == GateVerdict::kWarn; }
};

// `verified` is nullptr where the caller chose to skip verification: then no delivery check counts as passed,
// and a warning says so.
GateResult judge(const journal::RunArtifacts& run, const analyze::Profile& profile,
                 const analyze::Snapshot& snapshot, const verify::VerifyResult* verified,
                 const GateOptions& options = {});

Json to_json(const Check& check);
// verdict, checks, reasons, warnings, snapshot, and `delivery`: what verification found (null where it was
// skipped).
Json to_json(const GateResult& result, const analyze::Snapshot& snapshot,
             const verify::VerifyResult* verified);

}  // namespace soak::gate

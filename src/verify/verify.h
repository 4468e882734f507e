#pragma once
// Proves from the artifacts, and from nothing else, which proposals were in effect in the next iteration
// (docs/verify.md). Never calls apply: the two are independent witnesses. Pure and thread safe.

#include <soak/json.h>
#include <soak/params.h>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/artifacts.h"
#include "journal/records.h"

namespace soak::verify {

enum class DeliveryClass {
  kPartialOk,  // not applied, and a guard or a no-op says why
  kFullApply,  // in effect in the next iteration, throughout
  kFail,       // anything else
  kPending,    // applied in the last iteration of foreign artifacts: nothing can prove it; not counted as
               // proposed
};
std::string_view delivery_class_name(
    DeliveryClass delivery_class);  // "partial_ok", "full_apply", "fail", "pending"

// One iteration that proposed something.
struct Delivery {
  std::int64_t iteration = 0;
  std::optional<std::int64_t> next;  // the next iteration that exists
  DeliveryClass delivery_class = DeliveryClass::kFail;
  bool applied = false;
  bool signature_stuck = false;
};

// One parameter of a failed proposal.
struct Failure {
  std::int64_t iteration = 0;        // that proposed
  std::optional<std::int64_t> next;  // that should have shown it
  std::string parameter;
  Json proposed;
  Json observed;  // null: not observed
  // Likely: "never delivered", "half applied", "wrong value", "late", "rolled back", "drifted", "target
  // restarted", "stale report", "no effect", "not observed".
  std::string kind;
  std::string detail;  // one sentence
};

struct VerifyResult {
  std::int64_t full_apply_count = 0;
  std::int64_t partial_ok_count = 0;
  std::int64_t fail_count = 0;
  std::int64_t pending_count = 0;
  std::int64_t signature_stuck_count = 0;
  std::int64_t proposed_count = 0;  // full_apply + partial_ok + fail
  double full_apply_ratio = 0;      // full ÷ proposed, 3 decimals; 0 where nothing was proposed
  std::vector<Delivery> deliveries;
  std::vector<Failure> failures;  // at least one for each failed proposal
  std::vector<journal::Fault>
      faults;                      // recorded in the run, and found again in the journal's reports; each once
  std::vector<std::string> notes;  // gaps, ignored entries, what could not be judged

  bool all_held() const { return proposed_count > 0 && partial_ok_count == proposed_count; }
};

VerifyResult verify_run(const journal::RunArtifacts& run, const Registry& registry);

struct Verdict {
  bool passed = false;
  std::string reason;  // one sentence, with the measured value and its threshold
};
// Faults fail always. Then: ratio ≥ 0.90, or ≥ 0.80 with no signature stuck; with `strict`, ≥ 0.95. Nothing
// proposed passes, and the reason is a warning; all held by guards passes only without `strict`.
Verdict judge(const VerifyResult& result, bool strict);

// Of these one-line texts; control characters in names and values become spaces.
inline constexpr std::size_t kToLineBytesMax = 4096;
// "iteration 3: base_spread_bps: proposed 0.25, observed 0.2 in iteration 4 (never delivered: ...)".
std::string to_line(const Failure& failure);
// "iteration 4: ignored: base_spread_bps: ...".
std::string to_line(const journal::Fault& fault);

Json to_json(const VerifyResult& result);

}  // namespace soak::verify

#pragma once
// What gate, verify and ledger say of a run's folder, as `soak gate` would with default options. Thread safe.

#include <soak/params.h>
#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "analyze/snapshot.h"
#include "gate/gate.h"
#include "verify/ledger.h"
#include "verify/verify.h"

namespace soak::serve {

inline constexpr std::uint64_t kJudgedBytesMax = std::uint64_t{512}
                                                 << 20;    // of journal: beyond, it is not judged here
inline constexpr std::size_t kLedgerEntriesMax = 100'000;  // the newest are kept

struct Judgement {
  std::optional<Error> error;  // the folder cannot be judged, and why; then nothing else is set
  analyze::Snapshot snapshot;
  gate::GateResult gate;
  verify::VerifyResult verified;            // without its deliveries and failures
  std::vector<verify::LedgerEntry> ledger;  // in order of iteration and parameter
  std::int64_t proven = 0;                  // of all entries
  std::vector<std::string> notes;
  std::chrono::milliseconds took{0};
};

// `in_progress`: the run goes on, so that neither its length nor a change that no iteration can have shown
// yet is a failure.
Judgement judge_run_folder(const std::string& folder, const analyze::Profile& profile,
                           const Registry& registry, bool in_progress = false);

}  // namespace soak::serve

#pragma once
// The simulated target with a fault in it: what `soak prove` turns the loop, the verifier and the gate on.
//
// It runs the simulated market maker as a program outside would run: it reads the runtime file when an
// iteration begins, or somewhat later within the settle time, and reports several times an iteration, at odd
// moments, with what it measured since the report before. Then, once, it commits one fault, as a program
// would: the market maker really runs with the values of the fault, so that a report differs from the truth
// only where the fault itself is a lie. What it did is a matter of record (committed()), and says nothing of
// how anybody finds out.
//
// A function of its options and of the runtime files that it is given. Not thread safe.

#include <soak/result.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/records.h"
#include "target/target.h"

namespace soak::target {

// DESIGN.md section 12, in its order.
enum class FaultKind {
  kNone,
  kIgnored,
  kHalfApplied,
  kWrongValue,
  kLate,
  kRolledBack,
  kDrifted,
  kRestarted,
  kStaleReport,
  kTornReport,
  kNoEffect,
  kWrongHash,
  kForeignEdit,
  kCrashed,
  kHung
};
inline constexpr std::array<FaultKind, 14> kFaultKinds = {
    FaultKind::kIgnored,    FaultKind::kHalfApplied, FaultKind::kWrongValue, FaultKind::kLate,
    FaultKind::kRolledBack, FaultKind::kDrifted,     FaultKind::kRestarted,  FaultKind::kStaleReport,
    FaultKind::kTornReport, FaultKind::kNoEffect,    FaultKind::kWrongHash,  FaultKind::kForeignEdit,
    FaultKind::kCrashed,    FaultKind::kHung};
std::string_view fault_kind_name(FaultKind kind);  // "ignored" …; "none"
std::optional<FaultKind> fault_kind_of(std::string_view name);

struct FaultyTargetOptions {
  std::uint64_t seed = 1;
  FaultKind kind = FaultKind::kNone;
  // In which it happens, from 2: an apply before it that changed something (kHalfApplied: two parameters),
  // and two iterations after it.
  std::int64_t iteration = 0;
  // kNoEffect: the parameter, changed by that apply, that is said to be in effect and is not. Only what the
  // simulator measures can tell: one that bounds the measured behaviour, from a value that the market maker
  // reaches to one that it would exceed.
  std::string echoed;
  bool float32 = false;      // it holds its values in float32, and says so
  bool slow_reload = false;  // it goes on with the old values for a while, within the settle time
  std::chrono::milliseconds iteration_length{60'000};
  std::string scratch_path;  // a file of its own, to hand the values that it really uses to the market maker
};

class FaultyTarget : public Target {
 public:
  // The moment between the last look at the runtime file and the apply that follows: another hand may be at
  // work there. `iteration` is the one that has just been observed.
  virtual Result<void> before_apply(std::int64_t iteration) = 0;

  // What was done, in the iteration in which it can be known first; `detail` says it in a sentence.
  virtual const std::vector<journal::Fault>& committed() const = 0;
  // True where another fault of that name, iteration and parameter is no false accusation, but a consequence
  // of what was done: a parameter that stands at its default since a restart, an iteration of silence before
  // the target is given up.
  virtual bool is_consequence(const journal::Fault& fault) const = 0;
};

// Errors are those of the simulated target. kInvalidArgument: a fault and no iteration to commit it in.
Result<std::unique_ptr<FaultyTarget>> make_faulty_target(const FaultyTargetOptions& options);

}  // namespace soak::target

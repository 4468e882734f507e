#pragma once
// From the bytes of a target's report file to a report that the loop can take. Pure.

#include <soak/json.h>
#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace soak::target {

inline constexpr std::size_t kReportBytesMax = std::size_t{1} << 20;

struct CheckedReport {
  std::int64_t seq = 0;
  Json report;
};

// kInvalidJson: torn, or not JSON (NaN is not). kInvalidValue: no object, `seq` missing or no whole number
// from 0 on, or a member of the contract (docs/targets.md) of the wrong type. kLimitExceeded: larger than
// kReportBytesMax, or nested too deep. The message says what to do.
Result<CheckedReport> check_report(std::string_view bytes);

}  // namespace soak::target

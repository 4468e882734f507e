#pragma once
// Order latency that never changes: a request reaches the exchange `entry` after it was sent, and the answer
// comes back `response` after the exchange acted. Unit: nanoseconds.

#include <cstdint>

namespace soak::sim {

struct ConstantLatency {
  std::int64_t entry = 0;
  std::int64_t response = 0;

  std::int64_t entry_ns(std::int64_t /*sent_ns*/) const { return entry; }
  std::int64_t response_ns(std::int64_t /*acted_ns*/) const { return response; }
};

}  // namespace soak::sim

#pragma once
// What the strategy and the exchange of a replay tell each other. Prices are slots (FeedSlots), a
// side is 0 for buy and 1 for sell, quantities are in base units.

#include <cstdint>

namespace soak::sim {

struct ReplayRequest {
  std::int64_t arrives_ns = 0;
  std::int64_t order_id = 0;
  double quantity = 0;
  std::int32_t slot = 0;
  std::int8_t side = 0;
  bool cancel = false;
  std::uint32_t place = 0;  // the strategy's own, given back with each response
};

enum class ReplayAnswer : std::uint8_t {
  kAccepted,
  kExpired,  // post-only, and would have taken
  kPartlyFilled,
  kFilled,
  kCancelled,
  kCancelRejected,  // no such order any more
};

struct ReplayResponse {
  std::int64_t arrives_ns = 0;
  std::int64_t order_id = 0;
  double quantity = 0;  // filled now
  std::int32_t slot = 0;
  std::int8_t side = 0;
  ReplayAnswer answer = ReplayAnswer::kAccepted;
  std::uint32_t place = 0;
};

}  // namespace soak::sim

#pragma once
// With which row of the feed each order of a LOBSTER message file joined its queue. Only of orders that the
// file shows from their submission on: one that was there before, or came while its level was out of sight,
// is kFeedJoinedUnseen. What is left of each order is kept, so that an order goes once it is used up; those
// whose end lies out of sight stay to the end of the file. Not thread safe.

#include <cstdint>
#include <unordered_map>

#include "sim/feed_format.h"
#include "sim/lobster_line.h"

namespace soak::sim {

class LobsterOrders {
 public:
  // The row of the order that this message takes lots away from; kFeedJoinedNone where it takes none from a
  // displayed one.
  std::int64_t joined_row(const LobsterMessage& message) const;
  // Carries the message out. `row`: the one with which an order that it submits joins.
  void apply(const LobsterMessage& message, std::int64_t row);

 private:
  struct Order {
    std::int64_t row = 0;
    std::int64_t left = 0;
  };
  std::unordered_map<std::int64_t, Order> orders_;
};

}  // namespace soak::sim

#pragma once
// The orders of hftbacktest's order-by-order events, and the rows of levels that they make, each with the row
// of the order that it takes lots away from (feed_format.h, joined_row). Semantics as in its L3 exchange
// (backtest/proc/l3_nopartialfillexchange.rs, backtest/models/queue.rs):
//   add     joins its queue
//   cancel  takes an order out whole, whatever quantity the event bears
//   modify  to no more at the same price keeps the place; anything else joins anew
//   fill    an execution of the order; its level changes with the cancel or modify that follows
// Not thread safe.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <tuple>
#include <unordered_map>

#include "sim/feed_writer.h"
#include "sim/hft_row.h"

namespace soak::sim {

struct HftOrderRows {
  std::array<FeedEvent, 2> events;
  std::size_t count = 0;
};

class HftOrders {
 public:
  // `event` bears the times, and price, quantity and side where the kind has them; a row that is written next
  // will be number `next_row`. An error is a phrase, and changes nothing.
  tl::expected<HftOrderRows, std::string> take(HftKind kind, std::uint64_t order_id, const FeedEvent& event,
                                               std::int64_t next_row);
  void clear(Side side);

 private:
  struct Order {
    Decimal price;
    Decimal quantity;
    Side side = Side::kBuy;
    std::int64_t row = 0;
  };
  using Level = std::tuple<Side, std::int64_t, std::uint8_t>;

  tl::expected<HftOrderRows, std::string> add(std::uint64_t order_id, const FeedEvent& event,
                                              std::int64_t next_row);
  HftOrderRows cancel(std::uint64_t order_id, const Order& order, const FeedEvent& event);
  tl::expected<HftOrderRows, std::string> modify(Order& order, const FeedEvent& event, std::int64_t next_row);
  Decimal& level_of(Side side, Decimal price) { return levels_[{side, price.mantissa, price.decimals}]; }
  void put_level(HftOrderRows& rows, const FeedEvent& event, const Order& order, std::int64_t joined_row);

  std::unordered_map<std::uint64_t, Order> orders_;
  std::map<Level, Decimal> levels_;  // what rests at each
};

}  // namespace soak::sim

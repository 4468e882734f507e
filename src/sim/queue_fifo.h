#pragma once
// Queue position, first in, first out, for feeds with order-by-order data (feed_format.h, joined_row): which
// orders stand ahead of ours is known. Ours is reached by the first execution, at its price, of an order that
// joined the queue after it: first in, first out, ours would have been executed before. Executions and
// cancellations of those ahead only let it come forward, and what has nobody of the feed behind it is filled
// as with each model, by a trade or a best price of the other side beyond (replay_exchange.h).
//
// What the feed shows of an order decides its place: one that loses lots keeps it, one that is replaced, or
// grows, joins anew. An order that was there before the feed began, or came while its level was out of sight,
// stands ahead. A hidden order stands behind all displayed ones of its price (price, display, time: Nasdaq
// Equity 4, Rule 4757(a)(1)).
//
// Source: the L3FIFOQueueModel of hftbacktest (backtest/models/queue.rs), in which an execution fills all of
// our orders ahead of the one executed. Not for markets that share executions out pro rata. Unit: lots.

#include <cstdint>

namespace soak::sim {

// A queue model that is told rows instead of what rests at a level.
template <class Queue>
concept ByOrderQueue = requires {
  requires Queue::kByOrder;
};

class FifoQueue {
 public:
  static constexpr bool kByOrder = true;
  struct Position {
    std::int64_t row = 0;
    std::int64_t reached_lots = 0;
  };

  explicit FifoQueue(double /*lot_size*/ = 1) {}

  // `next_row`: the first row of the feed that the exchange has not seen yet.
  Position enter(std::int64_t next_row) const { return {next_row, 0}; }
  // `joined_row` of the execution's row.
  void on_trade(Position& position, std::int64_t traded_lots, std::int64_t joined_row) const {
    if (joined_row >= position.row) position.reached_lots += traded_lots;
  }
  void on_depth(Position& /*position*/, std::int64_t /*before_lots*/, std::int64_t /*now_lots*/) const {}
  // Lots executed behind ours, once: what of the order is filled.
  std::int64_t take_reached_lots(Position& position) const {
    const std::int64_t reached = position.reached_lots;
    position.reached_lots = 0;
    return reached;
  }
};

}  // namespace soak::sim

#pragma once
// Queue position, risk-averse: an order goes behind everything that rests at its level; only trades at that
// price bring it forward, and a level that shrinks below what stood ahead of it cuts what is ahead.
// Cancellations are thus assumed to come from behind. Source: the RiskAdverseQueueModel of hftbacktest
// (backtest/models/queue.rs). Unit: lots.

#include <algorithm>
#include <cstdint>

namespace soak::sim {

class RiskAverseQueue {
 public:
  struct Position {
    std::int64_t ahead_lots = 0;
  };

  explicit RiskAverseQueue(double /*lot_size*/ = 1) {}

  Position enter(std::int64_t resting_lots) const { return {resting_lots}; }
  void on_trade(Position& position, std::int64_t traded_lots) const { position.ahead_lots -= traded_lots; }
  void on_depth(Position& position, std::int64_t /*before_lots*/, std::int64_t now_lots) const {
    position.ahead_lots = std::min(position.ahead_lots, now_lots);
  }
  // Lots that trades have reached beyond what stood ahead, once: what of the order is filled. Below zero
  // ahead, not at zero.
  std::int64_t take_reached_lots(Position& position) const {
    if (position.ahead_lots >= 0) return 0;
    const std::int64_t reached = -position.ahead_lots;
    position.ahead_lots = 0;
    return reached;
  }
};

}  // namespace soak::sim

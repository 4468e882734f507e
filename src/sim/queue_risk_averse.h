#pragma once
// Queue position, risk-averse: an order goes behind everything that rests at its level; only trades at that
// price bring it forward, and a level that shrinks below what stood ahead of it cuts what is ahead.
// Cancellations are thus assumed to come from behind. Source: the RiskAdverseQueueModel of hftbacktest
// (backtest/models/queue.rs). Unit: lots.

#include <algorithm>
#include <cstdint>

namespace soak::sim {

struct RiskAverseQueue {
  std::int64_t ahead_lots = 0;

  void enter(std::int64_t resting_lots) { ahead_lots = resting_lots; }
  void on_trade(std::int64_t traded_lots) { ahead_lots -= traded_lots; }
  void on_depth(std::int64_t /*before_lots*/, std::int64_t now_lots) {
    ahead_lots = std::min(ahead_lots, now_lots);
  }
  // Lots that trades have reached beyond what stood ahead: what of the order is filled. Below zero ahead, not
  // at zero.
  std::int64_t reached_lots() const { return ahead_lots < 0 ? -ahead_lots : 0; }
};

}  // namespace soak::sim

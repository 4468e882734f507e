#pragma once
// A book of price levels kept from feed rows, for keyframes, checks and opening books. Not the replay's book:
// it has no orders in it.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/feed_format.h"

namespace soak::sim {

class FeedBook {
 public:
  // Depth and snapshot rows set a level, a clear empties a side, a trade changes nothing.
  void apply(EventKind kind, Side side, std::int32_t price_ticks, std::int64_t quantity_lots);
  void apply(const MarketEvent& event) {
    apply(event.kind, event.side, event.price_ticks, event.quantity_lots);
  }
  // Replaces everything; levels may come in any order.
  void assign(std::span<const FeedLevel> bids, std::span<const FeedLevel> asks);

  // Best first.
  std::vector<FeedLevel> bids() const;
  std::vector<FeedLevel> asks() const;
  // What rests at a price, 0 for nothing.
  std::int64_t quantity_lots(Side side, std::int32_t price_ticks) const;
  bool two_sided() const { return !sides_[0].empty() && !sides_[1].empty(); }
  bool crossed() const { return two_sided() && best_bid().price_ticks >= best_ask().price_ticks; }
  // Only where the side is not empty.
  FeedLevel best_bid() const { return sides_[0].back(); }
  FeedLevel best_ask() const { return {-sides_[1].back().price_ticks, sides_[1].back().quantity_lots}; }

 private:
  // Mirrored prices, ascending: the best level is the last, and most changes are near it.
  std::vector<FeedLevel> sides_[2];
};

}  // namespace soak::sim

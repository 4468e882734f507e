#pragma once
// One event of a level-2 market, as the exchange published it. Integers throughout: prices in ticks,
// quantities in lots.

#include <cstdint>

namespace soak::sim {

enum class EventKind : std::uint8_t {
  kDepth,     // the quantity now resting at `price_ticks` on `side` is `quantity_lots` (0: the level is gone)
  kTrade,     // a trade; `side` is the aggressor's: kBuy lifted an ask, kSell hit a bid
  kSnapshot,  // like kDepth, one level of a full snapshot
  kClear,     // every level of `side` is void; a snapshot follows
};
enum class Side : std::uint8_t { kBuy, kSell };  // for depth: kBuy = bids, kSell = asks

inline Side opposite(Side side) {
  return side == Side::kBuy ? Side::kSell : Side::kBuy;
}

struct MarketEvent {
  std::int64_t exchange_ns = 0;  // when it happened at the exchange; never decreases within a feed
  std::int64_t local_ns = 0;     // when a subscriber sees it; never decreases within a feed
  std::int32_t price_ticks = 0;
  EventKind kind = EventKind::kDepth;
  Side side = Side::kBuy;
  std::int64_t quantity_lots = 0;
};

// What rests at a price.
struct Level {
  std::int32_t price_ticks = 0;
  std::int64_t quantity_lots = 0;
  bool operator==(const Level&) const = default;
};

// What an instrument's integers mean.
struct Instrument {
  double tick_size = 0;  // quote units a tick
  double lot_size = 0;   // base units a lot
};

}  // namespace soak::sim

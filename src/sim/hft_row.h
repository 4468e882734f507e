#pragma once
// One row of hftbacktest's event files. Source of the layout: hftbacktest, types.rs (Event and the event
// flags).

#include <cstdint>
#include <type_traits>

#include "sim/market_event.h"

namespace soak::sim {

struct HftRow {
  std::uint64_t event;  // kind in the low byte, flags below
  std::int64_t exchange_ns;
  std::int64_t local_ns;
  double price;
  double quantity;
  std::uint64_t order_id;
  std::int64_t integer;
  double number;
};
static_assert(sizeof(HftRow) == 64 && std::is_trivially_copyable_v<HftRow>);

inline constexpr std::uint64_t kHftExchange = std::uint64_t{1} << 31;  // the exchange sees it, at exchange_ns
inline constexpr std::uint64_t kHftLocal = std::uint64_t{1} << 30;     // the subscriber sees it, at local_ns
inline constexpr std::uint64_t kHftBuy = std::uint64_t{1} << 29;       // bids; of a trade: the aggressor
inline constexpr std::uint64_t kHftSell = std::uint64_t{1} << 28;
enum HftKind : std::uint8_t {
  kHftDepth = 1,
  kHftTrade = 2,
  kHftDepthClear = 3,  // levels of a side up to `price`; without a side: the whole book
  kHftDepthSnapshot = 4,
  // Order by order; each bears the order's id.
  kHftAddOrder = 10,
  kHftCancelOrder = 11,
  kHftModifyOrder = 12,
  kHftFill = 13,  // of a resting order
};

// An event that exchange and subscriber both see, as hftbacktest's users write it: price and quantity are
// steps times the size of the step. Not for clears.
HftRow hft_row_of(const MarketEvent& event, const Instrument& instrument);

}  // namespace soak::sim

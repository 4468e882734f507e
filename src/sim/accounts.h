#pragma once
// What trading earned and cost, in integers, so that net = gross - fees - adverse - slippage - inventory
// holds to the last unit.
//
// Unit of money: one millionth of (half a tick × one lot). Each fill is measured against the exchange's mid
// at that moment:
//   gross      maker fills: the edge to the mid, quantity × (mid - price) for a buy
//   slippage   taker fills: the cost against the mid, quantity × (price - mid) for a buy
//   adverse    maker fills: how far the mid went against them within the mark-out horizon
//   inventory  what holding cost beyond that: minus the sum of position × change of the mid, less adverse
//   fees       rate × notional of each fill
//   net        cash + position × last mid - fees
// net comes from cash alone, and so is an independent witness of gross, fees, slippage and adverse +
// inventory. Mark-outs: Hasbrouck, Empirical Market Microstructure (2007), chapter 8. Not thread safe.

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/market_event.h"

namespace soak::sim {

__extension__ using Money = __int128;
inline constexpr std::int64_t kMoneyUnitsPerHalfTickLot = 1'000'000;

struct FillRecord {
  std::int64_t exchange_ns = 0;
  Side side = Side::kBuy;
  bool maker = true;
  std::int32_t price_ticks = 0;
  std::int64_t quantity_lots = 0;
  std::int64_t mid_half_ticks = 0;      // at the fill
  std::int64_t markout_half_ticks = 0;  // the mid one horizon later, or at the end
};

struct Totals {
  Money gross = 0, fees = 0, adverse = 0, slippage = 0, inventory = 0, net = 0;
  Money notional = 0;  // quantity × price over all fills
  std::int64_t maker_fills = 0, taker_fills = 0;
  std::int64_t maker_lots = 0, taker_lots = 0;
  Totals& operator+=(const Totals& other);
  // The identity, to the last unit.
  bool balanced() const { return net == gross - fees - adverse - slippage - inventory; }
};

class Accounts {
 public:
  explicit Accounts(std::int64_t markout_ns) : markout_ns_(markout_ns) {}

  // The mid is `mid_half_ticks` from `now_ns` on. A fill is measured against the last mid told before it;
  // times never decrease.
  void mid_moved(std::int64_t now_ns, std::int64_t mid_half_ticks);
  // A fill at the exchange. `fee_ppm` in millionths of the notional. The mid must be known.
  void filled(std::int64_t now_ns, Side side, bool maker, std::int32_t price_ticks,
              std::int64_t quantity_lots, std::int64_t fee_ppm);
  // Ends the window: open mark-outs are taken at the last mid.
  Totals close(std::int64_t now_ns);

  std::int64_t position_lots() const { return position_; }
  const std::vector<FillRecord>& fills() const { return fills_; }

 private:
  void take_markouts(std::int64_t now_ns);

  std::int64_t markout_ns_;
  std::int64_t mid_ = 0;
  std::int64_t position_ = 0;
  Money cash_half_tick_lots_ = 0;
  Money holding_half_tick_lots_ = 0;  // sum of position × change of the mid
  std::vector<FillRecord> fills_;
  std::size_t next_markout_ = 0;
  Totals totals_;
};

}  // namespace soak::sim

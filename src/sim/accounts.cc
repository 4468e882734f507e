#include "sim/accounts.h"

#include <cassert>

namespace soak::sim {
namespace {
constexpr std::int64_t sign_of(Side side) {
  return side == Side::kBuy ? 1 : -1;
}
}  // namespace

Totals& Totals::operator+=(const Totals& other) {
  gross += other.gross;
  fees += other.fees;
  adverse += other.adverse;
  slippage += other.slippage;
  inventory += other.inventory;
  net += other.net;
  notional += other.notional;
  maker_fills += other.maker_fills;
  taker_fills += other.taker_fills;
  maker_lots += other.maker_lots;
  taker_lots += other.taker_lots;
  return *this;
}

void Accounts::take_markouts(std::int64_t now_ns) {
  for (; next_markout_ < fills_.size() && fills_[next_markout_].exchange_ns + markout_ns_ <= now_ns;
       ++next_markout_) {
    fills_[next_markout_].markout_half_ticks = mid_;
  }
}

void Accounts::mid_moved(std::int64_t now_ns, std::int64_t mid_half_ticks) {
  if (mid_half_ticks == mid_) return;
  take_markouts(now_ns - 1);  // a mark-out that fell due before this moment saw the mid that was
  if (mid_ != 0) holding_half_tick_lots_ += static_cast<Money>(position_) * (mid_half_ticks - mid_);
  mid_ = mid_half_ticks;
}

void Accounts::filled(std::int64_t now_ns, Side side, bool maker, std::int32_t price_ticks,
                      std::int64_t quantity_lots, std::int64_t fee_ppm) {
  assert(mid_ != 0 && quantity_lots > 0);
  const Money price = Money{2} * price_ticks;  // half ticks
  const Money edge =
      sign_of(side) * static_cast<Money>(quantity_lots) * (mid_ - price) * kMoneyUnitsPerHalfTickLot;
  if (maker) {
    totals_.gross += edge;
    ++totals_.maker_fills;
    totals_.maker_lots += quantity_lots;
  } else {
    totals_.slippage -= edge;
    ++totals_.taker_fills;
    totals_.taker_lots += quantity_lots;
  }
  const Money notional = price * quantity_lots;
  totals_.fees +=
      notional * fee_ppm;  // a rate in millionths × a unit of a millionth: no division, no rounding
  totals_.notional += notional * kMoneyUnitsPerHalfTickLot;
  cash_half_tick_lots_ -= sign_of(side) * notional;
  position_ += sign_of(side) * quantity_lots;
  fills_.push_back({now_ns, side, maker, price_ticks, quantity_lots, mid_, mid_});
}

Totals Accounts::close(std::int64_t now_ns) {
  take_markouts(now_ns);
  for (; next_markout_ < fills_.size(); ++next_markout_) fills_[next_markout_].markout_half_ticks = mid_;
  Money adverse_half_tick_lots = 0;
  for (const FillRecord& fill : fills_) {
    if (fill.maker) {
      adverse_half_tick_lots -= sign_of(fill.side) * static_cast<Money>(fill.quantity_lots) *
                                (fill.markout_half_ticks - fill.mid_half_ticks);
    }
  }
  totals_.adverse = adverse_half_tick_lots * kMoneyUnitsPerHalfTickLot;
  totals_.inventory = -holding_half_tick_lots_ * kMoneyUnitsPerHalfTickLot - totals_.adverse;
  totals_.net = (cash_half_tick_lots_ + static_cast<Money>(position_) * mid_) * kMoneyUnitsPerHalfTickLot -
                totals_.fees;
  return totals_;
}

}  // namespace soak::sim

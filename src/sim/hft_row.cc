#include "sim/hft_row.h"

#include <cassert>

namespace soak::sim {

HftRow hft_row_of(const MarketEvent& event, const Instrument& instrument) {
  assert(event.kind != EventKind::kClear);
  const HftKind kind = event.kind == EventKind::kTrade   ? kHftTrade
                       : event.kind == EventKind::kDepth ? kHftDepth
                                                         : kHftDepthSnapshot;
  HftRow row{};
  row.event = kind | kHftExchange | kHftLocal | (event.side == Side::kBuy ? kHftBuy : kHftSell);
  row.exchange_ns = event.exchange_ns;
  row.local_ns = event.local_ns;
  row.price = static_cast<double>(event.price_ticks) * instrument.tick_size;
  row.quantity = static_cast<double>(event.quantity_lots) * instrument.lot_size;
  return row;
}

}  // namespace soak::sim

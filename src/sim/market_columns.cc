#include "sim/market_columns.h"

#include <algorithm>
#include <limits>

namespace soak::sim {
namespace {

constexpr std::int64_t kLotsMax = std::numeric_limits<std::int32_t>::max();

FeedSlots slots_over(std::span<const Level> bids, std::span<const Level> asks,
                     std::span<const MarketEvent> events) {
  FeedSlots slots{std::numeric_limits<std::int32_t>::max(), 0};
  const auto take_in = [&](std::int32_t price_ticks) {
    slots.price_ticks_min = std::min(slots.price_ticks_min, price_ticks);
    slots.price_ticks_max = std::max(slots.price_ticks_max, price_ticks);
  };
  for (const auto& side : {bids, asks})
    for (const Level& level : side) take_in(level.price_ticks);
  for (const MarketEvent& event : events)
    if (event.kind != EventKind::kClear) take_in(event.price_ticks);
  slots.price_ticks_min = std::min(slots.price_ticks_min, slots.price_ticks_max);
  return slots;
}

}  // namespace

MarketColumns::MarketColumns(const Instrument& instrument, std::span<const Level> bids,
                             std::span<const Level> asks, std::span<const MarketEvent> events,
                             std::int64_t quantity_lots_max)
    : instrument_(instrument), slots_(slots_over(bids, asks, events)) {
  while (quantity_lots_max / coarser_ > kLotsMax) coarser_ *= 10;
  instrument_.lot_size *= static_cast<double>(coarser_);
  bids_ = to_lots(bids);
  asks_ = to_lots(asks);
  const std::size_t padded = events.size() + kFeedPaddingRowsMin;
  exchange_ns_.reserve(padded);
  local_ns_.reserve(padded);
  rows_.reserve(padded);
  for (const MarketEvent& event : events) {
    exchange_ns_.push_back(event.exchange_ns);
    local_ns_.push_back(event.local_ns);
    rows_.push_back({slots_.code(event.kind, event.side, event.price_ticks), to_lots(event.quantity_lots)});
  }
  exchange_ns_.resize(padded, kFeedPaddingNs);
  local_ns_.resize(padded, kFeedPaddingNs);
  rows_.resize(padded);
}

// What is less than a lot still shows that the level is there.
std::int32_t MarketColumns::to_lots(std::int64_t quantity) const {
  return static_cast<std::int32_t>(quantity == 0 ? 0 : std::max<std::int64_t>(1, quantity / coarser_));
}

std::vector<Level> MarketColumns::to_lots(std::span<const Level> levels) const {
  std::vector<Level> scaled(levels.begin(), levels.end());
  for (Level& level : scaled) level.quantity_lots = to_lots(level.quantity_lots);
  return scaled;
}

ReplayFeed MarketColumns::feed() const {
  const std::size_t size = rows_.size() - kFeedPaddingRowsMin;
  return {size,
          {exchange_ns_.data(), rows_.data(), size},
          {local_ns_.data(), rows_.data(), size},
          slots_,
          instrument_};
}

}  // namespace soak::sim

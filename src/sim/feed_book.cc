#include "sim/feed_book.h"

#include <algorithm>

namespace soak::sim {

void FeedBook::apply(EventKind kind, Side side, std::int32_t price_ticks, std::int64_t quantity_lots) {
  if (kind == EventKind::kTrade) return;
  const bool ask = side == Side::kSell;
  std::vector<FeedLevel>& levels = sides_[ask ? 1 : 0];
  if (kind == EventKind::kClear) {
    levels.clear();
    return;
  }
  const std::int64_t mirrored = ask ? -price_ticks : price_ticks;
  const auto place =
      std::lower_bound(levels.begin(), levels.end(), mirrored,
                       [](const FeedLevel& level, std::int64_t price) { return level.price_ticks < price; });
  const bool found = place != levels.end() && place->price_ticks == mirrored;
  if (quantity_lots == 0) {
    if (found) levels.erase(place);
  } else if (found) {
    place->quantity_lots = quantity_lots;
  } else {
    levels.insert(place, FeedLevel{mirrored, quantity_lots});
  }
}

void FeedBook::assign(std::span<const FeedLevel> bids, std::span<const FeedLevel> asks) {
  sides_[0].assign(bids.begin(), bids.end());
  sides_[1].assign(asks.begin(), asks.end());
  for (FeedLevel& level : sides_[1]) level.price_ticks = -level.price_ticks;
  for (auto& side : sides_) {
    std::sort(side.begin(), side.end(),
              [](const FeedLevel& a, const FeedLevel& b) { return a.price_ticks < b.price_ticks; });
  }
}

std::int64_t FeedBook::quantity_lots(Side side, std::int32_t price_ticks) const {
  const bool ask = side == Side::kSell;
  const std::vector<FeedLevel>& levels = sides_[ask ? 1 : 0];
  const std::int64_t mirrored = ask ? -price_ticks : price_ticks;
  const auto place =
      std::lower_bound(levels.begin(), levels.end(), mirrored,
                       [](const FeedLevel& level, std::int64_t price) { return level.price_ticks < price; });
  return place != levels.end() && place->price_ticks == mirrored ? place->quantity_lots : 0;
}

std::vector<FeedLevel> FeedBook::bids() const {
  return {sides_[0].rbegin(), sides_[0].rend()};
}

std::vector<FeedLevel> FeedBook::asks() const {
  std::vector<FeedLevel> levels(sides_[1].rbegin(), sides_[1].rend());
  for (FeedLevel& level : levels) level.price_ticks = -level.price_ticks;
  return levels;
}

}  // namespace soak::sim

#pragma once
// A price-level book in integers: what rests at each tick, and the best of both sides. The same class serves
// as the exchange's book and as the market maker's own, later view of it. Levels near the market stand in a
// flat array, the few far away in a map; the array moves when the market does. Not thread safe.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/market_event.h"

namespace soak::sim {

class Book {
 public:
  // Sets what rests at a level; 0 removes it. A level that crosses the other side is kept (a replay must see
  // what the feed says).
  void set(Side side, std::int32_t price_ticks, std::int64_t quantity_lots);
  void clear(Side side);
  // As if newly made, but with the memory that it has: what costs most in making one.
  void reset();
  // Depth, snapshot and clear events; trades change nothing.
  void apply(const MarketEvent& event);

  std::int64_t quantity(Side side, std::int32_t price_ticks) const;
  // Nothing where the side is empty.
  std::optional<std::int32_t> best(Side side) const;
  bool two_sided() const { return best_[0] != kNone && best_[1] != kNone; }
  bool crossed() const { return two_sided() && best_[0] >= best_[1]; }
  // Best bid + best ask: twice the mid, so that it stays an integer. Both sides must exist.
  std::int64_t mid_half_ticks() const { return std::int64_t{best_[0]} + best_[1]; }
  // Up to `count` levels from the best outwards.
  std::vector<Level> levels(Side side, std::size_t count) const;

 private:
  static constexpr std::int32_t kNone = INT32_MIN;
  static constexpr std::int32_t kSpan = 1 << 15;  // ticks that the array covers

  bool near(std::int32_t price) const { return price >= base_ && price - base_ < kSpan; }
  std::int64_t& slot(int side, std::int32_t price) {
    return near_[side][static_cast<std::size_t>(price - base_)];
  }
  void begin_at(std::int32_t price);
  void empty_array(int side);
  void move_array(std::int32_t centre);
  void find_best(int side, std::int32_t from);

  std::vector<std::int64_t> near_[2];  // empty until the first level is set
  std::map<std::int32_t, std::int64_t> far_[2];
  std::int64_t near_count_[2] = {0, 0};
  std::int32_t best_[2] = {kNone, kNone};
  std::int32_t base_ = kNone;  // price of the array's first slot
};

}  // namespace soak::sim

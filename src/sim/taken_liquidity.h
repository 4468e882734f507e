#pragma once
// What our own takes have consumed of a book that a recording replays unmoved: it stays consumed until the
// feed tells the level anew. Without it a taker could hit the same resting quantity again and again. Unit:
// lots. Not thread safe.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/market_event.h"

namespace soak::sim {

class TakenLiquidity {
 public:
  void take(Side resting_side, std::int32_t price_ticks, std::int64_t lots) {
    for (Taken& taken : taken_) {
      if (taken.is(resting_side, price_ticks)) {
        taken.lots += lots;
        return;
      }
    }
    taken_.push_back({resting_side, price_ticks, lots});
  }
  // What is left of the `resting_lots` that the feed shows at a level.
  std::int64_t left_lots(Side side, std::int32_t price_ticks, std::int64_t resting_lots) const {
    for (const Taken& taken : taken_) {
      if (taken.is(side, price_ticks)) return std::max<std::int64_t>(0, resting_lots - taken.lots);
    }
    return resting_lots;
  }
  void renewed(Side side, std::int32_t price_ticks) {
    if (taken_.empty()) return;
    std::erase_if(taken_, [&](const Taken& taken) { return taken.is(side, price_ticks); });
  }
  void side_cleared(Side side) {
    std::erase_if(taken_, [&](const Taken& taken) { return taken.side == side; });
  }

 private:
  struct Taken {
    Side side;
    std::int32_t price_ticks;
    std::int64_t lots;
    bool is(Side other_side, std::int32_t other_price) const {
      return side == other_side && price_ticks == other_price;
    }
  };
  std::vector<Taken> taken_;
};

}  // namespace soak::sim

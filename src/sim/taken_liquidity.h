#pragma once
// What our own takes have consumed of a book that a recording replays unmoved: it stays consumed until the
// feed tells the level anew. Without it a taker could hit the same resting quantity again and again. Levels
// are slots (FeedSlots), which differ for the two sides. Unit: lots. Not thread safe.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace soak::sim {

class TakenLiquidity {
 public:
  void take(int side, std::int32_t slot, std::int64_t lots) {
    for (Taken& taken : taken_) {
      if (taken.slot == slot) {
        taken.lots += lots;
        return;
      }
    }
    taken_.push_back({side, slot, lots});
  }
  bool holds(std::int32_t slot) const {
    return std::any_of(taken_.begin(), taken_.end(), [&](const Taken& taken) { return taken.slot == slot; });
  }
  // What is left of the `resting_lots` that the feed shows at a level.
  std::int64_t left_lots(std::int32_t slot, std::int64_t resting_lots) const {
    for (const Taken& taken : taken_) {
      if (taken.slot == slot) return std::max<std::int64_t>(0, resting_lots - taken.lots);
    }
    return resting_lots;
  }
  // The feed tells the level anew; true where something had been taken from it.
  bool renewed(std::int32_t slot) {
    return std::erase_if(taken_, [&](const Taken& taken) { return taken.slot == slot; }) > 0;
  }
  // The levels of the side that this makes new.
  std::vector<std::int32_t> side_cleared(int side) {
    std::vector<std::int32_t> slots;
    std::erase_if(taken_, [&](const Taken& taken) {
      if (taken.side == side) slots.push_back(taken.slot);
      return taken.side == side;
    });
    return slots;
  }

 private:
  struct Taken {
    int side;
    std::int32_t slot;
    std::int64_t lots;
  };
  std::vector<Taken> taken_;
};

}  // namespace soak::sim

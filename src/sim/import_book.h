#pragma once
// Which levels the book has while an import goes on and the instrument's steps are not yet known. Quantities
// are not kept.

#include <vector>

#include "sim/feed_writer.h"

namespace soak::sim {

class ImportBook {
 public:
  // As the event will act in a replay: depth and snapshot set or remove a level, a clear empties its side.
  void apply(const FeedEvent& event);
  void clear() {
    for (auto& side : sides_) side.clear();
  }

  bool empty(Side side) const { return side_of(side).empty(); }
  // Best bid at or above best ask.
  bool crossed() const;
  // Only where the side is not empty.
  Decimal best(Side side) const { return side_of(side).back().price; }
  // The levels of a side from the best to this price, best first, all of them or some.
  std::vector<Decimal> from_best_to(Side side, double price) const;
  std::size_t size(Side side) const { return side_of(side).size(); }

 private:
  // Prices as doubles order fast, and 15 digits tell any two apart. Asks are negative: better is greater, the
  // best is the last, and most changes are near it.
  struct Entry {
    double rank;
    Decimal price;
  };
  const std::vector<Entry>& side_of(Side side) const { return sides_[side == Side::kSell ? 1 : 0]; }

  std::vector<Entry> sides_[2];
};

}  // namespace soak::sim

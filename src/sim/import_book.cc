#include "sim/import_book.h"

#include <algorithm>

namespace soak::sim {

void ImportBook::apply(const FeedEvent& event) {
  if (event.kind == EventKind::kTrade) return;
  std::vector<Entry>& levels = sides_[event.side == Side::kSell ? 1 : 0];
  if (event.kind == EventKind::kClear) {
    levels.clear();
    return;
  }
  const double rank = event.side == Side::kSell ? -to_double(event.price) : to_double(event.price);
  const auto place = std::lower_bound(levels.begin(), levels.end(), rank,
                                      [](const Entry& entry, double wanted) { return entry.rank < wanted; });
  const bool found = place != levels.end() && place->rank == rank;
  if (event.quantity.mantissa == 0) {
    if (found) levels.erase(place);
  } else if (!found) {
    levels.insert(place, {rank, event.price});
  }
}

bool ImportBook::crossed() const {
  if (sides_[0].empty() || sides_[1].empty()) return false;
  return sides_[0].back().rank >= -sides_[1].back().rank;
}

std::vector<Decimal> ImportBook::from_best_to(Side side, double price) const {
  const double rank = side == Side::kSell ? -price : price;
  std::vector<Decimal> levels;
  const auto& all = side_of(side);
  for (auto entry = all.rbegin(); entry != all.rend() && entry->rank >= rank; ++entry)
    levels.push_back(entry->price);
  return levels;
}

}  // namespace soak::sim

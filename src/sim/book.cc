#include "sim/book.h"

#include <algorithm>
#include <iterator>

namespace soak::sim {
namespace {
constexpr int index_of(Side side) {
  return side == Side::kBuy ? 0 : 1;
}
// Whether price a is better than b for that side.
constexpr bool better(int side, std::int32_t a, std::int32_t b) {
  return side == 0 ? a > b : a < b;
}
}  // namespace

void Book::set(Side side_name, std::int32_t price, std::int64_t quantity) {
  const int side = index_of(side_name);
  if (base_ == kNone) begin_at(price);
  if (!near(price) && quantity > 0 && (best_[side] == kNone || better(side, price, best_[side])))
    move_array(price);
  if (near(price)) {
    std::int64_t& there = slot(side, price);
    near_count_[side] += static_cast<int>(quantity > 0) - static_cast<int>(there > 0);
    there = quantity;
  } else if (quantity > 0) {
    far_[side][price] = quantity;
  } else {
    far_[side].erase(price);
  }
  if (quantity > 0) {
    if (best_[side] == kNone || better(side, price, best_[side])) best_[side] = price;
  } else if (price == best_[side]) {
    find_best(side, price);
  }
}

void Book::begin_at(std::int32_t price) {
  base_ = price - kSpan / 2;
  for (auto& levels : near_) levels.resize(kSpan);
}

// Only slots that are taken are written: the walk ends at the last of them, and they lie close together.
void Book::empty_array(int side) {
  if (near_count_[side] == 0) return;
  const std::int32_t step = side == 0 ? -1 : 1;
  std::int32_t price = best_[side];
  if (!near(price)) price = side == 0 ? base_ + kSpan - 1 : base_;
  for (; near_count_[side] > 0 && near(price); price += step) {
    std::int64_t& there = slot(side, price);
    near_count_[side] -= there > 0;
    there = 0;
  }
}

void Book::reset() {
  for (const Side side : {Side::kBuy, Side::kSell}) clear(side);
  base_ = kNone;
}

void Book::clear(Side side_name) {
  const int side = index_of(side_name);
  empty_array(side);
  far_[side].clear();
  best_[side] = kNone;
}

void Book::apply(const MarketEvent& event) {
  switch (event.kind) {
    case EventKind::kDepth:
    case EventKind::kSnapshot:
      set(event.side, event.price_ticks, event.quantity_lots);
      return;
    case EventKind::kClear:
      clear(event.side);
      return;
    case EventKind::kTrade:
      return;
  }
}

std::int64_t Book::quantity(Side side_name, std::int32_t price) const {
  const int side = index_of(side_name);
  if (base_ != kNone && near(price)) return near_[side][static_cast<std::size_t>(price - base_)];
  const auto found = far_[side].find(price);
  return found == far_[side].end() ? 0 : found->second;
}

std::optional<std::int32_t> Book::best(Side side) const {
  const std::int32_t price = best_[index_of(side)];
  return price == kNone ? std::nullopt : std::optional(price);
}

std::vector<Level> Book::levels(Side side_name, std::size_t count) const {
  const int side = index_of(side_name);
  std::vector<Level> result;
  const auto add = [&](std::int32_t price, std::int64_t quantity) {
    if (quantity > 0 && result.size() < count) result.push_back({price, quantity});
  };
  // Far levels may lie on both sides of the array: the better ones first, then the array, then the rest.
  const auto add_far = [&](bool better_than_array) {
    const auto add_one = [&](const auto& level) {
      if (better(side, level.first, base_) == better_than_array) add(level.first, level.second);
    };
    if (side == 0) {
      std::for_each(far_[side].rbegin(), far_[side].rend(), add_one);
    } else {
      std::for_each(far_[side].begin(), far_[side].end(), add_one);
    }
  };
  add_far(true);
  std::int32_t price = side == 0 ? base_ + kSpan - 1 : base_;
  if (best_[side] != kNone && near(best_[side])) price = best_[side];
  if (near_count_[side] > 0) {
    for (; near(price) && result.size() < count; price += side == 0 ? -1 : 1)
      add(price, near_[side][static_cast<std::size_t>(price - base_)]);
  }
  add_far(false);
  return result;
}

// Puts the array around `centre`; levels that leave it go to the map, levels that enter it come from there.
void Book::move_array(std::int32_t centre) {
  const std::int32_t old_base = base_;
  base_ = centre - kSpan / 2;
  for (int side = 0; side < 2; ++side) {
    std::vector<std::int64_t> moved(kSpan);
    near_count_[side] = 0;
    const auto place = [&](std::int32_t price, std::int64_t quantity) {
      if (near(price)) {
        moved[static_cast<std::size_t>(price - base_)] = quantity;
        ++near_count_[side];
        return true;
      }
      return false;
    };
    std::map<std::int32_t, std::int64_t> still_far;
    for (const auto& [price, quantity] : far_[side]) {
      if (!place(price, quantity)) still_far.emplace(price, quantity);
    }
    for (std::int32_t i = 0; i < kSpan; ++i) {
      const std::int64_t there = near_[side][static_cast<std::size_t>(i)];
      if (there > 0 && !place(old_base + i, there)) still_far.emplace(old_base + i, there);
    }
    near_[side] = std::move(moved);
    far_[side] = std::move(still_far);
  }
}

// The best level that is left after the one at `from` was emptied.
void Book::find_best(int side, std::int32_t from) {
  best_[side] = kNone;
  if (near_count_[side] > 0) {
    const std::int32_t step = side == 0 ? -1 : 1;
    std::int32_t price = near(from) ? from : side == 0 ? base_ + kSpan - 1 : base_;
    while (near(price) && slot(side, price) == 0) price += step;
    if (near(price)) best_[side] = price;
  }
  if (far_[side].empty()) return;
  const std::int32_t far_best = side == 0 ? far_[side].rbegin()->first : far_[side].begin()->first;
  if (best_[side] != kNone && better(side, best_[side], far_best)) return;
  best_[side] = far_best;
  move_array(far_best);
}

}  // namespace soak::sim

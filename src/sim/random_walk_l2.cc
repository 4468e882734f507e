#include "sim/random_walk_l2.h"

#include <algorithm>

namespace soak::sim {
namespace {

constexpr std::int64_t kFullLots = 5000;  // of a level that nothing is known of
constexpr std::int64_t kGapMeanUs = 1000;
// Of 65536 draws: price moves, and with them trades.
constexpr std::uint64_t kMoves = 1500, kMovesAndTrades = 12000;
constexpr std::uint64_t kRowsPerMessageMax = 4;

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

void RandomWalkL2::put(EventKind kind, bool buy, std::int64_t ticks, std::int64_t lots,
                       std::vector<MarketEvent>& out) {
  out.push_back({exchange_us_ * 1000, local_us_ * 1000, static_cast<std::int32_t>(ticks), kind,
                 buy ? Side::kBuy : Side::kSell, lots});
  ++rows_;
}

void RandomWalkL2::open(std::vector<MarketEvent>& out) {
  opened_ = true;
  local_us_ = exchange_us_ + 1000;
  for (int level = 0; level < kLevels && rows_ + 2 <= rows_max_; ++level) {
    bids_[static_cast<std::size_t>(level)] = asks_[static_cast<std::size_t>(level)] = kFullLots;
    put(EventKind::kDepth, true, best_bid_ - level, kFullLots, out);
    put(EventKind::kDepth, false, best_bid_ + 1 + level, kFullLots, out);
  }
}

// The best of the side that gives way is deleted, the other side gets a new best, and both stay full.
void RandomWalkL2::move(bool up, std::int64_t lots, std::vector<MarketEvent>& out) {
  Levels& crossed = up ? asks_ : bids_;
  Levels& better = up ? bids_ : asks_;
  const int step = up ? 1 : -1;
  put(EventKind::kDepth, !up, up ? best_bid_ + 1 : best_bid_, 0, out);
  best_bid_ += step;
  std::shift_left(crossed.begin(), crossed.end(), 1);
  crossed.back() = kFullLots;
  std::shift_right(better.begin(), better.end(), 1);
  better.front() = lots;
  const std::int64_t best_ask = best_bid_ + 1;
  put(EventKind::kDepth, up, up ? best_bid_ : best_ask, lots, out);
  put(EventKind::kDepth, !up, up ? best_bid_ + kLevels : best_bid_ - kLevels + 1, kFullLots, out);
  put(EventKind::kDepth, up, up ? best_bid_ - kLevels : best_ask + kLevels, 0, out);
}

void RandomWalkL2::trade(bool buy, std::int64_t lots, std::vector<MarketEvent>& out) {
  std::int64_t& best = buy ? asks_.front() : bids_.front();
  const std::int64_t price = buy ? best_bid_ + 1 : best_bid_;
  put(EventKind::kTrade, buy, price, lots, out);
  best = best > lots ? best - lots : 1;
  put(EventKind::kDepth, !buy, price, best, out);
}

void RandomWalkL2::depth(bool bid, int level, std::int64_t lots, std::vector<MarketEvent>& out) {
  (bid ? bids_ : asks_)[static_cast<std::size_t>(level)] = lots;
  put(EventKind::kDepth, bid, bid ? best_bid_ - level : best_bid_ + 1 + level, lots, out);
}

bool RandomWalkL2::next(std::vector<MarketEvent>& out) {
  if (!opened_) {
    open(out);
    return !out.empty();
  }
  if (rows_ + kRowsPerMessageMax > rows_max_) return false;
  state_ += 0x9E3779B97F4A7C15;
  const std::uint64_t z = mix(state_);
  const std::uint64_t kind = z >> 16 & 0xFFFF;
  const bool buy = (z >> 32 & 1) != 0;
  const auto level_draw = static_cast<std::int64_t>(z >> 33 & 0x3FF);
  const auto size_draw = static_cast<std::int64_t>(z >> 43 & 0x1FFF);
  exchange_us_ += 1 + static_cast<std::int64_t>((z & 0xFFFF) * 2 * kGapMeanUs >> 16);
  local_us_ = std::max(local_us_, exchange_us_ + 500 + (size_draw & 1023));
  if (kind < kMoves) {
    move(buy, 1 + size_draw, out);
  } else if (kind < kMovesAndTrades) {
    trade(buy, 1 + (size_draw >> 2), out);
  } else {
    depth(buy, static_cast<int>(level_draw * level_draw * kLevels >> 20), 1 + size_draw, out);
  }
  return true;
}

}  // namespace soak::sim

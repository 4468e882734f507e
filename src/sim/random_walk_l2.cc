#include "sim/random_walk_l2.h"

#include <algorithm>

namespace soak::sim {
namespace {

constexpr double kTick = 0.1, kLot = 0.001;
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

double base_units(std::int64_t lots) {
  return static_cast<double>(lots) * kLot;
}

}  // namespace

void RandomWalkL2::put(HftKind kind, bool buy, std::int64_t ticks, double quantity,
                       std::vector<HftRow>& out) {
  HftRow row{};
  row.event = kind | kHftExchange | kHftLocal | (buy ? kHftBuy : kHftSell);
  row.exchange_ns = exchange_us_ * 1000;
  row.local_ns = local_us_ * 1000;
  row.price = static_cast<double>(ticks) * kTick;
  row.quantity = quantity;
  out.push_back(row);
  ++rows_;
}

void RandomWalkL2::open(std::vector<HftRow>& out) {
  opened_ = true;
  local_us_ = exchange_us_ + 1000;
  for (int level = 0; level < kLevels && rows_ + 2 <= rows_max_; ++level) {
    bids_[static_cast<std::size_t>(level)] = asks_[static_cast<std::size_t>(level)] = kFullLots;
    put(kHftDepth, true, best_bid_ - level, base_units(kFullLots), out);
    put(kHftDepth, false, best_bid_ + 1 + level, base_units(kFullLots), out);
  }
}

// The best of the side that gives way is deleted, the other side gets a new best, and both stay full.
void RandomWalkL2::move(bool up, std::int64_t lots, std::vector<HftRow>& out) {
  Side& crossed = up ? asks_ : bids_;
  Side& better = up ? bids_ : asks_;
  const int step = up ? 1 : -1;
  put(kHftDepth, !up, up ? best_bid_ + 1 : best_bid_, 0, out);
  best_bid_ += step;
  std::shift_left(crossed.begin(), crossed.end(), 1);
  crossed.back() = kFullLots;
  std::shift_right(better.begin(), better.end(), 1);
  better.front() = lots;
  const std::int64_t best_ask = best_bid_ + 1;
  put(kHftDepth, up, up ? best_bid_ : best_ask, base_units(lots), out);
  put(kHftDepth, !up, up ? best_bid_ + kLevels : best_bid_ - kLevels + 1, base_units(kFullLots), out);
  put(kHftDepth, up, up ? best_bid_ - kLevels : best_ask + kLevels, 0, out);
}

void RandomWalkL2::trade(bool buy, std::int64_t lots, std::vector<HftRow>& out) {
  std::int64_t& best = buy ? asks_.front() : bids_.front();
  const std::int64_t price = buy ? best_bid_ + 1 : best_bid_;
  put(kHftTrade, buy, price, base_units(lots), out);
  best = best > lots ? best - lots : 1;
  put(kHftDepth, !buy, price, base_units(best), out);
}

void RandomWalkL2::depth(bool bid, int level, std::int64_t lots, std::vector<HftRow>& out) {
  (bid ? bids_ : asks_)[static_cast<std::size_t>(level)] = lots;
  put(kHftDepth, bid, bid ? best_bid_ - level : best_bid_ + 1 + level, base_units(lots), out);
}

bool RandomWalkL2::next(std::vector<HftRow>& out) {
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

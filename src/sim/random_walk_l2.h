#pragma once
// The synthetic level-2 feed of the replay benchmark: a book of 50 levels a side that is kept full, a mid
// that walks by one tick, a level that is crossed deleted. Driven by splitmix64 and integers, so that the
// same rows and seed give the same events on every machine; as hftbacktest's rows (hft_row_of) they have the
// bytes of the NumPy generator that the reference counts were made with. Streams: memory does not grow with
// the rows.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/market_event.h"

namespace soak::sim {

inline constexpr Instrument kRandomWalkInstrument{0.1, 0.001};

class RandomWalkL2 {
 public:
  // At most `rows_max` rows, of which a few at the end may be left out: a message is never cut.
  RandomWalkL2(std::uint64_t rows_max, std::uint64_t seed) : rows_max_(rows_max), state_(seed) {}

  // Appends the events of the next message; false at the end.
  bool next(std::vector<MarketEvent>& out);

 private:
  static constexpr int kLevels = 50;
  using Levels = std::array<std::int64_t, kLevels>;  // lots, the best first

  void open(std::vector<MarketEvent>& out);
  void move(bool up, std::int64_t lots, std::vector<MarketEvent>& out);
  void trade(bool buy, std::int64_t lots, std::vector<MarketEvent>& out);
  void depth(bool bid, int level, std::int64_t lots, std::vector<MarketEvent>& out);
  void put(EventKind kind, bool buy, std::int64_t ticks, std::int64_t lots, std::vector<MarketEvent>& out);

  std::uint64_t rows_max_;
  std::uint64_t state_;
  std::uint64_t rows_ = 0;
  std::int64_t exchange_us_ = 1'000'000;
  std::int64_t local_us_ = 0;
  std::int64_t best_bid_ = 200'000;  // the best ask is one tick above
  Levels bids_{}, asks_{};
  bool opened_ = false;
};

}  // namespace soak::sim

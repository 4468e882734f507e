#pragma once
// How a market behaves, measured on a feed: the stylised facts by which a synthetic market is compared with a
// recorded one. Prices are in units of the feed's own typical spread (the median over time), so that an
// instrument of one tick and one of ten basis points can stand side by side. Sources: Cont, Empirical
// properties of asset returns (2001); Bouchaud, Farmer and Lillo, How markets slowly digest changes in supply
// and demand (2009). Two walks; memory grows with the number of different spreads and
// touch sizes, not with the rows.

#include <cstdint>
#include <vector>

#include "sim/feed.h"

namespace soak::sim {

struct StatisticsPoint {
  double at = 0;
  double value = 0;
};

struct FeedStatistics {
  double span_s = 0;
  double spread_ticks_typical = 0;  // median over time
  double touch_lots_typical = 0;    // median over time, mean of both sides
  std::uint64_t trades = 0;         // those of one side at one moment are one

  // Share of time in which the spread was at most `at` typical spreads.
  std::vector<StatisticsPoint> spread_distribution;
  // Mean quantity resting within [at - 1/2, at + 1/2) typical spreads of the touch, both sides, in typical
  // touches.
  std::vector<StatisticsPoint> depth_by_distance;
  // Root mean square change of the mid over `at` seconds ÷ sqrt(at), in typical spreads a root second: flat
  // for a random walk, falling where the mid bounces.
  std::vector<StatisticsPoint> signature;
  // Correlation of a trade's sign with that of the trade `at` later.
  std::vector<StatisticsPoint> sign_autocorrelation;
  // Variance ÷ mean of the number of trades in `at` seconds: 1 where they come at random.
  std::vector<StatisticsPoint> trade_clustering;
  // Share of the levels that appeared within a few typical spreads of the touch and were gone after at most
  // `at` seconds. Of orders themselves level-2 data tells nothing.
  std::vector<StatisticsPoint> level_lifetime;
};

// The feed must have a two-sided book at some time; otherwise everything is zero or empty.
FeedStatistics measure_statistics(const Feed& feed);

}  // namespace soak::sim

#pragma once
// One iteration's market, whoever made it, and what the market maker is given in it: the same for the
// simulated target and for a sweep, so that one parameter set over one window gives the same numbers in both.
// Pure and thread safe.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/feed_windows.h"
#include "sim/market_columns.h"
#include "sim/window.h"

namespace soak::target {

struct MarketWindow {
  std::optional<sim::MarketColumns> made;  // else the rows are the feed's own
  sim::ReplayFeed recorded;
  std::vector<sim::Level> bids, asks;
  std::int64_t start_ns = 0, end_ns = 0;
  double capital_base_units = 0;

  sim::ReplayFeed feed() const { return made ? made->feed() : recorded; }
};

// A window of a feed, read in place; made anew where the feed's quantities are wider than the engine's. The
// feed must outlive it.
Result<MarketWindow> recorded_window(const sim::Feed& feed, sim::FeedWindows& windows, std::uint64_t index);

// The market maker's capital where about this much rests at the touch, in base units.
double capital_base_units(double touch_base_units);

// The capital for a feed: by what rests at the touch on average over the rows of its first window.
// kInvalidValue: no book of that window has two sides.
Result<double> recorded_capital_base_units(const sim::Feed& feed, sim::FeedWindows& windows);

// The run of `iteration` (from 1) in that window; refers to `market`. `seed` is the run's.
sim::WindowInput window_input(const MarketWindow& market, const sim::MakerParams& params, std::uint64_t seed,
                              std::int64_t iteration);

}  // namespace soak::target

#pragma once
// One iteration's market, whoever made it, and what the market maker is given in it: the same for the
// simulated target and for a sweep, so that one parameter set over one window gives the same numbers in both.
// Pure and thread safe.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/feed_windows.h"
#include "sim/window.h"

namespace soak::target {

struct MarketWindow {
  sim::Instrument instrument;
  std::vector<sim::Level> bids, asks;
  std::vector<sim::MarketEvent> events;
  std::int64_t start_ns = 0, end_ns = 0;
  double capital_base_units = 0;
};

// The market maker's capital where about this much rests at the touch, in base units.
double capital_base_units(double touch_base_units);

// The capital for a feed: by what rests at the touch on average over the rows of its first window. 0 where no
// book of that window has two sides.
double recorded_capital_base_units(const sim::Feed& feed, const sim::FeedWindow& first,
                                   std::span<const sim::MarketEvent> events);

// The run of `iteration` (from 1) in that window; refers to `market`. `seed` is the run's.
sim::WindowInput window_input(const MarketWindow& market, const sim::MakerParams& params, std::uint64_t seed,
                              std::int64_t iteration);

}  // namespace soak::target

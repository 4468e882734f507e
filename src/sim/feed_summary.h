#pragma once
// What a feed holds, measured by walking it once: for `soak feed info` and for the question whether it is fit
// for a soak.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/feed.h"

namespace soak::sim {

// In a market that a soak is worth on, so long a silence is rather a hole in the recording.
inline constexpr std::int64_t kLongGapNs = 5'000'000'000;

struct FeedSummary {
  std::uint64_t book_states =
      0;  // moments at which the book changed: one for each exchange time with depth rows
  std::uint64_t crossed_states = 0;       // best bid at or above best ask
  std::uint64_t one_sided_states = 0;     // a side without any level
  std::uint64_t first_crossed_row = 0;    // the last row of the first crossed state
  std::uint64_t first_one_sided_row = 0;  // likewise
  std::int64_t gap_ns_max = 0;            // the longest time between two rows
  std::uint64_t gap_row = 0;              // the row that ends it
  std::uint64_t long_gaps = 0;            // of kLongGapNs and more
  // Over the two-sided states that are not crossed. Lots at the touch are the mean of both sides.
  std::int64_t spread_ticks_median = 0;
  std::int64_t spread_ticks_p95 = 0;
  double spread_bps_median = 0;
  double spread_bps_mean = 0;
  std::int64_t touch_lots_median = 0;
  double mid_first = 0, mid_last = 0, mid_min = 0, mid_max = 0;  // quote units
  double traded_base = 0;                                        // base units
  // Local minus exchange time over all rows, as the feed states it. Minimum and maximum are exact.
  std::int64_t latency_ns_min = 0;
  std::int64_t latency_ns_median = 0;
  std::int64_t latency_ns_p95 = 0;
  std::int64_t latency_ns_max = 0;
};

FeedSummary summarize(const Feed& feed);

// Why a soak with windows of this length should not run on the feed: one sentence each, empty where it is
// fit.
std::vector<std::string> unfit_reasons(const Feed& feed, const FeedSummary& summary, std::int64_t window_ns);

}  // namespace soak::sim

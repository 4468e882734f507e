#pragma once
// The windows of a recorded feed, made ready once for many runs over them: their rows, which stay where the
// feed has them, and the books that they open with. Immutable and thread safe once prepared; the feed must
// outlive it.

#include <soak/json.h>
#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <vector>

#include "sim/feed.h"
#include "target/market_window.h"

namespace soak::target {

struct SweepMarketOptions {
  std::chrono::milliseconds window_length{300'000};
};

class SweepMarket {
 public:
  // The whole windows of the feed, or the feed as one window where it is shorter than one. kFeedTooShort: it
  // has no span at all. kInvalidValue: no book of the first window has two sides.
  static Result<SweepMarket> prepare(const sim::Feed& feed, const SweepMarketOptions& options);

  std::size_t window_count() const { return windows_.size(); }
  std::int64_t window_ns() const { return window_ns_; }
  const MarketWindow& window(std::size_t index) const { return windows_[index]; }
  // `ws_lag_p95_ms` over all windows: the same for every parameter set, so taken once.
  const Json& feed_lag_p95_ms() const { return feed_lag_p95_ms_; }

 private:
  SweepMarket() = default;

  std::int64_t window_ns_ = 0;
  std::vector<MarketWindow> windows_;
  Json feed_lag_p95_ms_;
};

}  // namespace soak::target

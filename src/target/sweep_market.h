#pragma once
// The windows of a recorded feed, made ready once for many runs over them: the books that they open with, and
// their events decoded as long as memory is no concern. Immutable and thread safe once prepared; the feed
// must outlive it.

#include <soak/json.h>
#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/feed.h"
#include "target/market_window.h"

namespace soak::target {

struct SweepMarketOptions {
  std::chrono::milliseconds window_length{300'000};
  // Windows beyond this are decoded anew for each run over them, which costs a twentieth of the run.
  std::uint64_t decoded_events_max = std::uint64_t{12} << 20;
};

class SweepMarket {
 public:
  // The whole windows of the feed, or the feed as one window where it is shorter than one. kFeedTooShort: it
  // has no span at all. kInvalidValue: no book of the first window has two sides.
  static Result<SweepMarket> prepare(const sim::Feed& feed, const SweepMarketOptions& options);

  std::size_t window_count() const { return windows_.size(); }
  std::int64_t window_ns() const { return window_ns_; }
  // Without its events where they are not kept.
  const MarketWindow& window(std::size_t index) const { return windows_[index].market; }
  // They lie in `scratch`, or with the window; valid as long as both.
  std::span<const sim::MarketEvent> events(std::size_t index, std::vector<sim::MarketEvent>& scratch) const;
  // `ws_lag_p95_ms` over all windows: the same for every parameter set, so taken once.
  const Json& feed_lag_p95_ms() const { return feed_lag_p95_ms_; }

 private:
  struct Window {
    MarketWindow market;
    std::size_t first_row = 0, end_row = 0;
    bool decoded = false;
  };
  explicit SweepMarket(const sim::Feed& feed) : feed_(&feed) {}

  const sim::Feed* feed_;
  std::int64_t window_ns_ = 0;
  std::vector<Window> windows_;
  Json feed_lag_p95_ms_;
};

}  // namespace soak::target

#include "target/sweep_market.h"

#include <utility>

#include "sim/feed_windows.h"
#include "target/report.h"

namespace soak::target {

Result<SweepMarket> SweepMarket::prepare(const sim::Feed& feed, const SweepMarketOptions& options) {
  SweepMarket market;
  market.window_ns_ = options.window_length.count() * 1'000'000;
  if (sim::whole_windows(feed, market.window_ns_) == 0)
    market.window_ns_ = feed.header().last_exchange_ns - feed.header().first_exchange_ns;
  if (market.window_ns_ == 0)
    return fail(ErrorCode::kFeedTooShort, "all its rows have the same time", feed.path());
  sim::FeedWindows windows(feed, market.window_ns_);
  const auto capital = recorded_capital_base_units(feed, windows);
  if (!capital) return tl::unexpected(capital.error());
  sim::WindowResult lags;
  for (std::uint64_t index = 0; index < windows.count(); ++index) {
    auto window = recorded_window(feed, windows, index);
    if (!window) return tl::unexpected(window.error());
    window->capital_base_units = *capital;
    const auto seen = sim::feed_lags_ns(window->feed(), window->end_ns);
    lags.feed_lags_ns.insert(lags.feed_lags_ns.end(), seen.begin(), seen.end());
    market.windows_.push_back(std::move(*window));
  }
  market.feed_lag_p95_ms_ = edge_totals(lags).at("ws_lag_p95_ms");
  return market;
}

}  // namespace soak::target

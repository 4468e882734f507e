#include "target/sweep_market.h"

#include <utility>

#include "sim/feed_windows.h"
#include "target/report.h"

namespace soak::target {

Result<SweepMarket> SweepMarket::prepare(const sim::Feed& feed, const SweepMarketOptions& options) {
  SweepMarket market(feed);
  market.window_ns_ = options.window_length.count() * 1'000'000;
  if (sim::whole_windows(feed, market.window_ns_) == 0)
    market.window_ns_ = feed.header().last_exchange_ns - feed.header().first_exchange_ns;
  if (market.window_ns_ == 0)
    return fail(ErrorCode::kFeedTooShort, "all its rows have the same time", feed.path());
  sim::FeedWindows windows(feed, market.window_ns_);
  sim::WindowResult lags;
  double capital = 0;
  std::uint64_t decoded = 0;
  for (std::uint64_t index = 0; index < windows.count(); ++index) {
    auto opened = windows.window(index);
    if (!opened) return tl::unexpected(opened.error());
    std::vector<sim::MarketEvent> events = windows.events(*opened);
    if (index == 0) capital = recorded_capital_base_units(feed, *opened, events);
    if (capital <= 0)
      return fail(ErrorCode::kInvalidValue, "the book is empty on one side in the first window", feed.path());
    const auto seen = sim::feed_lags_ns(events, opened->end_ns);
    lags.feed_lags_ns.insert(lags.feed_lags_ns.end(), seen.begin(), seen.end());
    Window& window = market.windows_.emplace_back();
    window.first_row = opened->first_row;
    window.end_row = opened->end_row;
    decoded += events.size();
    window.decoded = decoded <= options.decoded_events_max;
    if (!window.decoded) events.clear();
    window.market = {feed.instrument(),
                     std::move(opened->bids),
                     std::move(opened->asks),
                     std::move(events),
                     opened->start_ns,
                     opened->end_ns,
                     capital};
  }
  market.feed_lag_p95_ms_ = edge_totals(lags).at("ws_lag_p95_ms");
  return market;
}

std::span<const sim::MarketEvent> SweepMarket::events(std::size_t index,
                                                      std::vector<sim::MarketEvent>& scratch) const {
  const Window& window = windows_[index];
  if (window.decoded) return window.market.events;
  scratch = feed_->events(window.first_row, window.end_row);
  return scratch;
}

}  // namespace soak::target

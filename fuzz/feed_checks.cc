#include "fuzz/feed_checks.h"

#include <cmath>

#include "fuzz/properties.h"
#include "sim/feed_summary.h"
#include "sim/feed_windows.h"
#include "sim/replay.h"
#include "sim/replay_feed.h"
#include "sim/window.h"
#include "target/market_window.h"

namespace soak::fuzz {
namespace {

// A replay has a slot for each price between the lowest and the highest.
constexpr std::int32_t kSlotsMax = 1 << 16;
constexpr std::int64_t kSpanNsMax = 60'000'000'000;  // a market maker acts all the while

void require_windows(const sim::Feed& feed, std::int64_t length_ns) {
  sim::FeedWindows windows(feed, length_ns);
  require(windows.count() == sim::whole_windows(feed, length_ns), "windows are counted one way");
  for (const std::uint64_t index : {std::uint64_t{2}, std::uint64_t{0}, windows.count()}) {
    const auto window = windows.window(index);
    if (!window) {
      require_refusal(window.error(), {ErrorCode::kFeedTooShort});
      require(index >= windows.count(), "a window that the feed covers is there");
      continue;
    }
    require(window->first_row <= window->end_row && window->end_row <= feed.size(), "a window's rows exist");
    require(windows.events(*window).size() == window->end_row - window->first_row, "a window's events");
    for (const auto* side : {&window->bids, &window->asks}) {
      for (const sim::Level& level : *side) {
        require(level.price_ticks >= feed.slots().price_ticks_min &&
                    level.price_ticks <= feed.slots().price_ticks_max && level.quantity_lots > 0,
                "a window opens in a book of the feed's prices");
      }
    }
  }
}

// What an iteration of a soak does with a window.
void require_market_maker(const sim::Feed& feed, std::int64_t span_ns) {
  if (feed.slots().size() > kSlotsMax || span_ns > kSpanNsMax) return;
  sim::FeedWindows windows(feed, span_ns / 2 + 1);
  const auto capital = target::recorded_capital_base_units(feed, windows);
  if (!capital) return require_refusal(capital.error(), {ErrorCode::kInvalidValue, ErrorCode::kFeedTooShort});
  auto market = target::recorded_window(feed, windows, windows.count() - 1);
  require(market.has_value(), "the last window is there");
  market->capital_base_units = *capital;
  static_cast<void>(sim::run_window(target::window_input(*market, {}, 1, 1)));
}

void require_replay(const sim::Feed& feed, std::int64_t span_ns) {
  if (!feed.wide_quantities().empty() || feed.slots().size() > kSlotsMax) return;
  sim::ReplayOptions options;
  options.interval_ns = span_ns / 50 + 1'000'000;
  options.strategy.fees = {{0, 0.0001, 0.0004}};
  for (const auto queue : {sim::QueueModel::kRiskAverse, sim::QueueModel::kLogProb, sim::QueueModel::kFifo}) {
    options.queue = queue;
    const auto outcome = sim::replay(sim::replay_feed(feed), options);
    if (!outcome) {
      require_refusal(outcome.error(),
                      {ErrorCode::kUnsupported, ErrorCode::kInvalidArgument, ErrorCode::kLimitExceeded});
    }
  }
}

}  // namespace

void require_usable(const sim::Feed& feed) {
  require(feed.size() > 0, "a feed has rows");
  for (std::size_t row = 0; row < feed.size(); ++row) {
    const sim::MarketEvent event = feed.event(row);
    require(event.quantity_lots >= 0, "no quantity is negative");
    require(feed.row_at(event.exchange_ns) <= row, "a time is found where it first stands");
  }
  for (const sim::FeedKeyframe& keyframe : feed.keyframes()) static_cast<void>(feed.levels(keyframe).size());
  const sim::FeedSummary summary = sim::summarize(feed);
  require(summary.crossed_states <= summary.book_states, "a state counts once");
  for (const double value : {summary.spread_bps_mean, summary.mid_max, summary.traded_base})
    require(std::isfinite(value), "what a feed's summary says is finite");
  const std::int64_t span_ns = feed.exchange_ns().back() - feed.exchange_ns().front();
  for (const std::string& reason : sim::unfit_reasons(feed, summary, span_ns + 1))
    require(!reason.empty(), "a reason says something");
  require_windows(feed, span_ns / 3 + 1);
  require_replay(feed, span_ns);
  require_market_maker(feed, span_ns);
}

void require_good_feed(const std::string& path) {
  const auto feed = sim::Feed::open(path);
  require(feed.has_value(), feed ? "" : "a reader takes what an importer wrote: " + to_line(feed.error()));
  require_usable(*feed);
}

}  // namespace soak::fuzz

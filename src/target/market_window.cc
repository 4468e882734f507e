#include "target/market_window.h"

#include <utility>

#include "base/rng.h"
#include "sim/book.h"

namespace soak::target {
namespace {

constexpr std::uint64_t kVenueStream = 2;

// In multiples of what usually rests at the touch: small, so that the limits that it sets are felt.
constexpr double kCapitalTouches = 1.5;

double mean_touch_lots(const sim::Feed& feed, const sim::FeedWindow& window) {
  sim::Book book;
  for (const sim::Level& level : window.bids)
    book.set(sim::Side::kBuy, level.price_ticks, level.quantity_lots);
  for (const sim::Level& level : window.asks)
    book.set(sim::Side::kSell, level.price_ticks, level.quantity_lots);
  double sum = 0;
  std::int64_t count = 0;
  const auto look = [&] {
    if (!book.two_sided()) return;
    for (const sim::Side side : {sim::Side::kBuy, sim::Side::kSell})
      sum += static_cast<double>(book.quantity(side, *book.best(side)));
    count += 2;
  };
  look();
  for (std::size_t row = window.first_row; row < window.end_row; ++row) {
    book.apply(feed.event(row));
    look();
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace

double capital_base_units(double touch_base_units) {
  return kCapitalTouches * touch_base_units;
}

Result<double> recorded_capital_base_units(const sim::Feed& feed, sim::FeedWindows& windows) {
  const auto first = windows.window(0);
  if (!first) return tl::unexpected(first.error());
  const double lots = mean_touch_lots(feed, *first);
  if (lots <= 0)
    return fail(ErrorCode::kInvalidValue, "the book is empty on one side in the first window", feed.path());
  return kCapitalTouches * lots * feed.instrument().lot_size;
}

Result<MarketWindow> recorded_window(const sim::Feed& feed, sim::FeedWindows& windows, std::uint64_t index) {
  auto opened = windows.window(index);
  if (!opened) return tl::unexpected(opened.error());
  MarketWindow window;
  window.start_ns = opened->start_ns;
  window.end_ns = opened->end_ns;
  if (feed.wide_quantities().empty()) {
    window.recorded = windows.rows(*opened);
    window.bids = std::move(opened->bids);
    window.asks = std::move(opened->asks);
    return window;
  }
  window.made.emplace(feed.instrument(), opened->bids, opened->asks, windows.events(*opened),
                      feed.header().quantity_lots_max);
  window.bids = window.made->bids();
  window.asks = window.made->asks();
  return window;
}

sim::WindowInput window_input(const MarketWindow& market, const sim::MakerParams& params, std::uint64_t seed,
                              std::int64_t iteration) {
  sim::WindowInput input;
  input.feed = market.feed();
  input.opening_bids = market.bids;
  input.opening_asks = market.asks;
  input.start_ns = market.start_ns;
  input.end_ns = market.end_ns;
  input.params = params;
  input.settings.capital_base_units = market.capital_base_units;
  input.seed = base::mix_seed(seed, static_cast<std::uint64_t>(iteration), kVenueStream);
  return input;
}

}  // namespace soak::target

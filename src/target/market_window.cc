#include "target/market_window.h"

#include "base/rng.h"

namespace soak::target {
namespace {

constexpr std::uint64_t kVenueStream = 2;

// In multiples of what usually rests at the touch: small, so that the limits that it sets are felt.
constexpr double kCapitalTouches = 1.5;

double mean_touch_lots(const sim::FeedWindow& window, std::span<const sim::MarketEvent> events) {
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
  for (const sim::MarketEvent& event : events) {
    book.apply(event);
    look();
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace

double capital_base_units(double touch_base_units) {
  return kCapitalTouches * touch_base_units;
}

double recorded_capital_base_units(const sim::Feed& feed, const sim::FeedWindow& first,
                                   std::span<const sim::MarketEvent> events) {
  return kCapitalTouches * mean_touch_lots(first, events) * feed.instrument().lot_size;
}

sim::WindowInput window_input(const MarketWindow& market, const sim::MakerParams& params, std::uint64_t seed,
                              std::int64_t iteration) {
  sim::WindowInput input;
  input.instrument = market.instrument;
  input.opening_bids = market.bids;
  input.opening_asks = market.asks;
  input.events = market.events;
  input.start_ns = market.start_ns;
  input.end_ns = market.end_ns;
  input.params = params;
  input.settings.capital_base_units = market.capital_base_units;
  input.seed = base::mix_seed(seed, static_cast<std::uint64_t>(iteration), kVenueStream);
  return input;
}

}  // namespace soak::target

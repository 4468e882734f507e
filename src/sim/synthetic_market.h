#pragma once
// A synthetic limit-order market with regimes: who trades is scripted by nobody, prices come out of order
// flow.
//
// An efficient price moves as a Brownian motion whose volatility and drift are the regime's (calm, volatile,
// trending; a regime lasts an exponential time). Around it background makers place limit orders at random
// distances and cancel them at random; orders that the efficient price has left behind are withdrawn by the
// attentive and taken by the informed; uninformed market orders arrive in clusters, with persistent signs and
// random sizes, and walk the book. After Cont, Stoikov and Talreja, A stochastic model for order book
// dynamics (2010), with the informed trader of Glosten and Milgrom (1985) and arrivals that excite themselves
// (Hawkes, 1971; in markets: Bacry, Mastromatteo and Muzy, 2015). No side is ever empty: before its
// last level goes, a maker further out has placed an order. Scale: a wide, illiquid instrument, a spread of
// 5-15 bps. Same seed, same events, whatever the start. Not thread safe.

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/book.h"
#include "sim/market_event.h"

namespace soak::sim {

// One tick is a tenth of a basis point at the starting price.
inline constexpr Instrument kSyntheticInstrument{0.001, 0.001};
inline constexpr std::int32_t kSyntheticStartTicks = 100'000;

struct Regime {
  double volatility_bps = 1;     // of the efficient price, per square root of a second
  double drift_bps_per_s = 0;    // its sign is drawn when the regime begins
  double half_spread_bps = 3.5;  // how close to the efficient price makers quote at the closest
  double mean_length_s = 40;
  double share = 1;  // how often it comes next
};

struct SyntheticSettings {
  Regime calm{0.9, 0.0, 3.6, 45, 0.5};
  Regime volatile_{2.0, 0.0, 5.0, 25, 0.25};
  Regime trending{1.1, 0.15, 4.2, 30, 0.25};
  double limit_orders_per_s = 10;  // both sides together
  double distance_scale_bps = 7;   // mean distance beyond the half spread
  double lifetime_s = 7;           // mean, of an order that is not left behind
  double uninformed_per_s = 2.0;   // on average
  double excitation = 0.5;         // how many more of them one brings about directly, on average
  double excitation_decay_per_s = 2.0;
  double sign_persistence = 0.65;  // probability that the next uninformed order has the sign of the last
  double uninformed_mean_lots = 220;
  double impact_bps =
      0.6;  // what an uninformed order of mean size moves the efficient price: part of it did know something
  double informed_per_s = 3;         // while something is to be had
  double informed_margin_bps = 1.0;  // beyond the price, what makes it worth while
  double withdrawals_per_s = 1.2;    // of orders left behind, each
  double order_mean_lots = 110;
  std::int64_t feed_latency_ns = 5'000'000;
  std::int64_t feed_jitter_mean_ns = 2'000'000;
};

struct SyntheticWindow {
  std::vector<Level> bids;  // the book as the window opens, best first
  std::vector<Level> asks;
  std::vector<MarketEvent> events;
};

// What a soak run of this seed gives make_synthetic_window for its iteration (from 1).
std::uint64_t synthetic_window_seed(std::uint64_t seed, std::int64_t iteration);

SyntheticWindow make_synthetic_window(const SyntheticSettings& settings, std::uint64_t seed,
                                      std::int64_t start_ns, std::int64_t length_ns);

// The same market without an end: up to any time its events are those of the window of that length.
class SyntheticMarket {
 public:
  // `settings` must outlive it. The book has filled by `start_ns`.
  SyntheticMarket(const SyntheticSettings& settings, std::uint64_t seed, std::int64_t start_ns);
  SyntheticMarket(SyntheticMarket&&) noexcept;
  SyntheticMarket& operator=(SyntheticMarket&&) noexcept;
  ~SyntheticMarket();

  // As of the events so far.
  const Book& book() const;
  // Appends what happens next: one or more events of one exchange time, later than those before; none where
  // nobody traded.
  void next(std::vector<MarketEvent>& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace soak::sim

#pragma once
// One window of market data with one market maker in it: the engine of the simulated target. The market's
// events reach the exchange when they happen and the market maker when its feed brings them; its requests
// reach the exchange after the latency model, and the answers come back later still. At equal times: local
// data, order response, exchange data, order arrival. A window is complete in itself: it starts flat and ends
// with the position at the last mid. Same input, same result.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/accounts.h"
#include "sim/book.h"
#include "sim/maker_params.h"
#include "sim/market_event.h"
#include "sim/market_maker.h"

namespace soak::sim {

struct WindowInput {
  Instrument instrument;
  std::span<const Level> opening_bids;  // the book as the window opens
  std::span<const Level> opening_asks;
  std::span<const MarketEvent> events;  // both times ascending, within [start_ns, end_ns)
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  MakerParams params;
  MakerSettings settings;
  Venue venue;
  std::uint64_t seed = 0;  // of the venue's service times
  // The same whatever the market maker does, so that a caller with many of them asks once (feed_lags_ns).
  bool keep_feed_lags = true;
};

// What a run needs and need not make anew: the memory of two books. One run at a time.
struct WindowWorkspace {
  Book exchange, local;
};

struct WindowResult {
  Totals totals;
  std::vector<FillRecord> fills;
  BlockCounts blocks;
  MakerBehaviour behaviour;
  std::vector<std::int64_t> latencies_ns;   // decision to acknowledgement, one a request
  std::vector<std::int64_t> order_ages_ns;  // when the order left the book
  std::vector<std::int64_t> feed_lags_ns;   // exchange to local, one an event
  std::int64_t orders_sent = 0;
  std::int64_t cancels_sent = 0;
  std::int64_t position_lots = 0;  // at the end, as the exchange knows it
  std::int64_t limit_lots = 0;
  double lot_size = 0;  // base units a lot
};

WindowResult run_window(const WindowInput& input);
WindowResult run_window(const WindowInput& input, WindowWorkspace& workspace);

// Exchange to local, of each event that a subscriber sees before `end_ns`.
std::vector<std::int64_t> feed_lags_ns(std::span<const MarketEvent> events, std::int64_t end_ns);

}  // namespace soak::sim

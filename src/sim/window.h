#pragma once
// One window of market data with one market maker in it: the replay engine's books and columns under the
// exchange and the market maker of the simulated target. The market's events reach the exchange when they
// happen and the market maker when its feed brings them; its requests reach the exchange after the latency
// model, and the answers come back later still. The market maker acts on each change at the touch, on each
// answer, and when time alone gives it something to do; it sees all that a moment brings before it acts. A
// window is complete in itself: it starts flat and ends with the position at the last mid. Same input, same
// result.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/accounts.h"
#include "sim/maker_params.h"
#include "sim/market_maker.h"
#include "sim/mirrored_book.h"
#include "sim/replay_feed.h"

namespace soak::sim {

struct WindowInput {
  ReplayFeed feed;                      // from start_ns on; may go on behind end_ns
  std::span<const Level> opening_bids;  // the book as the window opens
  std::span<const Level> opening_asks;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  MakerParams params;
  MakerSettings settings;
  Venue venue;
  std::uint64_t seed = 0;  // of the venue's service times
  // The same whatever the market maker does, so that a caller with many of them asks once (feed_lags_ns).
  bool keep_feed_lags = true;
};

// What a run needs and need not make anew: the memory of two books, as long as the feed stays the same. One
// run at a time.
class WindowWorkspace {
 public:
  struct Books {
    explicit Books(const FeedSlots& slots) : exchange(slots), local(slots) {}
    MirroredBook exchange, local;
  };
  Books& books(const FeedSlots& slots) {
    if (!books_ || !(books_->local.slots() == slots)) books_.emplace(slots);
    return *books_;
  }

 private:
  std::optional<Books> books_;
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

// Of the venue's two ways at least one takes time.
WindowResult run_window(const WindowInput& input);
WindowResult run_window(const WindowInput& input, WindowWorkspace& workspace);

// Exchange to local, of each event of a feed whose exchange and subscriber see the same rows that happens and
// is seen before `end_ns`.
std::vector<std::int64_t> feed_lags_ns(const ReplayFeed& feed, std::int64_t end_ns);

}  // namespace soak::sim

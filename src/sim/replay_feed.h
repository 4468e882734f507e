#pragma once
// What a replay reads: rows and their times in columns, once in the exchange's order and once in that of the
// subscriber. A view; whoever owns the columns must outlive it. Behind each column stands at least one row of
// padding with the time kFeedPaddingNs, so that a loop that runs up to a time needs no second test for the
// end.

#include <cstddef>
#include <cstdint>

#include "sim/feed_format.h"
#include "sim/market_event.h"

namespace soak::sim {

struct ReplayColumns {
  const std::int64_t* times_ns = nullptr;  // never decreasing
  const FeedRow* rows = nullptr;           // coded as in a .feed file
  std::size_t size = 0;
  // Order by order, of the exchange's columns only (feed_format.h, joined_row); null where levels are all
  // that is known.
  const std::int64_t* joined_rows = nullptr;
};

struct ReplayFeed {
  std::size_t row_count = 0;  // rows of the source
  ReplayColumns exchange;     // what the exchange sees, at exchange times
  ReplayColumns local;        // what the subscriber sees, at local times; often the same rows
  FeedSlots slots;
  Instrument instrument;
};

class Feed;
// A .feed file as it lies mapped. Not for one with wide quantities.
ReplayFeed replay_feed(const Feed& feed);

}  // namespace soak::sim

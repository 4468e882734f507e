#pragma once
// A market made of events, as the columns that the replay engine reads: slots over the prices that occur, one
// row an event. For markets that are made rather than recorded, and for recorded ones whose quantities do not
// fit the engine's 31 bits: their lots are made coarser. Immutable and thread safe once made.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/replay_feed.h"

namespace soak::sim {

class MarketColumns {
 public:
  MarketColumns() : MarketColumns({}, {}, {}, {}) {}
  // Times of the events ascend in both columns. `quantity_lots_max`: at least every quantity that will ever
  // be shown, so that all windows of one market count in the same lots.
  MarketColumns(const Instrument& instrument, std::span<const Level> bids, std::span<const Level> asks,
                std::span<const MarketEvent> events, std::int64_t quantity_lots_max = INT32_MAX);

  // Valid as long as this object, and where it is moved to.
  ReplayFeed feed() const;
  // The opening book in the feed's lots, best first.
  const std::vector<Level>& bids() const { return bids_; }
  const std::vector<Level>& asks() const { return asks_; }

 private:
  std::int32_t to_lots(std::int64_t quantity) const;
  std::vector<Level> to_lots(std::span<const Level> levels) const;

  std::int64_t coarser_ = 1;  // the engine's lots in those of the events
  Instrument instrument_;
  FeedSlots slots_;
  std::vector<Level> bids_, asks_;
  std::vector<std::int64_t> exchange_ns_, local_ns_;
  std::vector<FeedRow> rows_;
};

}  // namespace soak::sim

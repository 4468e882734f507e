#include "sim/market_columns.h"

#include <gtest/gtest.h>

#include <vector>

namespace soak::sim {
namespace {

const std::vector<Level> kBids = {{99, 5}}, kAsks = {{103, 7}};
const std::vector<MarketEvent> kEvents = {{1, 4, 101, EventKind::kDepth, Side::kBuy, 20},
                                          {2, 5, 0, EventKind::kClear, Side::kSell, 0},
                                          {3, 6, 104, EventKind::kTrade, Side::kBuy, 9}};

TEST(MarketColumns, HoldEachEventAsARowWithBothItsTimes) {
  const MarketColumns columns({0.1, 0.001}, kBids, kAsks, kEvents);
  const ReplayFeed feed = columns.feed();
  ASSERT_EQ(feed.row_count, 3U);
  EXPECT_EQ(feed.slots, (FeedSlots{99, 104}));
  for (std::size_t k = 0; k < kEvents.size(); ++k) {
    const FeedRow& row = feed.exchange.rows[k];
    EXPECT_TRUE(feed.slots.valid(row.code));
    EXPECT_EQ(feed_kind(row.code), kEvents[k].kind);
    EXPECT_EQ(feed_side(row.code), kEvents[k].side);
    EXPECT_EQ(feed.slots.price(row.code), kEvents[k].price_ticks);
    EXPECT_EQ(row.quantity_lots, kEvents[k].quantity_lots);
    EXPECT_EQ(feed.exchange.times_ns[k], kEvents[k].exchange_ns);
    EXPECT_EQ(feed.local.times_ns[k], kEvents[k].local_ns);
  }
  EXPECT_EQ(feed.exchange.times_ns[3], kFeedPaddingNs);
  EXPECT_EQ(feed.local.times_ns[3], kFeedPaddingNs);
}

TEST(MarketColumns, CountInCoarserLotsWhereQuantitiesAreTooWideAndKeepASmallLevelVisible) {
  std::vector<MarketEvent> wide = kEvents;
  wide[0].quantity_lots = 90'000'000'000;
  const MarketColumns columns({0.1, 1e-8}, kBids, kAsks, wide, 90'000'000'000);
  EXPECT_DOUBLE_EQ(columns.feed().instrument.lot_size, 1e-6);
  EXPECT_EQ(columns.feed().exchange.rows[0].quantity_lots, 900'000'000);
  EXPECT_EQ(columns.feed().exchange.rows[2].quantity_lots, 1);
  EXPECT_EQ(columns.bids(), (std::vector<Level>{{99, 1}}));
  EXPECT_EQ(columns.asks(), (std::vector<Level>{{103, 1}}));
}

TEST(MarketColumns, OfNothingCanBeReplayed) {
  const MarketColumns columns;
  EXPECT_EQ(columns.feed().row_count, 0U);
  EXPECT_EQ(columns.feed().exchange.times_ns[0], kFeedPaddingNs);
}

}  // namespace
}  // namespace soak::sim

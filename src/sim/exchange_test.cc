#include "sim/exchange.h"

#include <gtest/gtest.h>

#include <vector>

#include "sim/queue_risk_averse.h"

namespace soak::sim {
namespace {

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest()
      : times_(kRowsMax, kFeedPaddingNs),
        rows_(kRowsMax),
        book_(kSlots),
        exchange_(Venue{}, {times_.data(), rows_.data(), kRowsMax}, book_, responses_) {
    event({1, 1, 100, EventKind::kDepth, Side::kBuy, 50});
    event({1, 1, 104, EventKind::kDepth, Side::kSell, 50});
  }
  // What the feed tells next.
  void event(const MarketEvent& event) {
    times_[size_] = event.exchange_ns;
    rows_[size_++] = {kSlots.code(event.kind, event.side, event.price_ticks),
                      static_cast<std::int32_t>(event.quantity_lots)};
    exchange_.advance(event.exchange_ns);
    take_answers();
  }
  void request(const Request& request) {
    exchange_.on_request(request, times_[size_ - 1]);
    take_answers();
  }
  void quote(std::int64_t id, Side side, std::int32_t price, std::int64_t lots, bool taker = false) {
    request({RequestKind::kNew, {id, side, taker, price, lots, lots, 0, 0}, 0});
  }
  void cancel(std::int64_t id, Side side) {
    request({RequestKind::kCancel, {id, side, false, 0, 0, 0, 0, 0}, 0});
  }
  void trade(Side aggressor, std::int32_t price, std::int64_t lots) {
    event({times_[size_ - 1], 0, price, EventKind::kTrade, aggressor, lots});
  }
  std::int64_t filled(std::int64_t id) const {
    std::int64_t lots = 0;
    for (const Response& response : out_) {
      if (response.kind == ResponseKind::kFilled && response.order_id == id) lots += response.quantity_lots;
    }
    return lots;
  }
  void take_answers() {
    for (; !responses_.empty(); responses_.pop()) out_.push_back(responses_.front());
  }

  static constexpr FeedSlots kSlots{90, 110};
  static constexpr std::size_t kRowsMax = 128;
  std::vector<std::int64_t> times_;
  std::vector<FeedRow> rows_;
  std::size_t size_ = 0;
  MirroredBook book_;
  FifoBus<Response> responses_;
  Exchange<RiskAverseQueue> exchange_;
  std::vector<Response> out_;
};

TEST_F(ExchangeTest, AnOrderBehindAQueueIsFilledOnlyOnceTradesPassTheQueue) {
  quote(1, Side::kBuy, 100, 10);
  trade(Side::kSell, 100, 50);  // exactly what stood ahead
  EXPECT_EQ(filled(1), 0);
  trade(Side::kSell, 100, 4);
  EXPECT_EQ(filled(1), 4);
  trade(Side::kSell, 100, 100);
  EXPECT_EQ(filled(1), 10);
}

TEST_F(ExchangeTest, ATradeThroughTheOrdersPriceFillsItWithoutAQueue) {
  quote(1, Side::kBuy, 101, 10);  // inside the spread
  trade(Side::kSell, 100, 6);
  EXPECT_EQ(filled(1), 6);
}

TEST_F(ExchangeTest, EachLotOfATradeIsGivenOnceBestPriceFirst) {
  quote(1, Side::kBuy, 101, 10);
  quote(2, Side::kBuy, 103, 10);
  quote(3, Side::kBuy, 102, 10);
  trade(Side::kSell, 100, 14);
  EXPECT_EQ(filled(2), 10);
  EXPECT_EQ(filled(3), 4);
  EXPECT_EQ(filled(1), 0);
}

TEST_F(ExchangeTest, WhatABetterOrderTookDoesNotReachTheTradesPrice) {
  event({2, 2, 100, EventKind::kDepth, Side::kBuy, 5});
  quote(1, Side::kBuy, 101, 10);
  quote(2, Side::kBuy, 100, 10);
  trade(Side::kSell, 100, 10);
  EXPECT_EQ(filled(1), 10);
  EXPECT_EQ(filled(2), 0) << "ten lots were traded, and ten are gone";
  trade(Side::kSell, 100, 8);
  EXPECT_EQ(filled(2), 3);
}

TEST_F(ExchangeTest, CancellationsAheadAreAssumedToComeFromBehind) {
  quote(1, Side::kBuy, 100, 10);
  event({3, 3, 100, EventKind::kDepth, Side::kBuy, 60});  // grows: behind us
  event({3, 3, 100, EventKind::kDepth, Side::kBuy, 20});  // shrinks below what was ahead: 20 ahead at most
  trade(Side::kSell, 100, 25);
  EXPECT_EQ(filled(1), 5);
}

TEST_F(ExchangeTest, APostOnlyOrderThatWouldCrossIsRejected) {
  quote(1, Side::kBuy, 104, 10);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(out_[0].kind, ResponseKind::kRejected);
}

TEST_F(ExchangeTest, ACancelThatComesAfterTheFillIsRejected) {
  quote(1, Side::kBuy, 101, 10);
  trade(Side::kSell, 100, 10);
  cancel(1, Side::kBuy);
  EXPECT_EQ(out_.back().kind, ResponseKind::kCancelRejected);
}

TEST_F(ExchangeTest, AMarketThatMovesThroughOurPriceFillsUs) {
  quote(1, Side::kBuy, 101, 10);
  event({3, 3, 101, EventKind::kDepth, Side::kSell, 5});
  EXPECT_EQ(filled(1), 10);
}

TEST_F(ExchangeTest, ATakeWalksTheBookAndCancelsWhatIsNotOffered) {
  event({2, 2, 106, EventKind::kDepth, Side::kSell, 20});
  quote(1, Side::kBuy, 0, 100, true);
  EXPECT_EQ(filled(1), 70);
  EXPECT_EQ(out_.back().kind, ResponseKind::kCancelled);
  EXPECT_EQ(exchange_.accounts().position_lots(), 70);
}

TEST_F(ExchangeTest, WhatWasTakenStaysTakenUntilTheFeedTellsTheLevelAnew) {
  quote(1, Side::kBuy, 0, 30, true);
  quote(2, Side::kBuy, 0, 30, true);
  EXPECT_EQ(filled(1), 30);
  EXPECT_EQ(filled(2), 20) << "50 rested, and 30 are gone";
  quote(3, Side::kBuy, 0, 30, true);
  EXPECT_EQ(filled(3), 0);
  event({5, 5, 104, EventKind::kDepth, Side::kSell, 50});
  quote(4, Side::kBuy, 0, 30, true);
  EXPECT_EQ(filled(4), 30);
}

TEST_F(ExchangeTest, AClearedSideIsToldAnewAndNothingOfItStaysTaken) {
  quote(1, Side::kBuy, 0, 50, true);
  event({5, 5, 0, EventKind::kClear, Side::kSell, 0});
  event({5, 5, 104, EventKind::kSnapshot, Side::kSell, 50});
  quote(2, Side::kBuy, 0, 30, true);
  EXPECT_EQ(filled(2), 30);
}

TEST_F(ExchangeTest, AnOrderAtALevelThatWasTakenFromStillSeesItsQueueShrink) {
  event({2, 2, 105, EventKind::kDepth, Side::kSell, 40});
  quote(1, Side::kSell, 105, 10);
  quote(2, Side::kBuy, 0, 60, true);  // all of 104 and ten of 105
  event({3, 3, 105, EventKind::kDepth, Side::kSell, 40});
  event({3, 3, 105, EventKind::kDepth, Side::kSell, 4});
  trade(Side::kBuy, 105, 9);
  EXPECT_EQ(filled(1), 5);
}

TEST_F(ExchangeTest, EveryAnswerSaysWhenItHappenedAndOnlyTheFirstOfARequestAcknowledgesIt) {
  event({2, 2, 105, EventKind::kDepth, Side::kSell, 20});
  quote(1, Side::kBuy, 0, 100, true);
  ASSERT_EQ(out_.size(), 3U);  // two fills, and what was not offered
  EXPECT_TRUE(out_[0].acknowledges);
  EXPECT_FALSE(out_[1].acknowledges || out_[2].acknowledges);
  quote(2, Side::kBuy, 101, 10);
  event({9, 9, 101, EventKind::kDepth, Side::kSell, 5});
  EXPECT_EQ(out_.back().exchange_ns, 9);
  EXPECT_FALSE(out_.back().acknowledges);
}

TEST_F(ExchangeTest, AQuoteBeyondEveryPriceOfTheFeedRestsAndIsNeverReached) {
  quote(1, Side::kBuy, 5, 10);
  EXPECT_EQ(out_.back().kind, ResponseKind::kAccepted);
  trade(Side::kSell, 90, 1'000);
  EXPECT_EQ(filled(1), 0);
  quote(2, Side::kSell, 200, 10);
  trade(Side::kBuy, 110, 1'000);
  EXPECT_EQ(filled(2), 0);
}

TEST_F(ExchangeTest, ClosingGivesTheBookBackAsNewAndCountsTheAgesOfWhatRests) {
  quote(1, Side::kBuy, 99, 10);
  exchange_.close(31);
  EXPECT_EQ(exchange_.order_ages_ns(), std::vector<std::int64_t>{30});
  EXPECT_FALSE(book_.two_sided());
  EXPECT_EQ(book_.quantity_lots(0, kSlots.level(0, 100)), 0);
}

TEST_F(ExchangeTest, TakingOneSideLeavesTheOtherAsItIs) {
  quote(1, Side::kBuy, 0, 50, true);
  quote(2, Side::kSell, 0, 50, true);
  EXPECT_EQ(filled(2), 50);
}

TEST_F(ExchangeTest, ATakePaysForItsImpactOnceTheMarketHasShownVolatilityAndVolume) {
  trade(Side::kSell, 100, 400);
  for (std::int64_t second = 1; second <= 16; ++second) {  // the mid moves by one tick a second
    const std::int32_t bid = second % 2 == 0 ? 100 : 102;
    event({second * 1'000'000'000, 0, bid == 100 ? 102 : 100, EventKind::kDepth, Side::kBuy, 0});
    event({second * 1'000'000'000, 0, bid, EventKind::kDepth, Side::kBuy, 50});
  }
  quote(1, Side::kBuy, 0, 25, true);
  // sigma = sqrt(15 or 16) ticks, sqrt(25 / 400) = 1/4, two thirds of one tick
  ASSERT_EQ(filled(1), 25);
  EXPECT_EQ(out_.back().price_ticks, 105);
}

TEST(SquareRootImpact, GrowsWithTheRootOfTheSizeAndIsNothingBeforeTheMarketMoved) {
  SquareRootImpact impact(1);
  EXPECT_EQ(impact.cost_ticks(100), 0);
  impact.traded(10'000);
  EXPECT_EQ(impact.cost_ticks(100), 0);
  for (std::int64_t second = 0; second <= 100; ++second)
    impact.mid_moved(second * 1'000'000'000, second % 2 == 0 ? 0 : 120);  // 60 ticks
  const std::int32_t small = impact.cost_ticks(100), large = impact.cost_ticks(400);
  EXPECT_EQ(small, 40);  // 2/3 × 600 × sqrt(1/100)
  EXPECT_EQ(large, 80);
}

TEST(SquareRootImpact, TakesNoBounceWithinASecondForVolatility) {
  SquareRootImpact impact(1);
  impact.traded(100);
  for (std::int64_t k = 0; k < 99; ++k) impact.mid_moved(k * 10'000'000, k % 2 == 0 ? 0 : 100);
  EXPECT_EQ(impact.cost_ticks(100), 0);
}

}  // namespace
}  // namespace soak::sim

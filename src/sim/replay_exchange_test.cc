#include "sim/replay_exchange.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "sim/latency_constant.h"
#include "sim/latency_interpolated.h"
#include "sim/queue_risk_averse.h"

namespace soak::sim {
namespace {

constexpr FeedSlots kSlots{90, 110};

// Fifty lots rest at 100 and at 104 from the start; rows come one a nanosecond, and each answer takes ten.
template <bool kPartialFill>
class Scene {
 public:
  Scene() {
    depth(Side::kBuy, 100, 50);
    depth(Side::kSell, 104, 50);
  }
  Scene& depth(Side side, std::int32_t price, std::int32_t lots) {
    return add(EventKind::kDepth, side, price, lots);
  }
  Scene& trade(Side aggressor, std::int32_t price, std::int32_t lots) {
    return add(EventKind::kTrade, aggressor, price, lots);
  }
  // Sent once so many rows have passed.
  Scene& order(std::int64_t id, Side side, std::int32_t price, double lots) {
    const int ask = side == Side::kSell;
    requests_.push_back({now(), id, lots, kSlots.level(ask, price), static_cast<std::int8_t>(ask), false, 0});
    return *this;
  }
  Scene& cancel(std::int64_t id, Side side) {
    requests_.push_back({now(), id, 0, 0, static_cast<std::int8_t>(side == Side::kSell), true, 0});
    return *this;
  }
  // All answers, in order.
  std::vector<ReplayResponse> run() { return run_with(ConstantLatency{0, 10}); }
  template <class Latency>
  std::vector<ReplayResponse> run_with(const Latency& latency) {
    ReplayFeed feed;
    const std::size_t size = rows_.size();
    rows_.push_back({0, 0});
    times_.push_back(kFeedPaddingNs);
    feed.row_count = size;
    feed.exchange = feed.local = {times_.data(), rows_.data(), size};
    feed.slots = kSlots;
    feed.instrument = {1, 1};
    FifoBus<ReplayResponse> out;
    ReplayExchange<RiskAverseQueue, Latency, kPartialFill> exchange(feed, latency, out);
    for (const ReplayRequest& request : requests_) {
      exchange.advance(request.arrives_ns);
      exchange.on_request(request);
    }
    exchange.advance(kFeedTimeNsMax);
    stopped = exchange.stopped();
    position_lots = exchange.position_lots();
    std::vector<ReplayResponse> answers;
    for (; !out.empty(); out.pop()) answers.push_back(out.front());
    return answers;
  }
  bool stopped = false;
  std::int64_t position_lots = 0;

 private:
  std::int64_t now() const { return static_cast<std::int64_t>(rows_.size()); }
  Scene& add(EventKind kind, Side side, std::int32_t price, std::int32_t lots) {
    rows_.push_back({kSlots.code(kind, side, price), lots});
    times_.push_back(now());
    return *this;
  }
  std::vector<FeedRow> rows_;
  std::vector<std::int64_t> times_;
  std::vector<ReplayRequest> requests_;
};
using Whole = Scene<false>;
using Partial = Scene<true>;

std::vector<ReplayAnswer> answers_of(const std::vector<ReplayResponse>& responses) {
  std::vector<ReplayAnswer> answers;
  for (const ReplayResponse& response : responses) answers.push_back(response.answer);
  return answers;
}
using Answers = std::vector<ReplayAnswer>;
using enum ReplayAnswer;

TEST(ReplayExchange, AQueueThatTradesHaveJustEatenFillsNothing) {
  Whole scene;
  scene.order(1, Side::kBuy, 100, 10).trade(Side::kSell, 100, 50);
  EXPECT_EQ(answers_of(scene.run()), Answers{kAccepted});
}

TEST(ReplayExchange, OneLotBeyondTheQueueFillsAnOrderWhole) {
  Whole scene;
  scene.order(1, Side::kBuy, 100, 10).trade(Side::kSell, 100, 50).trade(Side::kSell, 100, 1);
  const auto responses = scene.run();
  EXPECT_EQ(answers_of(responses), (Answers{kAccepted, kFilled}));
  EXPECT_EQ(responses[1].quantity, 10);
  EXPECT_EQ(responses[1].slot, kSlots.level(0, 100));
  EXPECT_EQ(responses[1].arrives_ns, 4 + 10);
}

TEST(ReplayExchange, ATradeThroughTheLimitFillsWholeWhateverItsSize) {
  Whole buy, sell;
  buy.order(1, Side::kBuy, 101, 10).trade(Side::kSell, 100, 1);
  sell.order(1, Side::kSell, 103, 10).trade(Side::kBuy, 104, 1);
  EXPECT_EQ(answers_of(buy.run()), (Answers{kAccepted, kFilled}));
  EXPECT_EQ(answers_of(sell.run()), (Answers{kAccepted, kFilled}));
}

TEST(ReplayExchange, EachOrderAtALevelConsumesTheWholeTrade) {
  Whole scene;
  scene.order(1, Side::kBuy, 101, 10).order(2, Side::kBuy, 101, 10).trade(Side::kSell, 101, 1);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kAccepted, kFilled, kFilled}));
}

TEST(ReplayExchange, ALevelThatShrinksCutsTheQueue) {
  Whole scene;
  scene.order(1, Side::kSell, 104, 10).depth(Side::kSell, 104, 5).trade(Side::kBuy, 104, 6);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kFilled}));
}

TEST(ReplayExchange, ABestOfTheOtherSideAtTheLimitFills) {
  Whole scene;
  scene.order(1, Side::kBuy, 102, 10).depth(Side::kSell, 102, 1);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kFilled}));
}

TEST(ReplayExchange, AnOrderAtTheOtherSidesBestExpires) {
  Whole scene;
  scene.order(1, Side::kBuy, 104, 10).order(2, Side::kSell, 100, 10).order(3, Side::kBuy, 103, 10);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kExpired, kExpired, kAccepted}));
}

TEST(ReplayExchange, ACancelThatComesAfterTheFillIsRejected) {
  Whole scene;
  scene.order(1, Side::kBuy, 101, 10).trade(Side::kSell, 100, 1).cancel(1, Side::kBuy);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kFilled, kCancelRejected}));
}

TEST(ReplayExchange, ACancelledOrderIsNotFilledAndItsLevelIsWatchedNoMore) {
  Whole scene;
  scene.order(1, Side::kBuy, 101, 10).cancel(1, Side::kBuy).trade(Side::kSell, 100, 1);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kCancelled}));
}

TEST(ReplayExchange, OneOfTwoOrdersAtALevelMayGo) {
  Whole scene;
  scene.order(1, Side::kBuy, 101, 10)
      .order(2, Side::kBuy, 101, 10)
      .cancel(1, Side::kBuy)
      .trade(Side::kSell, 101, 1);
  const auto responses = scene.run();
  EXPECT_EQ(answers_of(responses), (Answers{kAccepted, kAccepted, kCancelled, kFilled}));
  EXPECT_EQ(responses[3].order_id, 2);
}

TEST(ReplayExchange, AnOrderRestsWhereTheBestOfTheOtherSideWentAway) {
  Whole scene;
  scene.depth(Side::kSell, 106, 5).depth(Side::kSell, 104, 0);
  scene.order(1, Side::kBuy, 105, 10).order(2, Side::kBuy, 106, 10);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kExpired}));
}

TEST(ReplayExchange, TheDeepestOfTwoOrdersIsReachedInWhateverOrderTheyCame) {
  for (const bool deep_first : {false, true}) {
    Whole scene;
    scene.order(deep_first ? 1 : 2, Side::kBuy, deep_first ? 101 : 102, 10);
    scene.order(deep_first ? 2 : 1, Side::kBuy, deep_first ? 102 : 101, 10).trade(Side::kSell, 101, 1);
    EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kAccepted, kFilled, kFilled})) << deep_first;
    EXPECT_EQ(scene.position_lots, 20);
  }
}

TEST(ReplayExchange, TheBetterOfTwoOrdersIsReachedInWhateverOrderTheyCame) {
  for (const bool deep_first : {false, true}) {
    Whole scene;
    scene.order(1, Side::kSell, deep_first ? 103 : 102, 10);
    scene.order(2, Side::kSell, deep_first ? 102 : 103, 10).trade(Side::kBuy, 102, 1);
    EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kAccepted, kFilled})) << deep_first;
    EXPECT_EQ(scene.position_lots, -10);
  }
}

TEST(ReplayExchange, ALevelStaysWatchedForTheOrderThatIsLeft) {
  Whole scene;
  scene.order(1, Side::kSell, 104, 10).order(2, Side::kSell, 104, 10).cancel(1, Side::kSell);
  scene.depth(Side::kSell, 104, 5).trade(Side::kBuy, 104, 6);
  EXPECT_EQ(answers_of(scene.run()), (Answers{kAccepted, kAccepted, kCancelled, kFilled}));
}

TEST(ReplayExchange, AnAnswerNeverOvertakesTheOneBeforeIt) {
  Whole scene;
  scene.order(1, Side::kBuy, 101, 10).depth(Side::kBuy, 95, 1).order(2, Side::kBuy, 101, 10);
  const auto responses = scene.run_with(InterpolatedLatency({{1, 2, 1002}, {2, 3, 4}}));
  ASSERT_EQ(responses.size(), 2U);
  EXPECT_EQ(responses[0].arrives_ns, 2 + 1000);
  EXPECT_EQ(responses[1].arrives_ns, 2 + 1000);
}

TEST(ReplayExchange, PartialFillsGiveWhatATradeReaches) {
  Partial scene;
  scene.order(1, Side::kBuy, 100, 10).trade(Side::kSell, 100, 54).trade(Side::kSell, 100, 7);
  const auto responses = scene.run();
  EXPECT_EQ(answers_of(responses), (Answers{kAccepted, kPartlyFilled, kFilled}));
  EXPECT_EQ(responses[1].quantity, 4);
  EXPECT_EQ(responses[2].quantity, 6);
}

TEST(ReplayExchange, AnOrderFilledExactlyEndsTheRunWhenItIsTouchedAgain) {
  Partial once, again;
  once.order(1, Side::kBuy, 101, 10).trade(Side::kSell, 101, 10);
  EXPECT_EQ(answers_of(once.run()), (Answers{kAccepted, kFilled}));
  EXPECT_FALSE(once.stopped);
  again.order(1, Side::kBuy, 101, 10).trade(Side::kSell, 101, 10).trade(Side::kSell, 101, 1);
  EXPECT_EQ(answers_of(again.run()), (Answers{kAccepted, kFilled}));
  EXPECT_TRUE(again.stopped);
}

}  // namespace
}  // namespace soak::sim

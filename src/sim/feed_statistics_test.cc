#include "sim/feed_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

FeedEvent event(EventKind kind, Side side, std::int64_t ns, std::int64_t ticks, std::int64_t lots) {
  return {ns, ns, {ticks, 0}, {lots, 0}, kind, side};
}

class FeedStatisticsTest : public testing::Test {
 protected:
  FeedStatistics measure(const std::vector<FeedEvent>& events) {
    FeedMeta meta;
    meta.tick = meta.lot = Decimal{1, 0};
    EXPECT_TRUE(write_feed(folder.file("x.feed"), events, meta));
    auto feed = Feed::open(folder.file("x.feed"));
    EXPECT_TRUE(feed.has_value());
    return measure_statistics(*feed);
  }
  static double at(const std::vector<StatisticsPoint>& points, double place) {
    for (const StatisticsPoint& point : points) {
      if (std::fabs(point.at - place) < 1e-9) return point.value;
    }
    ADD_FAILURE() << "no point at " << place;
    return 0;
  }
  TempFolder folder;
};

std::vector<FeedEvent> opening(std::int64_t spread) {
  return {event(EventKind::kSnapshot, Side::kBuy, 0, 1000, 10),
          event(EventKind::kSnapshot, Side::kBuy, 0, 1000 - spread, 20),
          event(EventKind::kSnapshot, Side::kSell, 0, 1000 + spread, 10),
          event(EventKind::kSnapshot, Side::kSell, 0, 1000 + 2 * spread, 40)};
}

TEST_F(FeedStatisticsTest, SpreadsCountForAsLongAsTheyStand) {
  auto events = opening(4);
  events.push_back(event(EventKind::kDepth, Side::kBuy, 60 * kSecond, 1000, 0));  // the spread doubles
  events.push_back(event(EventKind::kDepth, Side::kBuy, 80 * kSecond, 1000, 10));
  events.push_back(event(EventKind::kDepth, Side::kBuy, 100 * kSecond, 1000, 11));
  const FeedStatistics s = measure(events);
  EXPECT_EQ(s.spread_ticks_typical, 4);
  EXPECT_DOUBLE_EQ(at(s.spread_distribution, 0.75), 0);
  EXPECT_DOUBLE_EQ(at(s.spread_distribution, 1), 0.8);
  EXPECT_DOUBLE_EQ(at(s.spread_distribution, 2), 1);
}

TEST_F(FeedStatisticsTest, DepthIsThatOfBothSidesInTypicalTouches) {
  auto events = opening(4);
  events.push_back(event(EventKind::kDepth, Side::kSell, 10 * kSecond, 1008, 40));
  const FeedStatistics s = measure(events);
  EXPECT_EQ(s.touch_lots_typical, 10);
  EXPECT_DOUBLE_EQ(at(s.depth_by_distance, 0), 1);
  EXPECT_DOUBLE_EQ(at(s.depth_by_distance, 1), 3);  // 20 and 40, of 10 each
  EXPECT_DOUBLE_EQ(at(s.depth_by_distance, 2), 0);
}

TEST_F(FeedStatisticsTest, AlternatingTradesAreAnticorrelatedAndPiecesOfOneTradeAreOne) {
  auto events = opening(4);
  for (std::int64_t k = 1; k <= 200; ++k) {
    const bool buy = k % 2 == 0;
    for (int piece = 0; piece < 3; ++piece)
      events.push_back(
          event(EventKind::kTrade, buy ? Side::kBuy : Side::kSell, k * kSecond / 10, buy ? 1004 : 1000, 1));
  }
  const FeedStatistics s = measure(events);
  EXPECT_EQ(s.trades, 200U);
  EXPECT_NEAR(at(s.sign_autocorrelation, 1), -1, 1e-9);
  EXPECT_NEAR(at(s.sign_autocorrelation, 2), 1, 1e-9);
}

TEST_F(FeedStatisticsTest, TradesAtRandomHaveAVarianceLikeTheirMeanAndTradesInBurstsAGreaterOne) {
  base::Rng rng(5);
  auto random = opening(4), bursts = opening(4);
  double now_s = 0;
  for (int k = 0; k < 8000; ++k) {
    now_s += 0.1 * rng.exponential();
    random.push_back(event(EventKind::kTrade, Side::kBuy, std::llround(now_s * kSecond), 1004, 1));
    const std::int64_t burst_ns = std::int64_t{k / 40} * 4 * kSecond + (k % 40) * 1'000'000;
    bursts.push_back(event(EventKind::kTrade, Side::kBuy, burst_ns + kSecond, 1004, 1));
  }
  EXPECT_NEAR(at(measure(random).trade_clustering, 1), 1, 0.15);
  EXPECT_GT(at(measure(bursts).trade_clustering, 1), 10);
}

TEST_F(FeedStatisticsTest, ARandomWalkHasAFlatSignature) {
  base::Rng rng(6);
  auto events = opening(2);
  std::int64_t mid = 1000;
  for (std::int64_t k = 1; k <= 20'000; ++k) {
    const std::int64_t ns = k * kSecond / 10;
    events.push_back(event(EventKind::kDepth, Side::kBuy, ns, mid, 0));
    events.push_back(event(EventKind::kDepth, Side::kSell, ns, mid + 2, 0));
    if (k == 1) {
      events.push_back(event(EventKind::kDepth, Side::kBuy, ns, 998, 0));
      events.push_back(event(EventKind::kDepth, Side::kSell, ns, 1004, 0));
    }
    mid += rng.below(2) == 0 ? -1 : 1;
    mid = std::max<std::int64_t>(mid, 10);
    events.push_back(event(EventKind::kDepth, Side::kBuy, ns, mid, 5));
    events.push_back(event(EventKind::kDepth, Side::kSell, ns, mid + 2, 5));
  }
  const FeedStatistics s = measure(events);
  const double expected = std::sqrt(10.0) / 2;  // ten steps of one tick a second, typical spread two ticks
  EXPECT_NEAR(at(s.signature, 0.1), expected, 0.02);
  EXPECT_NEAR(at(s.signature, 1), expected, 0.1);
  EXPECT_NEAR(at(s.signature, 10), expected, 0.35);
}

TEST_F(FeedStatisticsTest, ALevelLivesFromItsAppearanceToItsRemoval) {
  auto events = opening(4);
  events.push_back(event(EventKind::kDepth, Side::kBuy, kSecond, 998, 3));
  events.push_back(event(EventKind::kDepth, Side::kBuy, 2 * kSecond, 998, 1));  // a change is no new life
  events.push_back(event(EventKind::kDepth, Side::kBuy, 5 * kSecond, 998, 0));  // 4 s
  events.push_back(event(EventKind::kDepth, Side::kSell, 6 * kSecond, 1010, 3));
  events.push_back(event(EventKind::kDepth, Side::kSell, 6 * kSecond + kSecond / 2, 1010, 0));
  const FeedStatistics s = measure(events);
  EXPECT_DOUBLE_EQ(at(s.level_lifetime, 0.2), 0);
  EXPECT_DOUBLE_EQ(at(s.level_lifetime, 0.5), 0.5);
  EXPECT_DOUBLE_EQ(at(s.level_lifetime, 5), 1);
}

TEST_F(FeedStatisticsTest, ABookWithoutASecondSideHasNoUnits) {
  const FeedStatistics s = measure({event(EventKind::kDepth, Side::kBuy, 0, 1000, 1),
                                    event(EventKind::kDepth, Side::kBuy, kSecond, 1000, 2)});
  EXPECT_EQ(s.spread_ticks_typical, 0);
  EXPECT_TRUE(s.signature.empty());
}

}  // namespace
}  // namespace soak::sim

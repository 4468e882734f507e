#include "sim/feed_summary.h"

#include <gmock/gmock.h>

#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;

struct Summary : ::testing::Test {
  // Row by row: seconds, kind, side, price in cents, quantity.
  void row(std::int64_t seconds, EventKind kind, Side side, std::int64_t price, std::int64_t quantity) {
    events.push_back(
        {seconds * kSecond, seconds * kSecond + latency_ns, cents(price), {quantity, 0}, kind, side});
  }
  void opening_book() {
    row(1, EventKind::kSnapshot, Side::kBuy, 9999, 10);
    row(1, EventKind::kSnapshot, Side::kSell, 10001, 30);
  }
  Feed feed() {
    const std::string path = folder.file("x.feed");
    EXPECT_TRUE(write_feed(path, events, meta));
    auto opened = Feed::open(path);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }
  std::vector<std::string> reasons(std::int64_t window_s = 10) {
    const Feed opened = feed();
    return unfit_reasons(opened, summarize(opened), window_s * kSecond);
  }
  TempFolder folder;
  FeedMeta meta = test_meta();
  std::vector<FeedEvent> events;
  std::int64_t latency_ns = 5'000'000;
};

TEST_F(Summary, MeasuresSpreadTouchAndLatency) {
  opening_book();
  row(2, EventKind::kDepth, Side::kBuy, 9995, 7);
  row(3, EventKind::kTrade, Side::kBuy, 10001, 4);
  const Feed opened = feed();
  const FeedSummary summary = summarize(opened);
  EXPECT_EQ(summary.book_states, 2U);
  EXPECT_EQ(summary.spread_ticks_median, 2);
  EXPECT_NEAR(summary.spread_bps_median, 2.0, 0.02);
  EXPECT_EQ(summary.touch_lots_median, 20);
  EXPECT_EQ(summary.latency_ns_min, 5'000'000);
  EXPECT_EQ(summary.latency_ns_median, 5'000'000);
  EXPECT_DOUBLE_EQ(summary.traded_base, 4.0);
  EXPECT_EQ(summary.gap_ns_max, kSecond);
}

TEST_F(Summary, ASoundFeedIsFit) {
  opening_book();
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Summary, ACrossedBookIsUnfit) {
  opening_book();
  row(5, EventKind::kDepth, Side::kBuy, 10002, 4);
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  EXPECT_THAT(reasons(),
              Contains(HasSubstr("crossed in 1 of 2 states, first at row 2 (1970-01-01T00:00:05Z)")));
}

TEST_F(Summary, ACrossThatEndsWithinItsMomentIsNone) {
  opening_book();
  row(5, EventKind::kDepth, Side::kBuy, 10002, 4);
  row(5, EventKind::kDepth, Side::kBuy, 10002, 0);
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  EXPECT_THAT(reasons(), IsEmpty());
}

TEST_F(Summary, AnEmptySideIsUnfit) {
  opening_book();
  row(5, EventKind::kDepth, Side::kSell, 10001, 0);
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  EXPECT_THAT(reasons(), Contains(HasSubstr("a side of the book is empty in 1 of 2 states, first at row 2")));
}

TEST_F(Summary, WithoutTradesNothingCanBeFilled) {
  opening_book();
  row(20, EventKind::kDepth, Side::kBuy, 9990, 4);
  EXPECT_THAT(reasons(), Contains(HasSubstr("no trades")));
}

TEST_F(Summary, ASequenceBreakIsUnfit) {
  opening_book();
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  meta.sequence_breaks = 1;
  EXPECT_THAT(reasons(), Contains(HasSubstr("1 sequence break:")));
}

TEST_F(Summary, AFeedShorterThanOneWindowIsUnfit) {
  opening_book();
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  EXPECT_THAT(reasons(30), Contains(HasSubstr("not one whole window of 30 s")));
}

TEST_F(Summary, AWindowWithoutARowIsUnfitAndNamed) {
  opening_book();
  row(8, EventKind::kDepth, Side::kBuy, 9990, 4);
  row(30, EventKind::kTrade, Side::kBuy, 10001, 4);
  row(41, EventKind::kTrade, Side::kBuy, 10001, 4);
  EXPECT_THAT(reasons(10), Contains("2 windows of 10 s without a single row, the first after row 2 "
                                    "(1970-01-01T00:00:08Z)"));
  EXPECT_THAT(reasons(20), IsEmpty());
  const Feed opened = feed();
  EXPECT_EQ(summarize(opened).long_gaps, 3U);
  EXPECT_EQ(summarize(opened).gap_row, 3U);
  EXPECT_EQ(summarize(opened).gap_ns_max, 22 * kSecond);
}

TEST_F(Summary, AMessageSeenBeforeItWasSentIsUnfit) {
  latency_ns = -1000;
  opening_book();
  row(20, EventKind::kTrade, Side::kBuy, 10001, 4);
  meta.latency_floor_ns = -2000;  // leaves the times as they are
  EXPECT_THAT(reasons(), Contains(HasSubstr("received before it was sent")));
}

}  // namespace
}  // namespace soak::sim

#include "sim/feed_windows.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

constexpr std::size_t kRows = 150'000;

struct Windows : ::testing::Test {
  void SetUp() override {
    const std::string path = folder.file("x.feed");
    ASSERT_TRUE(write_feed(path, random_events(kRows, 11), test_meta()));
    auto opened = Feed::open(path);
    ASSERT_TRUE(opened);
    feed.emplace(std::move(*opened));
  }
  // Every row before `row` applied to two plain maps.
  void expect_book_before(std::size_t row, const FeedWindow& window) const {
    std::map<std::int32_t, std::int64_t, std::greater<>> bids;
    std::map<std::int32_t, std::int64_t> asks;
    const auto set = [](auto& side, const MarketEvent& event) {
      if (event.quantity_lots == 0)
        side.erase(event.price_ticks);
      else
        side[event.price_ticks] = event.quantity_lots;
    };
    for (std::size_t k = 0; k < row; ++k) {
      const MarketEvent event = feed->event(k);
      if (event.kind == EventKind::kTrade) continue;
      if (event.side == Side::kBuy)
        set(bids, event);
      else
        set(asks, event);
    }
    std::vector<Level> expected_bids, expected_asks;
    for (const auto& [price, quantity] : bids) expected_bids.push_back({price, quantity});
    for (const auto& [price, quantity] : asks) expected_asks.push_back({price, quantity});
    EXPECT_EQ(window.bids, expected_bids) << "before row " << row;
    EXPECT_EQ(window.asks, expected_asks) << "before row " << row;
  }
  TempFolder folder;
  std::optional<Feed> feed;
};

TEST_F(Windows, CoverTheFeedWithoutGapOrOverlap) {
  FeedWindows windows(*feed, 10'000'000'000);
  ASSERT_GT(windows.count(), 5U);
  std::size_t row = feed->header().opening_row_count;
  for (std::uint64_t k = 0; k < windows.count(); ++k) {
    auto window = windows.window(k);
    ASSERT_TRUE(window);
    EXPECT_EQ(window->first_row, row);
    for (const MarketEvent& event : windows.events(*window)) {
      ASSERT_GE(event.exchange_ns, window->start_ns);
      ASSERT_LT(event.exchange_ns, window->end_ns);
    }
    row = window->end_row;
  }
}

TEST_F(Windows, OpenWithTheBookThatAllEarlierRowsMake) {
  FeedWindows windows(*feed, 7'000'000'000);
  for (std::uint64_t k = 0; k < windows.count(); ++k) {
    auto window = windows.window(k);
    ASSERT_TRUE(window);
    expect_book_before(window->first_row, *window);
  }
}

TEST_F(Windows, ComeOutTheSameInAnyOrder) {
  FeedWindows windows(*feed, 5'000'000'000);
  base::Rng rng(5);
  for (int k = 0; k < 25; ++k) {
    auto window = windows.window(rng.below(windows.count()));
    ASSERT_TRUE(window);
    expect_book_before(window->first_row, *window);
  }
}

TEST_F(Windows, TheFirstOneOpensWithTheSnapshot) {
  FeedWindows windows(*feed, 5'000'000'000);
  auto window = windows.window(0);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->bids.size(), 20U);
  EXPECT_EQ(window->asks.size(), 20U);
  EXPECT_EQ(window->bids.front().price_ticks, 9999);
  EXPECT_EQ(window->asks.front().price_ticks, 10001);
}

TEST_F(Windows, OneTooManyIsRefusedWithTheirNumber) {
  FeedWindows windows(*feed, 5'000'000'000);
  auto window = windows.window(windows.count());
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().code, ErrorCode::kFeedTooShort);
  EXPECT_NE(window.error().message.find("holds " + std::to_string(windows.count())), std::string::npos);
}

TEST_F(Windows, AreCountedOnlyWhereTheFeedReachesTheirEnd) {
  const FeedHeader& h = feed->header();
  const std::int64_t span = h.last_exchange_ns - h.first_exchange_ns;
  EXPECT_EQ(whole_windows(*feed, span), 1U);
  EXPECT_EQ(whole_windows(*feed, span + 1), 0U);
  EXPECT_EQ(whole_windows(*feed, span / 2), 2U);
}

TEST(WindowsOverAClear, OpenWithTheBookBuiltAnew) {
  TempFolder folder;
  std::vector<FeedEvent> events = {{10, 10, cents(100), {1, 0}, EventKind::kSnapshot, Side::kBuy},
                                   {10, 10, cents(102), {1, 0}, EventKind::kSnapshot, Side::kSell},
                                   {20, 20, {}, {}, EventKind::kClear, Side::kBuy},
                                   {20, 20, cents(90), {3, 0}, EventKind::kSnapshot, Side::kBuy},
                                   {60, 60, cents(91), {4, 0}, EventKind::kDepth, Side::kBuy}};
  ASSERT_TRUE(write_feed(folder.file("x.feed"), events, test_meta()));
  auto feed = Feed::open(folder.file("x.feed"));
  ASSERT_TRUE(feed) << to_line(feed.error());
  FeedWindows windows(*feed, 25);
  auto window = windows.window(1);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->bids, (std::vector<Level>{{90, 3}}));
  EXPECT_EQ(window->asks, (std::vector<Level>{{102, 1}}));
}

}  // namespace
}  // namespace soak::sim

#include "sim/synthetic_feed.h"

#include <gtest/gtest.h>

#include "sim/feed_statistics.h"
#include "sim/feed_summary.h"
#include "sim/feed_testing.h"
#include "sim/feed_windows.h"
#include "sim/hft_import.h"
#include "sim/synthetic_market.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class SyntheticFeed : public testing::Test {
 protected:
  SyntheticFile file(const char* name, SyntheticFormat format = SyntheticFormat::kFeed,
                     std::uint64_t seed = 7) {
    return {folder.file(name), format, seed};
  }
  // Imports hftbacktest's rows and compares what a replay would see.
  void expect_same_rows(const std::string& feed_path, const std::string& hft_path) {
    ASSERT_TRUE(import_hftbacktest({hft_path}, folder.file("imported.feed")).has_value());
    const auto made = Feed::open(feed_path), imported = Feed::open(folder.file("imported.feed"));
    ASSERT_TRUE(made && imported);
    EXPECT_EQ(made->tick(), imported->tick());
    EXPECT_EQ(made->lot(), imported->lot());
    EXPECT_EQ(rows_of(feed_path), rows_of(folder.file("imported.feed")));
    for (std::size_t row = 0; row < made->size(); ++row) {
      ASSERT_EQ(made->exchange_ns()[row], imported->exchange_ns()[row]) << row;
      ASSERT_EQ(made->local_ns()[row], imported->local_ns()[row]) << row;
    }
  }
  TempFolder folder;
};

TEST_F(SyntheticFeed, ItsFirstWindowIsTheMarketOfTheMocksFirstIterationWithThatSeed) {
  constexpr std::int64_t kLength = 60 * kSecond;
  ASSERT_TRUE(write_synthetic_market(150, file("m.feed")).has_value());
  const auto feed = Feed::open(folder.file("m.feed"));
  ASSERT_TRUE(feed.has_value());
  FeedWindows windows(*feed, kLength);
  EXPECT_EQ(windows.count(), 2U);
  const auto window = windows.window(0);
  ASSERT_TRUE(window.has_value());
  const SyntheticWindow mock = make_synthetic_window({}, synthetic_window_seed(7, 1), 0, kLength);
  EXPECT_EQ(window->bids, mock.bids);
  EXPECT_EQ(window->asks, mock.asks);
  const auto events = windows.events(*window);
  ASSERT_EQ(events.size(), mock.events.size());
  for (std::size_t k = 0; k < events.size(); ++k) {
    const MarketEvent &got = events[k], &want = mock.events[k];
    ASSERT_EQ(got.exchange_ns - window->start_ns, want.exchange_ns) << k;
    ASSERT_EQ(got.local_ns - window->start_ns, want.local_ns) << k;
    ASSERT_EQ(got.price_ticks, want.price_ticks) << k;
    ASSERT_EQ(got.quantity_lots, want.quantity_lots) << k;
    ASSERT_TRUE(got.kind == want.kind && got.side == want.side) << k;
  }
}

TEST_F(SyntheticFeed, HoldsAsManyWholeSecondsAsWereAskedForAndIsFitForASoak) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    ASSERT_TRUE(write_synthetic_market(1800, file("m.feed", SyntheticFormat::kFeed, seed)).has_value());
    const auto feed = Feed::open(folder.file("m.feed"));
    ASSERT_TRUE(feed.has_value());
    EXPECT_EQ(whole_windows(*feed, 300 * kSecond), 6U);
    EXPECT_EQ(whole_windows(*feed, 1800 * kSecond), 1U);
    const auto reasons = unfit_reasons(*feed, summarize(*feed), 300 * kSecond);
    EXPECT_TRUE(reasons.empty()) << reasons.front();
  }
}

// Bounds that random arrivals (variance ÷ mean 1) and signs that are drawn anew miss by far.
TEST_F(SyntheticFeed, ItsTradesClusterAndTheirSignsPersist) {
  ASSERT_TRUE(write_synthetic_market(3000, file("m.feed")).has_value());
  const auto feed = Feed::open(folder.file("m.feed"));
  ASSERT_TRUE(feed.has_value());
  const FeedStatistics s = measure_statistics(*feed);
  EXPECT_NEAR(static_cast<double>(s.trades) / s.span_s, 2, 0.3);
  EXPECT_EQ(s.trade_clustering.at(5).at, 5);
  EXPECT_GT(s.trade_clustering.at(5).value, 2.5);
  EXPECT_GT(s.sign_autocorrelation.at(0).value, 0.2);
}

TEST_F(SyntheticFeed, BothFormatsHoldTheSameMarket) {
  const auto as_feed = write_synthetic_market(120, file("m.feed"));
  const auto as_rows = write_synthetic_market(120, file("m.bin", SyntheticFormat::kHftbacktest));
  ASSERT_TRUE(as_feed && as_rows);
  EXPECT_EQ(*as_feed, *as_rows);
  expect_same_rows(folder.file("m.feed"), folder.file("m.bin"));
}

TEST_F(SyntheticFeed, BothFormatsHoldTheSameRandomWalk) {
  const auto as_feed = write_random_walk(50'000, file("w.feed"));
  const auto as_rows = write_random_walk(50'000, file("w.bin", SyntheticFormat::kHftbacktest));
  ASSERT_TRUE(as_feed && as_rows);
  EXPECT_EQ(*as_feed, *as_rows);
  expect_same_rows(folder.file("w.feed"), folder.file("w.bin"));
  const auto feed = Feed::open(folder.file("w.feed"));
  ASSERT_TRUE(feed.has_value());
  EXPECT_TRUE(unfit_reasons(*feed, summarize(*feed), 10 * kSecond).empty());
}

TEST_F(SyntheticFeed, IsTheSameForTheSameSeedAndAnotherForAnother) {
  for (const SyntheticFormat format : {SyntheticFormat::kFeed, SyntheticFormat::kHftbacktest}) {
    ASSERT_TRUE(write_synthetic_market(30, file("a", format)).has_value());
    ASSERT_TRUE(write_synthetic_market(30, file("b", format)).has_value());
    ASSERT_TRUE(write_synthetic_market(30, file("c", format, 8)).has_value());
    EXPECT_EQ(base::bytes_of(folder.file("a")), base::bytes_of(folder.file("b")));
    EXPECT_NE(base::bytes_of(folder.file("a")), base::bytes_of(folder.file("c")));
  }
}

TEST_F(SyntheticFeed, LeavesNothingWhereItCannotWrite) {
  for (const SyntheticFormat format : {SyntheticFormat::kFeed, SyntheticFormat::kHftbacktest}) {
    EXPECT_FALSE(write_synthetic_market(30, file("none/m", format)).has_value());
    const auto onto_folder = write_random_walk(100, {folder.path(), format, 1});
    ASSERT_FALSE(onto_folder.has_value());
    EXPECT_EQ(onto_folder.error().code, ErrorCode::kNotAFile);
    EXPECT_EQ(folder.file_count(), 0U);
  }
}

}  // namespace
}  // namespace soak::sim

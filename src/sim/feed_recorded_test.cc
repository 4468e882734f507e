// The importer on recorded BTCUSDT data, which is not part of the project: these tests run where it is found.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "sim/binance_raw.h"
#include "sim/feed.h"
#include "sim/feed_summary.h"
#include "sim/feed_testing.h"
#include "sim/feed_windows.h"

namespace soak::sim {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  const char* given = std::getenv("SOAK_DATA_DIR");
  return given != nullptr ? given : SOAK_DATA_FOLDER;
}

struct RecordedFeed : ::testing::Test {
  void SetUp() override {
    const fs::path data = data_folder() / "binance";
    const std::vector<std::string> files = {(data / "spot_btcusdt_20240808.gz").string(),
                                            (data / "spot_btcusdt_20240809.gz").string()};
    for (const std::string& file : files) {
      if (!fs::exists(file))
        GTEST_SKIP() << "left out: no recorded data at " << file
                     << " (set SOAK_DATA_DIR to the folder that holds binance/)";
    }
    auto result = import_binance_raw(files, folder.file("x.feed"));
    ASSERT_TRUE(result) << to_line(result.error());
    imported = *result;
  }
  TempFolder folder;
  BinanceImport imported;
};

TEST_F(RecordedFeed, HoldsEveryLineOfTheRecording) {
  EXPECT_EQ(imported.counts.lines, 99'574U);
  EXPECT_EQ(imported.counts.depth_messages, 6'495U);
  EXPECT_EQ(imported.counts.ticker_messages, 73'174U);
  EXPECT_EQ(imported.counts.trade_messages, 19'904U);
  EXPECT_EQ(imported.counts.snapshots, 1U);
  EXPECT_EQ(imported.counts.sequence_breaks, 0U);
  EXPECT_EQ(imported.counts.trade_ids_missing, 0U);
}

TEST_F(RecordedFeed, RebuildsTheBookThatBookTickerShows) {
  EXPECT_EQ(imported.written.states_compared, 5'695U);
  EXPECT_EQ(imported.written.states_agreed, 5'693U);
}

TEST_F(RecordedFeed, NeverCrossesAfterAnyRow) {
  auto feed = Feed::open(folder.file("x.feed"));
  ASSERT_TRUE(feed);
  FeedBook book;
  for (std::size_t row = 0; row < feed->size(); ++row) {
    book.apply(feed->event(row));
    ASSERT_FALSE(book.crossed()) << "row " << row;
  }
}

TEST_F(RecordedFeed, IsFitForASoakOfTwoIterations) {
  auto feed = Feed::open(folder.file("x.feed"));
  ASSERT_TRUE(feed);
  EXPECT_EQ(format_decimal(feed->tick()), "0.01");
  EXPECT_EQ(whole_windows(*feed, 300'000'000'000), 2U);
  EXPECT_TRUE(unfit_reasons(*feed, summarize(*feed), 300'000'000'000).empty());
}

}  // namespace
}  // namespace soak::sim

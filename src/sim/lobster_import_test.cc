#include "sim/lobster_import.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/rng.h"
#include "sim/feed.h"
#include "sim/feed_book.h"
#include "sim/feed_testing.h"
#include "sim/lobster_line.h"

namespace soak::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kMidnight = 1'340'236'800'000'000'000;  // 2012-06-21
const std::string kNew = "34200.1,1,11,10,1000000,1\n";

struct Lobster : ::testing::Test {
  Result<LobsterImport> import(const std::string& messages, const std::string& books,
                               const LobsterImportOptions& options = {}) {
    write_bytes(message_path, messages);
    write_bytes(book_path, books);
    return import_lobster(message_path, book_path, out, options);
  }
  // The error of an import that must fail and must leave nothing behind.
  Error refusal(const std::string& messages, const std::string& books,
                const LobsterImportOptions& options = {}) {
    auto imported = import(messages, books, options);
    EXPECT_FALSE(imported.has_value());
    EXPECT_EQ(folder.file_count(), 2U) << "something half-written remains";
    return imported ? Error{} : imported.error();
  }
  std::vector<std::string> rows() const { return rows_of(out); }
  std::vector<std::string> rows_after(std::size_t first) {
    auto all = rows();
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(first, all.size())));
    return all;
  }
  TempFolder folder;
  std::string message_path = folder.file("AAPL_2012-06-21_34200000_57600000_message_2.csv");
  std::string book_path = folder.file("AAPL_2012-06-21_34200000_57600000_orderbook_2.csv");
  std::string out = folder.file("x.feed");
};

TEST_F(Lobster, OpensWithTheBookAfterTheFirstMessage) {
  auto imported =
      import("34200.004241176,1,16113575,18,5853300,1\n", "5859400,200,5853300,18,5859800,200,5853000,150\n");
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 58533 18", "snapshot buy 58530 150",
                                  "snapshot sell 58594 200", "snapshot sell 58598 200"));
  auto feed = Feed::open(out);
  EXPECT_EQ(feed->header().opening_row_count, 4U);
  EXPECT_EQ(feed->event(0).exchange_ns, kMidnight + 34'200'004'241'176);
  EXPECT_EQ(feed->event(0).local_ns - feed->event(0).exchange_ns, 1'000'000);
  EXPECT_EQ(feed->symbol(), "AAPL");
  EXPECT_EQ(feed->source(), "lobster");
  EXPECT_EQ(format_decimal(feed->tick()), "0.01");
  EXPECT_EQ(format_decimal(feed->lot()), "1");
}

TEST_F(Lobster, EachChangedLevelIsARow) {
  ASSERT_TRUE(import(kNew + "34200.2,2,11,3,1000000,1\n34200.3,3,12,9,1010000,-1\n",
                     "1010000,9,1000000,10,1020000,5,990000,1\n"
                     "1010000,9,1000000,7,1020000,5,990000,1\n"
                     "1020000,5,1000000,7,1030000,4,990000,1\n"));
  EXPECT_THAT(rows_after(4), ElementsAre("depth buy 10000 7", "depth sell 10100 0", "depth sell 10300 4"));
}

TEST_F(Lobster, ALevelThatLeavesTheVisibleDepthIsRemovedAndSetAgainWhenItComesBack) {
  ASSERT_TRUE(import(kNew + "34200.2,1,13,8,1005000,1\n34200.3,3,13,8,1005000,1\n",
                     "1010000,9,1000000,10,1020000,5,990000,1\n"
                     "1010000,9,1005000,8,1020000,5,1000000,10\n"
                     "1010000,9,1000000,10,1020000,5,990000,1\n"));
  EXPECT_THAT(rows_after(4),
              ElementsAre("depth buy 9900 0", "depth buy 10050 8", "depth buy 10050 0", "depth buy 9900 1"));
}

TEST_F(Lobster, RemovalsComeFirstSoThatNoRowCrossesTheBook) {
  ASSERT_TRUE(import(kNew + "34200.2,1,13,8,1010000,1\n",
                     "1010000,9,1000000,10,1020000,5,990000,1\n"
                     "1020000,5,1010000,8,1030000,1,1000000,10\n"));
  EXPECT_THAT(rows_after(4), ElementsAre("depth buy 9900 0", "depth sell 10100 0", "depth buy 10100 8",
                                         "depth sell 10300 1"));
}

TEST_F(Lobster, AnExecutionIsATradeBeforeTheDepthThatHoldsIt) {
  auto imported = import(kNew + "34200.2,4,12,4,1010000,-1\n34200.2,4,11,10,1000000,1\n",
                         "1010000,9,1000000,10,1020000,5,990000,1\n"
                         "1010000,5,1000000,10,1020000,5,990000,1\n"
                         "1010000,5,990000,1,1020000,5,980000,2\n");
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows_after(4), ElementsAre("trade buy 10100 4", "depth sell 10100 5", "trade sell 10000 10",
                                         "depth buy 10000 0", "depth buy 9800 2"));
  EXPECT_EQ(imported->counts.visible_executions, 2U);
}

TEST_F(Lobster, TheOrderIdsTellFromWhichOrderARowTakes) {
  // Order 11 is there at the opening. 12 and 13 join at its price; 13 is replaced by 14.
  const std::string other = ",1020000,5,990000,1\n";
  auto imported =
      import(kNew +
                 "34200.2,1,12,4,1000000,1\n"   // row 4
                 "34200.3,1,13,6,1000000,1\n"   // row 5
                 "34200.4,4,11,10,1000000,1\n"  // rows 6 and 7
                 "34200.5,2,12,1,1000000,1\n"   // row 8: it keeps its place
                 "34200.6,3,13,6,1000000,1\n"   // row 9
                 "34200.6,1,14,7,1000000,1\n"   // row 10
                 "34200.7,4,12,3,1000000,1\n"   // rows 11 and 12
                 "34200.8,5,0,2,1000000,1\n"    // row 13
                 "34200.9,4,14,7,1000000,1\n",  // rows 14, 15, and one that comes into sight
             "1010000,9,1000000,10" + other + "1010000,9,1000000,14" + other + "1010000,9,1000000,20" +
                 other + "1010000,9,1000000,10" + other + "1010000,9,1000000,9" + other +
                 "1010000,9,1000000,3" + other + "1010000,9,1000000,10" + other + "1010000,9,1000000,7" +
                 other + "1010000,9,1000000,7" + other + "1010000,9,990000,1,1020000,5,980000,3\n");
  ASSERT_TRUE(imported) << to_line(imported.error());
  constexpr std::int64_t kNone = kFeedJoinedNone, kUnseen = kFeedJoinedUnseen;
  const auto feed = Feed::open(out);
  EXPECT_THAT(feed->joined_rows(), ElementsAre(kNone, kNone, kNone, kNone, kNone, kNone, kUnseen, kUnseen, 4,
                                               5, kNone, 4, 4, kNone, 10, 10, kNone));
  EXPECT_EQ(imported->counts.unseen_executions, 1U);
}

TEST_F(Lobster, AnOrderThatChangesNoVisibleLevelJoinsWithTheLastRow) {
  const std::string book = "1010000,9,1000000,10\n";
  ASSERT_TRUE(import(kNew + "34200.2,1,12,4,990000,1\n34200.3,3,11,10,1000000,1\n34200.4,4,12,4,990000,1\n",
                     book + book + "1010000,9,990000,4\n" + "1010000,9,980000,1\n"));
  // Two of the opening, two of the level that came into sight, the execution, and again two.
  EXPECT_THAT(rows_after(4), ElementsAre("trade sell 9900 4", "depth buy 9900 0", "depth buy 9800 1"));
  EXPECT_THAT(Feed::open(out)->joined_rows().subspan(2),
              ElementsAre(kFeedJoinedUnseen, kFeedJoinedNone, 1, 1, kFeedJoinedNone));
}

TEST_F(Lobster, OrdersWithoutAnIdMakeAFeedOfLevelsOnly) {
  const std::string book = "1010000,9,1000000,10\n";
  const auto imported = import(kNew + "34200.2,4,0,3,1000000,1\n", book + "1010000,9,1000000,7\n");
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->counts.orders_without_id, 1U);
  EXPECT_FALSE(Feed::open(out)->by_order());
}

TEST_F(Lobster, AHiddenExecutionBetweenTwoTicksStandsAtTheOneThatTheAggressorReachedBefore) {
  const std::string book = "1000200,9,1000000,10,1020000,5,990000,1\n";
  auto imported =
      import(kNew + "34200.2,5,0,4,1000150,-1\n34200.3,5,0,3,1000150,1\n34200.4,5,0,2,1000100,1\n",
             book + book + book + book);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows_after(4), ElementsAre("trade buy 10001 4", "trade sell 10002 3", "trade sell 10001 2"));
  EXPECT_EQ(imported->counts.hidden_executions, 3U);
  EXPECT_EQ(imported->counts.hidden_between_ticks, 2U);
  LobsterImportOptions options;
  options.tick = Decimal{5, 3};
  ASSERT_TRUE(import(kNew + "34200.2,5,0,4,1000150,-1\n", book + book, options));
  EXPECT_THAT(rows_after(4), ElementsAre("trade buy 20003 4"));
}

TEST_F(Lobster, CrossTradesAndHaltsChangeNothingAndAreCounted) {
  const std::string book = "1010000,9,1000000,10,9999999999,0,-9999999999,0\n";
  auto imported =
      import(kNew + "34200.2,6,-1,4000,1005000,-1\n34201,7,0,0,-1,-1\n34202,7,0,0,0,-1\n34203,7,0,0,1,-1\n",
             book + book + book + book + book);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(rows().size(), 2U);
  EXPECT_EQ(imported->counts.cross_trades, 1U);
  EXPECT_EQ(imported->counts.halts, 1U);
  EXPECT_EQ(imported->counts.messages, 5U);
  EXPECT_EQ(imported->counts.levels, 2U);
}

TEST_F(Lobster, EmptyLevelsAreNoLevels) {
  ASSERT_TRUE(import(kNew + "34200.2,3,11,10,1000000,1\n34200.3,1,14,3,990000,1\n",
                     "9999999999,0,1000000,10,9999999999,0,-9999999999,0\n"
                     "9999999999,0,-9999999999,0,9999999999,0,-9999999999,0\n"
                     "9999999999,0,990000,3,9999999999,0,-9999999999,0\n"));
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 10000 10", "depth buy 10000 0", "depth buy 9900 3"));
}

TEST_F(Lobster, TheFeedsBookIsTheLineAfterEachMessage) {
  // Random books of five levels, written as lines and then compared with what the feed's rows make of them.
  base::Rng rng(11);
  constexpr std::size_t kLines = 400, kLevels = 5;
  std::vector<LobsterBook> written(kLines);
  std::string messages, books;
  for (std::size_t k = 0; k < kLines; ++k) {
    std::int64_t ask = 1'000'000 + 100 * static_cast<std::int64_t>(1 + rng.below(4));
    std::int64_t bid = 1'000'000 - 100 * static_cast<std::int64_t>(rng.below(4));
    std::string line;
    const std::size_t levels = 1 + rng.below(kLevels);
    for (std::size_t level = 0; level < kLevels; ++level) {
      const auto size = static_cast<std::int64_t>(1 + rng.below(3));
      if (level < levels) {
        written[k].asks.push_back({ask, size});
        written[k].bids.push_back({bid, size});
        line += fmt::format("{0},{1},{2},{1},", ask, size, bid);
      } else {
        line += "9999999999,0,-9999999999,0,";
      }
      ask += 100 * static_cast<std::int64_t>(1 + rng.below(2));
      bid -= 100 * static_cast<std::int64_t>(1 + rng.below(2));
    }
    line.back() = '\n';
    books += line;
    messages += fmt::format("{}.{},1,{},1,1000000,1\n", 34200 + k, rng.below(1000), k);
  }
  ASSERT_TRUE(import(messages, books));
  auto feed = Feed::open(out);
  FeedBook book;
  std::size_t row = 0;
  for (std::size_t k = 0; k < kLines; ++k) {
    const std::int64_t second = kMidnight + static_cast<std::int64_t>(34200 + k + 1) * 1'000'000'000;
    for (; row < feed->size() && feed->event(row).exchange_ns < second; ++row) {
      book.apply(feed->event(row));
      ASSERT_FALSE(book.crossed()) << row;
    }
    const auto same = [](const std::vector<FeedLevel>& have, const std::vector<LobsterLevel>& want) {
      return std::equal(have.begin(), have.end(), want.begin(), want.end(), [](FeedLevel a, LobsterLevel b) {
        return a.price_ticks * 100 == b.price && a.quantity_lots == b.size;
      });
    };
    ASSERT_TRUE(same(book.bids(), written[k].bids) && same(book.asks(), written[k].asks)) << k;
  }
  EXPECT_EQ(row, feed->size());
}

TEST_F(Lobster, BadLinesAreNamed) {
  const std::string book = "1010000,9,1000000,10\n";
  const std::pair<std::string, std::string> messages[] = {
      {"garbage", "not a LOBSTER message"},
      {"", "not a LOBSTER message"},
      {"34200.2,1,11,10,1000000", "not a LOBSTER message"},
      {"34200.2,1,11,10,1000000.5,1", "not a LOBSTER message"},
      {"-0.2,1,11,10,1000000,1", "not a LOBSTER message"},
      {"86400.0,1,11,10,1000000,1", "not a LOBSTER message"},
      {"34200.2,8,11,10,1000000,1", "unknown type 8"},
      {"34200.2,0,11,10,1000000,1", "unknown type 0"},
      {"34200.2,1,11,10,1000000,0", "direction 0 is neither 1 nor -1"},
      {"34200.2,4,11,0,1000000,1", "size 0 at price 1000000 is no order"},
      {"34200.2,4,11,5,-1,1", "size 5 at price -1 is no order"},
      {"34200.0999,1,11,10,1000000,1", "time runs backwards by 0.000100000 s"},
      {"34200.2,4,11,5,1000050,1",
       "price 100.0050 is not a multiple of the tick 0.01: give a smaller --tick"}};
  for (const auto& [line, phrase] : messages) {
    const Error error = refusal(kNew + line + "\n", book + book);
    EXPECT_EQ(error.file, message_path);
    EXPECT_THAT(error.message, StartsWith("line 2: ")) << line;
    EXPECT_THAT(error.message, HasSubstr(phrase));
  }
  const std::pair<std::string, std::string> books[] = {
      {"1010000,9,1000000", "not a LOBSTER order book"},
      {"1010000,9,1000000,10,", "not a LOBSTER order book"},
      {"a,9,1000000,10", "not a LOBSTER order book"},
      {"1010000,9,1000000,10,1020000,5,990000,1", "2 levels, the lines before have 1"},
      {"1000000,9,1000000,10", "the book is crossed: best bid 1000000 at or above best ask 1000000"},
      {"990000,9,1000000,10", "the book is crossed"},
      {"1010000,0,1000000,10", "ask level 0 at 1010000 is none"},
      {"1010000,9,-5,10", "bid level 10 at -5 is none"},
      {"1010050,9,1000000,10", "price 101.0050 is not a multiple of the tick 0.01"}};
  for (const auto& [line, phrase] : books) {
    const Error error = refusal(kNew + "34200.2,1,11,10,1000000,1\n", book + line + "\n");
    EXPECT_EQ(error.file, book_path);
    EXPECT_THAT(error.message, StartsWith("line 2: ")) << line;
    EXPECT_THAT(error.message, HasSubstr(phrase));
  }
  EXPECT_THAT(refusal(kNew, "1020000,9,1000000,10,1010000,5,990000,1\n").message,
              StartsWith("line 1: the ask levels are not in order at 1010000"));
  EXPECT_THAT(refusal(kNew, "9999999999,0,1000000,10,1010000,5,990000,1\n").message,
              StartsWith("line 1: ask level behind an empty one"));
}

TEST_F(Lobster, FilesOfDifferentLengthAreNoPair) {
  const std::string book = "1010000,9,1000000,10\n";
  Error error = refusal(kNew + "34200.2,1,11,10,1000000,1\n", book);
  EXPECT_EQ(error.file, book_path);
  EXPECT_THAT(error.message, StartsWith("line 2: missing"));
  error = refusal(kNew, book + book);
  EXPECT_EQ(error.file, message_path);
  EXPECT_THAT(error.message, StartsWith("line 2: missing"));
  EXPECT_THAT(refusal("", "").message, HasSubstr("holds no message"));
}

TEST_F(Lobster, ATornStreamIsNamed) {
  const std::string packed = gzip_of(kNew);
  Error error = refusal(packed.substr(0, packed.size() - 3), "1010000,9,1000000,10\n");
  EXPECT_EQ(error.file, message_path);
  EXPECT_THAT(error.message, HasSubstr("torn"));
  EXPECT_TRUE(import(packed, zstd_of("1010000,9,1000000,10\r\n")));
}

TEST_F(Lobster, TheDayComesFromTheNameOrTheOption) {
  LobsterImportOptions options;
  options.date = "2020-02-29";
  options.symbol = "XY";
  ASSERT_TRUE(import(kNew, "1010000,9,1000000,10\n", options));
  EXPECT_EQ(Feed::open(out)->event(0).exchange_ns, 1'582'934'400'000'000'000 + 34'200'100'000'000);
  EXPECT_EQ(Feed::open(out)->symbol(), "XY");
  const std::string named_otherwise = folder.file("messages.csv");
  write_bytes(named_otherwise, kNew);
  EXPECT_THAT(import_lobster(named_otherwise, book_path, out).error().message, HasSubstr("give --date"));
  EXPECT_TRUE(import_lobster(named_otherwise, book_path, out, options));
  const std::string another_day = folder.file("AAPL_2012-06-22_34200000_57600000_orderbook_1.csv");
  write_bytes(another_day, "1010000,9,1000000,10\n");
  EXPECT_THAT(import_lobster(message_path, another_day, out).error().message,
              StartsWith("is of AAPL on 2012-06-22, the message file of AAPL on 2012-06-21"));
  options.tick = Decimal{1, 5};
  EXPECT_THAT(import_lobster(message_path, book_path, out, options).error().message,
              HasSubstr("not a multiple of 0.0001"));
}

TEST(LobsterName, IsReadFromTheFilesName) {
  EXPECT_EQ(lobster_name("/x/MSFT_2012-06-21_34200000_57600000_message_10.csv").symbol, "MSFT");
  EXPECT_EQ(lobster_name("MSFT_2012-06-21.csv").date, "2012-06-21");
  for (const char* other : {"", "_", "MSFT", "MSFT_2012-06-31_x", "MSFT_2012-06-211_x", "_2012-06-21_x",
                            "MSFT_20120621_x", "MSFT_2012-06"})
    EXPECT_EQ(lobster_name(other).date, "") << other;
  EXPECT_EQ(midnight_of("1970-01-02"), 86'400'000'000'000);
  EXPECT_FALSE(midnight_of("1969-12-31"));
  EXPECT_FALSE(midnight_of("2023-02-29"));
}

}  // namespace
}  // namespace soak::sim

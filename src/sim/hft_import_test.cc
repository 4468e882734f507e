#include "sim/hft_import.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "sim/feed.h"
#include "sim/feed_testing.h"
#include "sim/hft_testing.h"

namespace soak::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr std::uint64_t kBoth = kHftExchange | kHftLocal;

struct HftImportTest : ::testing::Test {
  // A row for exchange and subscriber, one millisecond on its way.
  HftRow row(std::int64_t ns, std::uint64_t event, double price, double quantity) const {
    return {event, kStart + ns, kStart + ns + 1'000'000, price, quantity, 0, 0, 0};
  }
  HftRow bid(std::int64_t ns, double price, double quantity, HftKind kind = kHftDepth) const {
    return row(ns, kind | kBoth | kHftBuy, price, quantity);
  }
  HftRow ask(std::int64_t ns, double price, double quantity, HftKind kind = kHftDepth) const {
    return row(ns, kind | kBoth | kHftSell, price, quantity);
  }
  HftRow order(std::int64_t ns, std::uint64_t id, HftKind kind, std::uint64_t side, double price,
               double quantity) const {
    HftRow made = row(ns, kind | kBoth | side, price, quantity);
    made.order_id = id;
    return made;
  }
  Result<HftImport> import(const std::vector<HftRow>& rows, const HftImportOptions& options = {}) {
    write_bytes(folder.file("in.bin"), raw_of(rows));
    return import_hftbacktest({folder.file("in.bin")}, out, options);
  }
  // The error of an import that must fail and must leave nothing behind.
  Error refusal(const std::vector<HftRow>& rows, const HftImportOptions& options = {}) {
    auto imported = import(rows, options);
    EXPECT_FALSE(imported.has_value());
    EXPECT_EQ(folder.file_count(), 1U) << "something half-written remains";
    return imported ? Error{} : imported.error();
  }
  std::vector<std::string> rows() const { return rows_of(out); }
  TempFolder folder;
  std::string out = folder.file("x.feed");
};

TEST_F(HftImportTest, TakesDepthTradesAndSnapshotsAndFindsTheSteps) {
  auto imported = import({bid(0, 19999.9, 5.0, kHftDepthSnapshot), ask(0, 20000.0, 0.25, kHftDepthSnapshot),
                          bid(1000, 199998 * 0.1, 3 * 0.001), ask(2000, 20000.0, 0, kHftDepth),
                          bid(3000, 20000.0, 0.002, kHftTrade)});
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 199999 5000", "snapshot sell 200000 250",
                                  "depth buy 199998 3", "depth sell 200000 0", "trade buy 200000 2"));
  auto feed = Feed::open(out);
  EXPECT_EQ(format_decimal(feed->tick()), "0.1");
  EXPECT_EQ(format_decimal(feed->lot()), "0.001");
  EXPECT_EQ(feed->source(), "hftbacktest");
  EXPECT_EQ(feed->header().opening_row_count, 2U);
  EXPECT_EQ(feed->event(2).exchange_ns, kStart + 1000);
  EXPECT_EQ(feed->event(2).local_ns, kStart + 1'001'000);
  EXPECT_EQ(imported->counts.rows, 5U);
  EXPECT_EQ(imported->counts.trade_rows, 1U);
}

TEST_F(HftImportTest, TakesTheStepsThatAreGiven) {
  HftImportOptions options;
  options.tick = Decimal{5, 1};
  options.lot = Decimal{1, 2};
  options.symbol = "BTCUSDT";
  ASSERT_TRUE(import({bid(0, 99.5, 1.25), ask(0, 100.0 + 1e-9, 2)}, options));
  EXPECT_THAT(rows(), ElementsAre("depth buy 199 125", "depth sell 200 200"));
  EXPECT_EQ(Feed::open(out)->symbol(), "BTCUSDT");
  std::filesystem::remove(out);
  EXPECT_THAT(refusal({bid(0, 99.5, 1.25), bid(5, 99.25, 1)}, options).message,
              "row 2 (offset 64): the price 99.25 is not a multiple of 0.5");
  EXPECT_THAT(refusal({bid(0, 99.5, 1.255)}, options).message,
              "row 1 (offset 0): the quantity 1.255 is not a multiple of 0.01");
}

TEST_F(HftImportTest, TheExchangesRowsInItsOrderAndTheSubscribersTwinsDropped) {
  const auto only = [](HftRow row, std::uint64_t who, std::int64_t local_ns) {
    row.event = (row.event & ~kBoth) | who;
    row.local_ns = kStart + local_ns;
    return row;
  };
  // The trade happened first and was seen last.
  auto imported =
      import({bid(0, 99, 5), only(bid(1000, 99, 1, kHftTrade), kHftExchange, 9'000'000),
              only(bid(2000, 99, 4), kHftExchange, 3'000'000), only(bid(2000, 99, 4), kHftLocal, 3'000'000),
              only(bid(1000, 99, 1, kHftTrade), kHftLocal, 9'000'000)});
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("depth buy 99 5", "trade buy 99 1", "depth buy 99 4"));
  EXPECT_EQ(imported->counts.local_only_rows, 2U);
  EXPECT_EQ(imported->counts.local_times_raised, 1U);
  EXPECT_EQ(imported->counts.local_delay_ns_max, 6'000'000);
  auto feed = Feed::open(out);
  EXPECT_EQ(feed->event(2).local_ns, kStart + 9'000'000);
  EXPECT_EQ(feed->event(2).exchange_ns, kStart + 2000);
}

TEST_F(HftImportTest, LatenciesStayAsTheyAreUnlessOneIsNegative) {
  ASSERT_TRUE(import({bid(0, 99, 5), bid(1000, 99, 4)}));
  EXPECT_EQ(Feed::open(out)->header().local_shift_ns, 0);
  HftRow early = bid(1000, 99, 4);
  early.local_ns = early.exchange_ns - 300;
  ASSERT_TRUE(import({early}));
  EXPECT_EQ(Feed::open(out)->header().local_shift_ns, 300);
}

TEST_F(HftImportTest, AClearOfOneSideIsARowWhereItVoidsAllAndRemovalsWhereItDoesNot) {
  auto imported = import({bid(0, 99, 5), bid(0, 98, 5), bid(0, 97, 5), ask(0, 101, 1), ask(0, 102, 1),
                          bid(1, 97.5, 0, kHftDepthClear),   // 99 and 98 go, 97 stays
                          ask(2, 102, 0, kHftDepthClear),    // both asks
                          ask(3, 500, 0, kHftDepthClear)});  // nothing is left to clear
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("depth buy 99 5", "depth buy 98 5", "depth buy 97 5", "depth sell 101 1",
                                  "depth sell 102 1", "depth buy 99 0", "depth buy 98 0", "clear sell 0 0"));
  EXPECT_EQ(imported->counts.levels_cleared, 2U);
  EXPECT_EQ(imported->counts.clear_rows, 3U);
}

TEST_F(HftImportTest, AClearWithoutASideVoidsTheBookWhateverItsPrice) {
  ASSERT_TRUE(import({bid(0, 99, 5), ask(0, 101, 1),
                      row(1, kHftDepthClear | kBoth, std::numeric_limits<double>::quiet_NaN(), 0),
                      bid(1, 98, 5, kHftDepthSnapshot)}));
  EXPECT_THAT(rows(), ElementsAre("depth buy 99 5", "depth sell 101 1", "clear buy 0 0", "clear sell 0 0",
                                  "snapshot buy 98 5"));
}

TEST_F(HftImportTest, AClearBeforeTheFirstSnapshotDoesNotHideThatItOpensTheBook) {
  ASSERT_TRUE(import({bid(0, 98, 0, kHftDepthClear), bid(0, 99, 5, kHftDepthSnapshot),
                      bid(0, 98, 0, kHftDepthSnapshot), ask(0, 102, 0, kHftDepthClear),
                      ask(0, 101, 5, kHftDepthSnapshot), ask(1, 101, 4)}));
  EXPECT_EQ(Feed::open(out)->header().opening_row_count, 2U);
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 99 5", "snapshot sell 101 5", "depth sell 101 4"));
}

TEST_F(HftImportTest, ASnapshotFileWithoutTimesOpensTheBookAtTheFirstTime) {
  HftRow first = bid(0, 99, 5, kHftDepthSnapshot), second = ask(0, 101, 5, kHftDepthSnapshot);
  first.exchange_ns = first.local_ns = second.exchange_ns = second.local_ns = 0;
  write_bytes(folder.file("snapshot.npy"), npy_of({first, second}));
  write_bytes(folder.file("day.bin.zst"), zstd_of(raw_of({bid(7, 99, 4), ask(8, 101, 4)})));
  auto imported = import_hftbacktest({folder.file("snapshot.npy"), folder.file("day.bin.zst")}, out);
  ASSERT_TRUE(imported) << to_line(imported.error());
  auto feed = Feed::open(out);
  EXPECT_EQ(feed->header().opening_row_count, 2U);
  EXPECT_EQ(feed->event(0).exchange_ns, kStart + 7);
  EXPECT_EQ(feed->event(1).local_ns, kStart + 1'000'007);
}

TEST_F(HftImportTest, OtherKindsAndRowsWithoutASideAreCountedAndLeftOut) {
  auto imported = import({bid(0, 99, 5), row(1, 100 | kBoth, std::nan(""), -1),
                          row(2, 5 | kBoth | kHftBuy, 99, 1), row(3, kHftTrade | kBoth, 99, 1),
                          row(4, kHftDepth | kHftBuy, 99, 1), bid(5, 99, 0, kHftTrade)});
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("depth buy 99 5"));
  EXPECT_EQ(imported->counts.other_rows, 5U);
  std::filesystem::remove(out);
  EXPECT_THAT(refusal({}).message, HasSubstr("0 bytes"));
  EXPECT_THAT(refusal({row(1, 100 | kBoth, 1, 1)}).message, StartsWith("none of 1 rows is a depth"));
}

TEST_F(HftImportTest, OrderByOrderDataBecomesLevelsAndTheOrderThatEachRowTakesFrom) {
  HftImportOptions options;
  options.tick = options.lot = Decimal{5, 1};
  auto imported = import({order(0, 0, kHftDepthClear, kHftBuy, 0, 0),      // nothing to clear
                          order(1, 7, kHftAddOrder, kHftBuy, 99.5, 2),     // row 0
                          order(2, 8, kHftAddOrder, kHftBuy, 99.5, 1.5),   // row 1
                          order(3, 9, kHftAddOrder, kHftSell, 100, 4),     // row 2
                          order(4, 7, kHftModifyOrder, kHftBuy, 99.5, 1),  // row 3, in its place
                          order(5, 0, kHftTrade, kHftSell, 99.5, 1),       // told by the fill
                          order(5, 7, kHftFill, kHftBuy, 99.5, 1),         // row 4
                          order(5, 7, kHftCancelOrder, kHftBuy, 99.5, 1),  // row 5
                          order(6, 8, kHftModifyOrder, kHftBuy, 99.5, 3),  // rows 6 and 7, behind all
                          order(7, 8, kHftModifyOrder, kHftBuy, 99, 3),    // rows 8 and 9
                          order(8, 8, kHftModifyOrder, kHftBuy, 99, 3),    // no change
                          order(9, 8, kHftCancelOrder, kHftBuy, 0, 0),     // row 10, whole
                          order(9, 0, kHftDepthClear, kHftSell, 0, 0)},
                         options);  // row 11
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("depth buy 199 4", "depth buy 199 7", "depth sell 200 8", "depth buy 199 5",
                                  "trade sell 199 2", "depth buy 199 3", "depth buy 199 0", "depth buy 199 6",
                                  "depth buy 199 0", "depth buy 198 6", "depth buy 198 0", "clear sell 0 0"));
  constexpr std::int64_t kNone = kFeedJoinedNone;
  EXPECT_THAT(Feed::open(out)->joined_rows(),
              ElementsAre(kNone, kNone, kNone, 0, 0, 0, 1, kNone, 7, kNone, 9, kNone));
  EXPECT_EQ(imported->counts.order_rows, 10U);
  EXPECT_EQ(imported->counts.trades_told_by_fills, 1U);
}

TEST_F(HftImportTest, OrdersThatDoNotFitTogetherAreNamed) {
  const HftRow seven = order(0, 7, kHftAddOrder, kHftBuy, 99, 2.00390625);
  const std::pair<HftRow, std::string> cases[] = {
      {order(1, 8, kHftCancelOrder, kHftBuy, 99, 2), "order 8 is not in the book"},
      {order(1, 8, kHftModifyOrder, kHftBuy, 99, 2), "order 8 is not in the book"},
      {order(1, 8, kHftFill, kHftBuy, 99, 2), "order 8 is not in the book"},
      {order(1, 7, kHftAddOrder, kHftBuy, 98, 2), "order 7 is in the book already"},
      {order(1, 8, kHftAddOrder, kHftBuy, 98, 0), "order 8 has no quantity"},
      {order(1, 8, kHftAddOrder, 0, 98, 1), "an order without a side"},
      {order(1, 8, kHftAddOrder, kHftBuy, 99, 1e15), "63 bits"},
      {order(1, 7, kHftModifyOrder, kHftBuy, -1, 2), "the price -1 is negative"},
      {bid(1, 99, 5), "a level (kind 1 or 4) among order-by-order data"}};
  for (const auto& [bad, phrase] : cases) {
    const Error error = refusal({seven, bad});
    EXPECT_THAT(error.message, StartsWith("row 2 (offset 64): "));
    EXPECT_THAT(error.message, HasSubstr(phrase));
  }
  EXPECT_THAT(refusal({bid(0, 98, 5), seven}).message,
              StartsWith("row 2 (offset 64): order-by-order data (kind 10) among rows of levels"));
}

TEST_F(HftImportTest, BadRowsAreNamedWithFileRowAndOffset) {
  const double inf = std::numeric_limits<double>::infinity();
  HftRow late = bid(-1, 99, 1), early_local = bid(5, 99, 1), no_time = bid(5, 99, 1), text{};
  late.local_ns = kStart + 2'000'000;
  early_local.local_ns = kStart;
  no_time.exchange_ns = -5;
  std::memcpy(&text, "1723161600000000000 {\"stream\":\"btcusdt@depth@100ms\",\"data\":{\"e\":\"de",
              sizeof(text));
  const std::pair<HftRow, std::string> cases[] = {
      {late, "the exchange's time runs backwards by 0.000000001 s"},
      {early_local, "the local time runs backwards by 0.001000000 s"},
      {no_time, "are not nanoseconds since 1970"},
      {bid(5, std::nan(""), 1), "the price is not a finite number (nan)"},
      {bid(5, inf, 1, kHftTrade), "the price is not a finite number (inf)"},
      {bid(5, 99, inf), "the quantity is not a finite number (inf)"},
      {bid(5, 99, -1), "the quantity -1 is negative"},
      {bid(5, -99, 1), "the price -99 is negative"},
      {bid(5, 0, 1), "the price is 0"},
      {bid(5, 1e300, 1), "has too many digits"},
      {bid(5, inf, 0, kHftDepthClear), "the price of a clear of one side is not a finite number"},
      {text, "is this another format?"},
  };
  for (const auto& [bad, phrase] : cases) {
    const Error error = refusal({bid(0, 99, 5), bad});
    EXPECT_EQ(error.file, folder.file("in.bin"));
    EXPECT_THAT(error.message, StartsWith("row 2 (offset 64): "));
    EXPECT_THAT(error.message, HasSubstr(phrase));
  }
  write_bytes(folder.file("in.bin"), npy_of({bid(0, 99, 5), late}));
  EXPECT_THAT(import_hftbacktest({folder.file("in.bin")}, out).error().message,
              StartsWith(fmt::format("row 2 (offset {}): ", npy_of({}).size() + 64)));
}

TEST_F(HftImportTest, CrossedMomentsAreCountedAndTheFirstIsNamed) {
  auto imported = import({bid(0, 99, 5), ask(0, 101, 5),     // sound
                          bid(1, 101, 5), ask(1, 101, 0),    // crossed for a row, not for a moment
                          ask(2, 101, 3), ask(3, 100, 0),    // two crossed moments
                          ask(4, 101, 0), ask(4, 102, 1)});  // sound again
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.crossed_states, 2U);
  EXPECT_EQ(imported->counts.first_crossed, folder.file("in.bin") + ": row 5 (offset 256)");
}

TEST_F(HftImportTest, ATornArchiveLeavesNothing) {
  write_bytes(folder.file("in.bin"), gzip_of(npy_of({bid(0, 99, 5), bid(1, 99, 4)})).substr(0, 180));
  auto imported = import_hftbacktest({folder.file("in.bin")}, out);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(folder.file_count(), 1U);
}

}  // namespace
}  // namespace soak::sim

#include "sim/hft_convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "base/testing.h"

namespace soak::sim {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kBoth = kHftExchange | kHftLocal;

HftRow row(std::uint64_t event, std::int64_t exchange_ns, double price, double quantity) {
  return {event, exchange_ns, exchange_ns + 5, price, quantity, 0, 0, 0};
}

class HftConvert : public testing::Test {
 protected:
  Result<HftConverted> convert(const std::vector<HftRow>& rows, const Instrument& instrument = {0.1, 0.001}) {
    base::write_bytes(folder.file("x.bin"),
                      std::string(reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(HftRow)));
    auto file = HftRows::open(folder.file("x.bin"));
    if (!file) return tl::unexpected(file.error());
    return HftConverted::convert(*file, instrument);
  }
  Error refusal(const std::vector<HftRow>& rows) {
    auto converted = convert(rows);
    EXPECT_FALSE(converted.has_value());
    return converted ? Error{} : converted.error();
  }
  base::TempFolder folder;
};

// Good rows around one that is tried.
std::vector<HftRow> with(const HftRow& odd) {
  return {row(kHftDepth | kBoth | kHftBuy, 10, 100, 1), odd, row(kHftDepth | kBoth | kHftSell, 30, 100.2, 1)};
}

TEST_F(HftConvert, GivesPricesSlotsAndQuantitiesLots) {
  const auto converted = convert({row(kHftDepth | kBoth | kHftBuy, 10, 100.0, 1.5),
                                  row(kHftDepthSnapshot | kBoth | kHftSell, 20, 100.3, 0.001),
                                  row(kHftTrade | kBoth | kHftBuy, 30, 100.3, 0.002),
                                  row(kHftDepth | kBoth | kHftBuy, 40, 100.0, 0)});
  ASSERT_TRUE(converted) << to_line(converted.error());
  const ReplayFeed feed = converted->feed();
  EXPECT_EQ(feed.row_count, 4U);
  EXPECT_EQ(feed.slots.price_ticks_min, 1000);
  EXPECT_EQ(feed.slots.price_ticks_max, 1003);
  const std::vector<std::pair<EventKind, Side>> kinds = {{EventKind::kDepth, Side::kBuy},
                                                         {EventKind::kSnapshot, Side::kSell},
                                                         {EventKind::kTrade, Side::kBuy},
                                                         {EventKind::kDepth, Side::kBuy}};
  const std::vector<std::int32_t> prices = {1000, 1003, 1003, 1000}, lots = {1500, 1, 2, 0};
  for (std::size_t k = 0; k < 4; ++k) {
    const FeedRow& packed = feed.exchange.rows[k];
    EXPECT_TRUE(feed.slots.valid(packed.code));
    EXPECT_EQ(feed_kind(packed.code), kinds[k].first);
    EXPECT_EQ(feed_side(packed.code), kinds[k].second);
    EXPECT_EQ(feed.slots.price(packed.code), prices[k]);
    EXPECT_EQ(packed.quantity_lots, lots[k]);
    EXPECT_EQ(feed.exchange.times_ns[k], static_cast<std::int64_t>(10 * (k + 1)));
    EXPECT_EQ(feed.local.times_ns[k], static_cast<std::int64_t>(10 * (k + 1) + 5));
  }
  EXPECT_EQ(feed.exchange.times_ns[4], kFeedPaddingNs);
  EXPECT_EQ(feed.local.rows, feed.exchange.rows) << "both see the same rows";
}

TEST_F(HftConvert, KeepsRowsThatOnlyOneOfTheTwoSeesInColumnsOfTheirOwn) {
  const auto converted = convert(
      {row(kHftDepth | kBoth | kHftBuy, 10, 100, 1), row(kHftDepth | kHftExchange | kHftSell, 20, 100.2, 2),
       row(kHftDepth | kHftLocal | kHftSell, 20, 100.2, 3), row(kHftDepth | kBoth | kHftBuy, 30, 100, 4)});
  ASSERT_TRUE(converted) << to_line(converted.error());
  const ReplayFeed feed = converted->feed();
  EXPECT_EQ(feed.row_count, 4U);
  ASSERT_EQ(feed.exchange.size, 3U);
  ASSERT_EQ(feed.local.size, 3U);
  EXPECT_EQ(feed.exchange.rows[1].quantity_lots, 2000);
  EXPECT_EQ(feed.local.rows[1].quantity_lots, 3000);
  EXPECT_EQ(feed.local.rows[0].quantity_lots, 1000);
  EXPECT_EQ(feed.local.rows[2].quantity_lots, 4000);
  EXPECT_EQ(feed.exchange.times_ns[1], 20);
  EXPECT_EQ(feed.local.times_ns[1], 25);
}

TEST_F(HftConvert, TakesAClearWithoutASideForBoth) {
  const auto converted = convert(with(row(kHftDepthClear | kBoth, 20, 0, 0)));
  ASSERT_TRUE(converted) << to_line(converted.error());
  const ReplayFeed feed = converted->feed();
  ASSERT_EQ(feed.exchange.size, 4U);
  for (const std::size_t k : {1U, 2U}) {
    EXPECT_EQ(feed_kind(feed.exchange.rows[k].code), EventKind::kClear);
    EXPECT_EQ(feed.slots.price(feed.exchange.rows[k].code), 0);
  }
  EXPECT_NE(feed_side(feed.exchange.rows[1].code), feed_side(feed.exchange.rows[2].code));
}

TEST_F(HftConvert, AClearUpToAPriceIsOfItsSideAloneAndKeepsItsPrice) {
  for (const auto& [flag, side, price] :
       {std::tuple{kHftBuy, Side::kBuy, 99.5}, std::tuple{kHftSell, Side::kSell, 100.5}}) {
    const auto converted = convert(with(row(kHftDepthClear | kBoth | flag, 20, price, 0)));
    ASSERT_TRUE(converted) << to_line(converted.error());
    const ReplayFeed feed = converted->feed();
    ASSERT_EQ(feed.exchange.size, 3U);
    const std::int32_t code = feed.exchange.rows[1].code;
    EXPECT_TRUE(feed.slots.valid(code));
    EXPECT_EQ(feed_kind(code), EventKind::kClear);
    EXPECT_EQ(feed_side(code), side);
    EXPECT_EQ(feed.slots.price(code), std::lround(price * 10));
  }
}

TEST_F(HftConvert, RowsThatBothSeeAreInBothColumnsAlsoBlocksAfterAnOddOne) {
  std::vector<HftRow> rows = with(row(kHftDepth | kHftExchange | kHftSell, 20, 100.2, 2));
  for (std::int64_t k = 0; k < 70'000; ++k)
    rows.push_back(row(kHftDepth | kBoth | kHftBuy, 40 + k, 100, 1 + static_cast<double>(k)));
  const auto converted = convert(rows);
  ASSERT_TRUE(converted) << to_line(converted.error());
  const ReplayFeed feed = converted->feed();
  ASSERT_EQ(feed.exchange.size, 70'003U);
  ASSERT_EQ(feed.local.size, 70'002U);
  EXPECT_EQ(feed.local.rows[70'001].code, feed.exchange.rows[70'002].code);
  EXPECT_EQ(feed.local.rows[70'001].quantity_lots, 70'000'000);
  EXPECT_EQ(feed.exchange.times_ns[70'002], 40 + 69'999);
  EXPECT_EQ(feed.local.times_ns[70'001], 40 + 69'999 + 5);
}

TEST_F(HftConvert, KeepsTheTimeOfAnUnknownEventWithoutItsEffect) {
  const auto converted = convert(with(row(77 | kBoth | kHftBuy, 20, 5, 5)));
  ASSERT_TRUE(converted) << to_line(converted.error());
  const ReplayFeed feed = converted->feed();
  ASSERT_EQ(feed.exchange.size, 3U);
  EXPECT_EQ(feed.exchange.times_ns[1], 20);
  EXPECT_EQ(feed_kind(feed.exchange.rows[1].code), EventKind::kTrade);
  EXPECT_EQ(feed.exchange.rows[1].quantity_lots, 0);
  EXPECT_EQ(feed.exchange.rows[1].code >> 3, 2 * feed.slots.region()) << "at no price";
}

TEST_F(HftConvert, NamesTheRowAndOffsetOfBadData) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::uint64_t bid = kHftDepth | kBoth | kHftBuy;
  const std::vector<std::pair<HftRow, std::string>> bad = {
      {row(bid, 20, 100.05, 1), "price 100.05 is no whole number of ticks of 0.1"},
      {row(bid, 20, 100, 0.0005), "quantity 0.0005 is no whole number of lots"},
      {row(bid, 20, nan, 1), "price nan"},
      {row(bid, 20, -1, 1), "price -1"},
      {row(bid, 20, 1e12, 1), "price 1000000000000 is"},
      {row(bid, 20, 100, nan), "quantity nan"},
      {row(bid, 20, 100, -1), "quantity -1"},
      {row(bid, 20, 100, 1e9), "quantity 1000000000 is"},
      {row(bid, 9, 100, 1), "exchange time runs backwards"},
      {row(bid, -1, 100, 1), "time -1 is not between"},
      {row(bid, kFeedTimeNsMax + 1, 100, 1), "is not between 0 and 4000000000000000000 ns"},
      {row(bid, std::numeric_limits<std::int64_t>::max() - 5, 100, 1), "is not between"},
      {row(11 | kBoth | kHftBuy, 20, 100, 1), "order-by-order"},
  };
  for (const auto& [odd, message] : bad) {
    const Error error = refusal(with(odd));
    EXPECT_THAT(error.message, HasSubstr(message));
    EXPECT_THAT(error.message, HasSubstr("row 1 (offset 64)"));
    EXPECT_EQ(error.file, folder.file("x.bin"));
  }
}

TEST_F(HftConvert, NamesLocalTimeThatRunsBackwards) {
  HftRow late = row(kHftDepth | kBoth | kHftBuy, 20, 100, 1);
  late.local_ns = 1;
  EXPECT_THAT(refusal(with(late)).message, HasSubstr("local time runs backwards"));
}

// Differences of such times wrap: a test by differences alone saw nothing backwards.
TEST_F(HftConvert, NamesTimesSoFarApartThatTheirDifferenceOverflows) {
  const std::uint64_t bid = kHftDepth | kBoth | kHftBuy;
  constexpr std::int64_t kFar = 1'000'000'000'000'000'000;
  for (const auto& [late, early] :
       {std::pair{8 * kFar, -9 * kFar},
        std::pair{std::numeric_limits<std::int64_t>::max() - 5, std::numeric_limits<std::int64_t>::min()}}) {
    EXPECT_FALSE(convert(
        {row(bid, kFar, 100, 1), row(bid, late, 100, 1), row(bid, early, 100, 1), row(bid, early, 100, 1)}));
  }
}

TEST_F(HftConvert, RefusesAFeedThatNobodySees) {
  EXPECT_FALSE(convert({row(kHftDepth | kHftBuy, 20, 100, 1)}));
}

TEST_F(HftConvert, RefusesATornFileWithTheOffsetOfItsLastRow) {
  base::write_bytes(folder.file("x.bin"), std::string(100, 'x'));
  const auto rows = HftRows::open(folder.file("x.bin"));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(rows.error().message, HasSubstr("offset 64"));
}

}  // namespace
}  // namespace soak::sim

#include "sim/binance_raw.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/binance_testing.h"
#include "sim/feed.h"
#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

using ::testing::StartsWith;

// USD-M futures, as their streams are: a matching engine's time T, depth that names the update before it,
// trades of several kinds, and a bookTicker with a name and times.
struct BinanceFutures : BinanceTest {
  static std::string line(std::int64_t ms, const std::string& stream, const std::string& data) {
    return local(ms) + fmt::format(R"({{"stream":"xy@{}","data":{}}})", stream, data) + "\n";
  }
  static std::string futures_depth(std::int64_t ms, int first, int last, int previous,
                                   const std::string& bids, const std::string& asks) {
    return line(
        ms + 9, "depth@0ms",
        fmt::format(R"({{"e":"depthUpdate","E":{},"T":{},"s":"XY","U":{},"u":{},"pu":{},"b":{},"a":{}}})",
                    kStartMs + ms + 5, kStartMs + ms, first, last, previous, bids, asks));
  }
  static std::string futures_trade(std::int64_t ms, int id, const std::string& price,
                                   const std::string& kind) {
    return line(
        ms + 9, "trade",
        fmt::format(R"({{"e":"trade","E":{},"T":{},"s":"XY","t":{},"p":"{}","q":"0.5","X":"{}","m":true}})",
                    kStartMs + ms + 5, kStartMs + ms, id, price, kind));
  }
  static std::string futures_snapshot(std::int64_t ms, int last) {
    return local(ms) +
           fmt::format(R"({{"lastUpdateId":{},"E":{},"T":{},"bids":{},"asks":{}}})", last, kStartMs + ms,
                       kStartMs + ms, kBids, kAsks) +
           "\n";
  }
};

TEST_F(BinanceFutures, DepthContinuesByItsPreviousId) {
  const std::string bid = R"([["100.0","1"]])";
  // Ids are shared by all symbols: U does not follow the last u, pu does.
  ASSERT_TRUE(import(futures_snapshot(0, 7) + futures_depth(100, 5, 9, 4, bid, "[]") +
                     futures_depth(200, 14, 19, 9, bid, "[]")));
  std::filesystem::remove(out);
  EXPECT_THAT(refusal(futures_snapshot(0, 7) + futures_depth(100, 5, 9, 4, bid, "[]") +
                      futures_depth(200, 14, 19, 12, bid, "[]"))
                  .message,
              StartsWith("line 3: gap: depth updates 10 to 12 are missing"));
  EXPECT_THAT(refusal(futures_snapshot(0, 7) + futures_depth(100, 9, 12, 8, bid, "[]")).message,
              StartsWith("line 2: gap"));
}

TEST_F(BinanceFutures, TheFirstDepthMayReachOverTheSnapshotOrEndJustAtIt) {
  const std::string bid = R"([["100.0","1"]])";
  for (const int snapshot_id :
       {9, 10, 13}) {  // the end of the first, between the two, before the second's end
    ASSERT_TRUE(import(futures_depth(0, 5, 9, 4, bid, "[]") + futures_depth(100, 12, 14, 9, bid, "[]") +
                       futures_snapshot(150, snapshot_id) + futures_depth(200, 20, 22, 14, bid, "[]")));
    EXPECT_EQ(rows().size(), 6U) << snapshot_id;
    EXPECT_EQ(Feed::open(out)->event(0).exchange_ns, (kStartMs + 100) * 1'000'000);
  }
}

TEST_F(BinanceFutures, TimesAreTheMatchingEnginesAndOnlyTradesOnTheMarketCount) {
  auto imported =
      import(futures_snapshot(0, 7) + futures_depth(100, 5, 9, 4, "[]", R"([["101.00","1.0"]])") +
             futures_trade(150, 1, "100.00", "MARKET") + futures_trade(160, 2, "100.00", "INSURANCE_FUND") +
             futures_trade(170, 3, "100.00", "NA") + futures_trade(180, 4, "0", "MARKET"));
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.trade_messages, 1U);
  EXPECT_EQ(imported->counts.other_messages, 3U);
  auto feed = Feed::open(out);
  EXPECT_EQ(feed->event(feed->size() - 1).exchange_ns, (kStartMs + 150) * 1'000'000);
  EXPECT_EQ(feed->symbol(), "XY");
}

TEST_F(BinanceFutures, TakesAggregateTradesAndComparesWithANamedBookTicker) {
  const auto ticker_line = [](std::int64_t ms, int id, const std::string& bid_size) {
    return line(
        ms, "bookTicker",
        fmt::format(
            R"({{"e":"bookTicker","u":{},"s":"XY","b":"100.00","B":"{}","a":"101.00","A":"2.0","T":{},"E":{}}})",
            id, bid_size, kStartMs + ms, kStartMs + ms));
  };
  auto imported = import(
      futures_snapshot(0, 7) + ticker_line(90, 9, "4.0") +
      futures_depth(100, 5, 9, 4, R"([["100.00","4.0"]])", "[]") + ticker_line(190, 15, "5.0") +
      futures_depth(200, 12, 16, 9, R"([["100.00","3.0"]])", "[]") +
      line(
          210, "aggTrade",
          fmt::format(
              R"({{"e":"aggTrade","E":{0},"a":7,"s":"XY","p":"100.00","q":"1.5","f":1,"l":2,"T":{0},"m":false}})",
              kStartMs + 205)));
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.trade_messages, 1U);
  EXPECT_EQ(imported->written.states_compared, 2U);
  EXPECT_EQ(imported->written.states_agreed, 1U);
  EXPECT_EQ(rows().back(), "trade buy 1000 15");
}

}  // namespace
}  // namespace soak::sim

#pragma once
// Helpers that the tests of Binance recordings share: lines as the streams have them, and an import to try.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/binance_raw.h"
#include "sim/feed.h"
#include "sim/feed_testing.h"

namespace soak::sim {

// Milliseconds after an arbitrary start; the recorder's clock is 1.2 s behind the exchange's.
inline constexpr std::int64_t kStartMs = 1'700'000'000'000;
inline std::string local(std::int64_t ms) {
  return std::to_string((kStartMs - 1200 + ms) * 1'000'000) + " ";
}

// `b` and `a` as JSON lists of levels.
inline std::string depth(std::int64_t ms, int first, int last, const std::string& b, const std::string& a) {
  return local(ms + 2) +
         fmt::format(
             R"({{"stream":"x@depth@100ms","data":{{"e":"depthUpdate","E":{},"s":"XY","U":{},"u":{},"b":{},"a":{}}}}})",
             kStartMs + ms, first, last, b, a) +
         "\n";
}
inline std::string trade(std::int64_t ms, int id, const std::string& price, const std::string& quantity,
                         bool buyer_is_maker, std::int64_t lag_ms = 2) {
  return local(ms + lag_ms) +
         fmt::format(
             R"({{"stream":"x@trade","data":{{"e":"trade","E":{},"s":"XY","t":{},"p":"{}","q":"{}","T":{},"m":{},"M":true}}}})",
             kStartMs + ms + 1, id, price, quantity, kStartMs + ms, buyer_is_maker) +
         "\n";
}
inline std::string ticker(std::int64_t ms, int id, const std::string& bid, const std::string& bid_size,
                          const std::string& ask, const std::string& ask_size) {
  return local(ms) +
         fmt::format(
             R"({{"stream":"x@bookTicker","data":{{"u":{},"s":"XY","b":"{}","B":"{}","a":"{}","A":"{}"}}}})",
             id, bid, bid_size, ask, ask_size) +
         "\n";
}
inline std::string snapshot(std::int64_t ms, int last, const std::string& bids, const std::string& asks) {
  return local(ms) + fmt::format(R"({{"lastUpdateId":{},"bids":{},"asks":{}}})", last, bids, asks) + "\n";
}
inline const std::string kBids = R"([["100.00","5.0"],["99.00","1.0"]])";
inline const std::string kAsks = R"([["101.00","2.0"],["102.50","1.5"]])";

// An import that goes on in a folder of its own.
struct BinanceTest : ::testing::Test {
  Result<BinanceImport> import(const std::string& text, const BinanceImportOptions& options = {}) {
    write_gzip(folder.file("in.gz"), text);
    return import_binance_raw({folder.file("in.gz")}, out, options);
  }
  // The error of an import that must fail and must leave nothing behind.
  Error refusal(const std::string& text, const BinanceImportOptions& options = {}) {
    auto imported = import(text, options);
    EXPECT_FALSE(imported.has_value());
    EXPECT_EQ(folder.file_count(), 1U) << "something half-written remains";
    return imported ? Error{} : imported.error();
  }
  std::vector<std::string> rows() const { return rows_of(out); }
  TempFolder folder;
  std::string out = folder.file("x.feed");
};

}  // namespace soak::sim

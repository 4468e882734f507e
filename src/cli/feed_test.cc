#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/testing.h"
#include "cli/testing.h"
#include "sim/hft_row.h"

namespace soak::cli {
namespace {

using ::testing::HasSubstr;

class FeedCommand : public testing::Test {
 protected:
  Ran feed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "feed");
    return run_command(add_feed, std::move(arguments));
  }
  // Rows of a book that stands for twenty seconds, with a trade at the end.
  static std::string hft_rows() {
    constexpr std::int64_t kStart = 1'700'000'000'000'000'000, kSecond = 1'000'000'000;
    constexpr std::uint64_t kBoth = sim::kHftExchange | sim::kHftLocal;
    const sim::HftRow rows[] = {
        {sim::kHftDepthSnapshot | kBoth | sim::kHftBuy, kStart, kStart + 1, 99.5, 2, 0, 0, 0},
        {sim::kHftDepthSnapshot | kBoth | sim::kHftSell, kStart, kStart + 1, 100.5, 2, 0, 0, 0},
        {sim::kHftDepth | kBoth | sim::kHftBuy, kStart + 5 * kSecond, kStart + 5 * kSecond, 99.5, 1, 0, 0, 0},
        {sim::kHftDepth | kBoth | sim::kHftBuy, kStart + 12 * kSecond, kStart + 12 * kSecond, 99.5, 2, 0, 0,
         0},
        {sim::kHftTrade | kBoth | sim::kHftBuy, kStart + 20 * kSecond, kStart + 20 * kSecond, 100.5, 1, 0, 0,
         0}};
    return {reinterpret_cast<const char*>(rows), sizeof(rows)};
  }
  base::TempFolder folder_;
  std::string in_ = folder_.file("in.bin");
  std::string out_ = folder_.file("out.feed");
};

TEST_F(FeedCommand, ImportsHftbacktestRowsAndSaysWhatTheyWere) {
  base::write_bytes(in_, hft_rows());
  const Ran ran = feed({"import", "--format", "hftbacktest", in_, "--out", out_, "--symbol", "XY", "--json"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  const Json result = Json::parse(ran.out);
  EXPECT_EQ(result["symbol"], "XY");
  EXPECT_EQ(result["source"], "hftbacktest");
  EXPECT_EQ(result["tick"], "0.1");
  EXPECT_EQ(result["rows"]["trade"], 1);
  EXPECT_EQ(result["import"]["snapshot_rows"], 2);
  EXPECT_EQ(result["order_by_order"], false);
  EXPECT_EQ(ran.err, "") << "progress belongs on a terminal only";
  EXPECT_EQ(feed({"check", out_, "--window-s", "10"}).exit_code, kExitOk);
  EXPECT_EQ(feed({"check", out_, "--window-s", "60"}).exit_code, kExitError);
}

TEST_F(FeedCommand, AnOptionThatTheFormatDoesNotKnowIsAUsageError) {
  base::write_bytes(in_, hft_rows());
  EXPECT_EQ(feed({"import", "--format", "hftbacktest", in_, "--out", out_, "--resync"}).exit_code,
            kExitUsage);
  EXPECT_EQ(feed({"import", "--format", "binance-raw", in_, "--out", out_, "--symbol", "XY"}).exit_code,
            kExitUsage);
  EXPECT_EQ(feed({"import", "--format", "nasdaq", in_, "--out", out_}).exit_code, kExitUsage);
  EXPECT_EQ(feed({"import", "--format", "hftbacktest", in_, "--out", out_, "--tick", "-1"}).exit_code,
            kExitUsage);
}

TEST_F(FeedCommand, ALobsterPairWhoseNameDoesNotSayTheDayTakesItFromAnOption) {
  const std::string books = folder_.file("books.csv");
  base::write_bytes(in_, "34200.1,1,11,10,1000000,1\n34200.2,4,11,4,1000000,1\n");
  base::write_bytes(books, "1010000,5,1000000,10\n1010000,5,1000000,6\n");
  EXPECT_THAT(feed({"import", "--format", "lobster", in_, books, "--out", out_}).err, HasSubstr("--date"));
  const Ran ran =
      feed({"import", "--format", "lobster", in_, books, "--out", out_, "--date", "2012-06-21", "--json"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(Json::parse(ran.out)["first_utc"].get<std::string>(),
              testing::StartsWith("2012-06-21T09:30:00"));
  EXPECT_EQ(Json::parse(ran.out)["order_by_order"], true);
  EXPECT_THAT(feed({"info", out_}).out, HasSubstr("order by order"));
  EXPECT_EQ(feed({"import", "--format", "hftbacktest", in_, "--out", out_, "--date", "2012-06-21"}).exit_code,
            kExitUsage);
}

TEST_F(FeedCommand, AWrongFormatIsNamedAndNothingIsWritten) {
  base::write_bytes(in_, hft_rows());
  const Ran ran = feed({"import", "--format", "binance-raw", in_, "--out", out_, "--json"});
  EXPECT_EQ(ran.exit_code, kExitError);
  EXPECT_EQ(Json::parse(ran.out)["error"]["file"], in_);
  EXPECT_THAT(ran.err, HasSubstr("line 1: "));
  EXPECT_FALSE(base::file_exists(out_));
}

TEST_F(FeedCommand, TheSyntheticMarketIsFitForASoak) {
  const Ran made = feed({"synth", "--model", "market", "--seconds", "600", "--seed", "41000", "--format",
                         "feed", "--out", out_});
  ASSERT_EQ(made.exit_code, kExitOk) << made.err;
  EXPECT_THAT(made.err, HasSubstr(" rows"));
  const Ran checked = feed({"check", out_, "--window-s", "300", "--json"});
  EXPECT_EQ(checked.exit_code, kExitOk) << checked.out;
  const Json info = Json::parse(feed({"info", out_, "--json"}).out);
  EXPECT_EQ(info["windows"]["300"], 2);
  EXPECT_EQ(info["symbol"], "SYNTHETIC");
  EXPECT_EQ(info["source"], "market");
  EXPECT_EQ(info["first_utc"], "2026-01-01T00:00:00Z");
}

TEST_F(FeedCommand, AnOptionThatTheSyntheticModelDoesNotKnowIsAUsageError) {
  const auto synth = [&](std::vector<std::string> options) {
    std::vector<std::string> arguments = {"synth", "--seed", "1", "--out", out_};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return feed(arguments);
  };
  const std::vector<std::vector<std::string>> wrong = {
      {"--model", "market", "--format", "feed"},
      {"--model", "market", "--format", "feed", "--rows", "100"},
      {"--model", "market", "--format", "feed", "--seconds", "60", "--rows", "100"},
      {"--model", "market", "--format", "feed", "--seconds", "0"},
      {"--model", "market", "--format", "feed", "--seconds", "604801"},
      {"--model", "market", "--format", "csv", "--seconds", "60"},
      {"--model", "market", "--seconds", "60"},
      {"--model", "random-walk-l2", "--format", "feed"},
      {"--model", "random-walk-l2", "--format", "feed", "--seconds", "60"},
      {"--model", "random-walk-l2", "--format", "feed", "--rows", "1"},
      {"--model", "brownian", "--format", "feed", "--rows", "100"}};
  for (const auto& options : wrong) {
    const Ran ran = synth(options);
    EXPECT_EQ(ran.exit_code, kExitUsage) << ran.err;
    EXPECT_FALSE(base::file_exists(out_));
  }
  EXPECT_THAT(synth(wrong[1]).err, HasSubstr("--seconds"));
}

TEST_F(FeedCommand, AFileThatCannotBeWrittenIsNamed) {
  const Ran ran = feed({"synth", "--model", "market", "--seconds", "10", "--seed", "1", "--format",
                        "hftbacktest", "--out", folder_.file("none/x.bin")});
  EXPECT_EQ(ran.exit_code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("none"));
}

}  // namespace
}  // namespace soak::cli

#include "sim/binance_raw.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/binance_testing.h"
#include "sim/feed.h"
#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct BinanceRaw : BinanceTest {};

TEST_F(BinanceRaw, StartsFromASnapshotThatCameAfterDeltasAndDropsThoseItHolds) {
  auto imported = import(depth(0, 1, 5, R"([["98.00","9.0"]])", "[]") +
                         depth(100, 6, 9, "[]", R"([["101.00","0.0"],["101.50","3.0"]])") +
                         snapshot(150, 7, kBids, kAsks) + depth(200, 10, 12, R"([["99.00","0.0"]])", "[]"));
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.depth_dropped, 1U);
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 1000 50", "snapshot buy 990 10", "snapshot sell 1010 20",
                                  "snapshot sell 1025 15", "depth sell 1010 0", "depth sell 1015 30",
                                  "depth buy 990 0"));
}

TEST_F(BinanceRaw, StartsFromASnapshotBeforeAnyDelta) {
  auto imported = import(snapshot(0, 7, kBids, kAsks) + depth(50, 2, 7, "[]", R"([["101.00","9.0"]])") +
                         depth(100, 6, 9, R"([["100.00","4.0"]])", "[]"));
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.depth_dropped, 1U);
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 1000 50", "snapshot buy 990 10", "snapshot sell 1010 20",
                                  "snapshot sell 1025 15", "depth buy 1000 40"));
}

TEST_F(BinanceRaw, AGapIsAnErrorThatNamesItsLine) {
  const Error error =
      refusal(snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]") + depth(200, 11, 12, "[]", "[]"));
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_EQ(error.file, folder.file("in.gz"));
  EXPECT_THAT(error.message, StartsWith("line 3: gap: depth updates 10 to 10 are missing"));
}

TEST_F(BinanceRaw, AGapBetweenTheSnapshotAndTheFirstDeltaIsAnError) {
  EXPECT_THAT(refusal(snapshot(0, 7, kBids, kAsks) + depth(100, 9, 10, "[]", "[]")).message,
              StartsWith("line 2: gap"));
}

TEST_F(BinanceRaw, ASnapshotOlderThanTheDeltasBeforeItIsAnError) {
  EXPECT_THAT(refusal(depth(0, 20, 22, "[]", "[]") + snapshot(50, 7, kBids, kAsks)).message,
              StartsWith("line 2: gap: the snapshot ends at update 7"));
}

TEST_F(BinanceRaw, AGapAmongTheDeltasBeforeTheSnapshotIsAnError) {
  EXPECT_THAT(
      refusal(depth(0, 5, 8, "[]", "[]") + depth(100, 10, 12, "[]", "[]") + snapshot(150, 7, kBids, kAsks))
          .message,
      StartsWith("line 3: gap"));
}

TEST_F(BinanceRaw, ResyncStartsTheBookAnewAtTheNextSnapshot) {
  BinanceImportOptions options;
  options.resync = true;
  auto imported = import(snapshot(0, 7, R"([["100.00","5.0"]])", R"([["101.00","2.0"]])") +
                             depth(100, 8, 9, R"([["99.00","1.0"]])", "[]") +
                             depth(200, 15, 16, R"([["98.00","1.0"]])", "[]") +
                             snapshot(250, 16, R"([["97.00","1.0"]])", R"([["98.00","1.0"]])") +
                             depth(300, 17, 18, R"([["97.00","2.0"]])", "[]"),
                         options);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(),
              ElementsAre("snapshot buy 100 5", "snapshot sell 101 2", "depth buy 99 1", "clear buy 0 0",
                          "clear sell 0 0", "snapshot buy 97 1", "snapshot sell 98 1", "depth buy 97 2"));
  EXPECT_EQ(Feed::open(out)->header().sequence_breaks, 1U);
}

TEST_F(BinanceRaw, ASecondSnapshotWhileInStepChangesNothing) {
  auto imported = import(snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", R"([["101.00","1.0"]])") +
                         snapshot(150, 9, kBids, kAsks) + depth(200, 10, 11, "[]", R"([["101.00","2.0"]])"));
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.snapshots_ignored, 1U);
  EXPECT_EQ(rows().size(), 6U);
}

TEST_F(BinanceRaw, TheAggressorSellsWhereTheBuyerIsTheMaker) {
  ASSERT_TRUE(import(snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]") +
                     trade(110, 1, "100.00", "0.5", true) + trade(120, 2, "101.00", "0.5", false)));
  const auto all = rows();
  EXPECT_THAT(std::vector(all.end() - 2, all.end()), ElementsAre("trade sell 1000 5", "trade buy 1010 5"));
}

TEST_F(BinanceRaw, ATradeThatArrivedLateStandsWhereItHappened) {
  auto imported =
      import(snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]") +
             depth(200, 10, 11, R"([["100.00","4.0"]])", "[]") + trade(150, 1, "100.00", "1.0", true, 90));
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->counts.messages_reordered, 1U);
  const auto all = rows();
  EXPECT_THAT(std::vector(all.end() - 2, all.end()), ElementsAre("trade sell 1000 10", "depth buy 1000 40"));
  auto feed = Feed::open(out);
  const auto times = feed->local_ns();
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
}

TEST_F(BinanceRaw, ATradeOfTheDepthMessagesOwnTimeStandsBeforeIt) {
  ASSERT_TRUE(import(snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]") +
                     depth(200, 10, 11, R"([["100.00","4.0"]])", "[]") +
                     trade(200, 1, "100.00", "1.0", true, 3)));
  const auto all = rows();
  EXPECT_THAT(std::vector(all.end() - 2, all.end()), ElementsAre("trade sell 1000 10", "depth buy 1000 40"));
}

TEST_F(BinanceRaw, TheFastestMessageTakesTheFloorWhateverTheRecordersClockSays) {
  BinanceImportOptions options;
  options.latency_floor_ns = 700'000;
  ASSERT_TRUE(import(
      snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]") + trade(150, 1, "100.00", "1.0", true, 9),
      options));
  auto feed = Feed::open(out);
  EXPECT_EQ(feed->event(0).local_ns - feed->event(0).exchange_ns, 700'000);
  EXPECT_EQ(feed->event(4).local_ns - feed->event(4).exchange_ns, 7'700'000);
}

TEST_F(BinanceRaw, RemovalsComeFirstSoThatNoRowCrossesTheBook) {
  ASSERT_TRUE(import(snapshot(0, 7, kBids, kAsks) +
                     depth(100, 8, 9, R"([["101.00","1.0"]])", R"([["101.00","0.0"]])")));
  const auto all = rows();
  EXPECT_THAT(std::vector(all.end() - 2, all.end()), ElementsAre("depth sell 1010 0", "depth buy 1010 10"));
}

TEST_F(BinanceRaw, CountsTheStatesThatAgreeWithBookTicker) {
  auto imported = import(ticker(-90, 8, "100.00", "5.0", "101.00", "2.0") +
                         depth(-80, 5, 8, "[]", "[]") +  // received before the snapshot: no state
                         snapshot(0, 7, kBids, kAsks) + ticker(50, 9, "1.00", "1.0", "2.00", "1.0") +
                         depth(100, 9, 9, "[]", "[]") +  // id 9: disagrees
                         ticker(150, 11, "100.00", "4.0", "101.00", "2.0") +
                         depth(200, 10, 12, R"([["100.00","4.0"]])", "[]") +  // agrees
                         ticker(250, 20, "100.00", "4.0", "101.00", "2.0") +
                         depth(300, 13, 15, "[]", "[]") +                     // id 20 is later: no state
                         depth(400, 16, 21, R"([["100.00","3.0"]])", "[]"));  // id 20: disagrees
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(imported->written.states_compared, 3U);
  EXPECT_EQ(imported->written.states_agreed, 1U);
}

TEST_F(BinanceRaw, ACrossedBookIsAnErrorThatNamesItsLine) {
  const std::string start = snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]");
  const Error error = refusal(start + depth(200, 10, 11, R"([["101.00","1.0"]])", "[]"));
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_THAT(error.message,
              StartsWith("line 3: the book is crossed: best bid 101 at or above best ask 101"));
  EXPECT_THAT(refusal(snapshot(0, 7, kAsks, kBids) + depth(100, 8, 9, "[]", "[]")).message,
              StartsWith("line 2: the book is crossed: best bid 102.5 at or above best ask 99"));
}

TEST_F(BinanceRaw, ResyncTakesACrossedBookForAGap) {
  BinanceImportOptions options;
  options.resync = true;
  auto imported = import(snapshot(0, 7, kAsks, kBids) + depth(100, 8, 9, "[]", "[]") +  // never opens
                             snapshot(150, 9, R"([["100","5"]])", R"([["101","2"]])") +
                             depth(200, 10, 11, R"([["99","1"]])", "[]") +
                             depth(300, 12, 13, R"([["102","1"]])", "[]") +  // crosses
                             depth(400, 14, 15, R"([["98","1"]])", "[]") +   // lost
                             snapshot(450, 16, R"([["97","1"]])", R"([["98","1"]])") +
                             depth(500, 17, 18, R"([["97","2"]])", "[]"),
                         options);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(),
              ElementsAre("snapshot buy 100 5", "snapshot sell 101 2", "depth buy 99 1", "clear buy 0 0",
                          "clear sell 0 0", "snapshot buy 97 1", "snapshot sell 98 1", "depth buy 97 2"));
  EXPECT_EQ(imported->counts.sequence_breaks, 2U);
}

TEST_F(BinanceRaw, DepthBehindACrossWaitsForTheNextSnapshot) {
  BinanceImportOptions options;
  options.resync = true;
  auto imported =
      import(depth(0, 8, 9, R"([["102","1"]])", "[]") + depth(100, 10, 11, R"([["99","3"]])", "[]") +
                 snapshot(150, 7, R"([["100","5"]])", R"([["101","2"]])") +  // crosses with the first
                 snapshot(160, 9, R"([["100","5"]])", R"([["101","2"]])"),
             options);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_THAT(rows(), ElementsAre("snapshot buy 100 5", "snapshot sell 101 2", "depth buy 99 3"));
}

TEST_F(BinanceRaw, ATornGzipIsNamedAndLeavesNothing) {
  std::string text = snapshot(0, 7, kBids, kAsks);
  for (int k = 0; k < 500; ++k) text += depth(100 * (k + 1), 8 + k, 8 + k, R"([["100.00","4.0"]])", "[]");
  write_gzip(folder.file("in.gz"), text);
  const std::string whole = base::bytes_of(folder.file("in.gz"));
  for (const std::size_t cut : {std::size_t{20}, whole.size() / 2, whole.size() - 9, whole.size() - 1}) {
    write_bytes(folder.file("in.gz"), whole.substr(0, cut));
    auto imported = import_binance_raw({folder.file("in.gz")}, out);
    ASSERT_FALSE(imported) << cut;
    EXPECT_THAT(imported.error().message, HasSubstr("torn")) << cut;
    EXPECT_THAT(imported.error().message, HasSubstr("line"));
    EXPECT_EQ(folder.file_count(), 1U);
  }
}

TEST_F(BinanceRaw, ReadsZstdAndNamesATornOne) {
  const std::string text = snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, R"([["100.00","4.0"]])", "[]");
  const std::string packed = zstd_of(text);
  write_bytes(folder.file("in.zst"), packed);
  auto imported = import_binance_raw({folder.file("in.zst")}, out);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(rows().size(), 5U);
  std::filesystem::remove(out);
  write_bytes(folder.file("in.zst"), packed.substr(0, packed.size() - 5));
  auto torn = import_binance_raw({folder.file("in.zst")}, out);
  ASSERT_FALSE(torn);
  EXPECT_THAT(torn.error().message, HasSubstr("the zstd stream is torn"));
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST_F(BinanceRaw, AnAlteredGzipIsNamed) {
  std::string text = snapshot(0, 7, kBids, kAsks);
  for (int k = 0; k < 500; ++k) text += depth(100 * (k + 1), 8 + k, 8 + k, R"([["100.00","4.0"]])", "[]");
  write_gzip(folder.file("in.gz"), text);
  std::string altered = base::bytes_of(folder.file("in.gz"));
  altered[altered.size() - 6] ^= 1;  // the checksum at the end
  write_bytes(folder.file("in.gz"), altered);
  auto imported = import_binance_raw({folder.file("in.gz")}, out);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::kCorrupt);
}

TEST_F(BinanceRaw, GarbageLinesAreNamedByNumber) {
  const std::string good = snapshot(0, 7, kBids, kAsks);
  const std::pair<std::string, std::string> cases[] = {
      {"garbage\n", "does not start with a local time"},
      {"\n", "does not start with a local time"},
      {"1700000000000 {}\n", "not in nanoseconds"},
      {local(5) + "{\"stream\":\n", "not JSON"},
      {local(5) + "[1]\n", "not an object"},
      {local(5) + "{}\n", "neither a stream's message nor a snapshot"},
      {local(5) + R"({"e":"depthUpdate","E":1700000000000,"s":"XY","b":[],"a":[]})"
                  "\n",
       "\"U\""},
      {local(5) + R"({"e":"depthUpdate","E":1700000000000,"s":"XY","U":8,"u":9,"b":[["1e400","1"]],"a":[]})"
                  "\n",
       "level"},
      {local(5) + R"({"e":"trade","T":1700000000000,"s":"XY","t":1,"p":"-5","q":"1","m":true})"
                  "\n",
       "decimal"},
      {local(5) + R"({"u":9,"s":"XY","b":"1","B":"x","a":"2","A":"1"})"
                  "\n",
       "bookTicker"}};
  for (const auto& [line, phrase] : cases) {
    const Error error = refusal(good + line);
    EXPECT_THAT(error.message, StartsWith("line 2: ")) << line;
    EXPECT_THAT(error.message, HasSubstr(phrase)) << line;
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  }
}

TEST_F(BinanceRaw, ASecondSymbolIsAnError) {
  EXPECT_THAT(refusal(snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]") + local(120) +
                      R"({"e":"trade","T":1700000000100,"s":"ZZ","t":1,"p":"5","q":"1","m":true})"
                      "\n")
                  .message,
              StartsWith("line 3: symbol ZZ"));
}

TEST_F(BinanceRaw, TimeThatRunsBackwardsIsAnErrorThatNamesItsLine) {
  const std::string start =
      snapshot(0, 7, kBids, kAsks) + depth(0, 8, 9, "[]", "[]") + depth(10'000, 10, 11, "[]", "[]");
  EXPECT_THAT(refusal(start + trade(1000, 1, "100.00", "1.0", true, 9100)).message,
              StartsWith("line 4: the exchange time runs backwards"));
  EXPECT_THAT(refusal(start + depth(2000, 12, 13, "[]", "[]")).message,
              StartsWith("line 4: the local time runs backwards by 8.000 s"));
}

TEST_F(BinanceRaw, WithoutASnapshotThereIsNoBook) {
  const Error error = refusal(depth(0, 1, 5, "[]", "[]"));
  EXPECT_THAT(error.message, HasSubstr("no snapshot"));
  EXPECT_EQ(error.file, folder.file("in.gz"));
  EXPECT_THAT(refusal("").message, HasSubstr("no snapshot"));
  EXPECT_THAT(refusal(snapshot(0, 7, kBids, kAsks)).message,
              HasSubstr("no depth message continues the snapshot"));
}

TEST_F(BinanceRaw, AStepThatIsTooCoarseIsNamedWithItsLine) {
  BinanceImportOptions options;
  options.tick = Decimal{1, 0};
  EXPECT_THAT(refusal(snapshot(0, 7, kBids, kAsks), options).message,
              StartsWith("line 1: price 102.5 is not a multiple of the tick 1"));
}

TEST_F(BinanceRaw, SeveralFilesAreOneRecording) {
  write_gzip(folder.file("a.gz"),
             snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", R"([["101.00","1.0"]])"));
  write_bytes(folder.file("b.txt"),
              depth(200, 10, 11, "[]", R"([["101.00","2.0"]])"));  // plain text reads as well
  auto imported = import_binance_raw({folder.file("a.gz"), folder.file("b.txt")}, out);
  ASSERT_TRUE(imported) << to_line(imported.error());
  EXPECT_EQ(rows().size(), 6U);
}

TEST_F(BinanceRaw, WillNotWriteOverItsOwnInput) {
  write_gzip(folder.file("in.gz"), snapshot(0, 7, kBids, kAsks) + depth(100, 8, 9, "[]", "[]"));
  const std::string before = base::bytes_of(folder.file("in.gz"));
  auto imported = import_binance_raw({folder.file("in.gz")}, folder.file("in.gz"));
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(base::bytes_of(folder.file("in.gz")), before);
}

}  // namespace
}  // namespace soak::sim

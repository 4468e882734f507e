#include "sim/feed_writer.h"

#include <gmock/gmock.h>

#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

using ::testing::HasSubstr;

FeedEvent depth_event(std::int64_t time, Decimal price, Decimal quantity) {
  return {time, time, price, quantity, EventKind::kDepth, Side::kBuy};
}

TEST(FeedWriter, KeepsQuantitiesBeyond31BitsInAColumnOfTheirOwn) {
  TempFolder folder;
  const std::string path = folder.file("wide.feed");
  const std::int64_t huge = 5'000'000'000'000;
  ASSERT_TRUE(write_feed(path, {depth_event(1, cents(100), {huge, 0}), depth_event(2, cents(101), {7, 0})},
                         test_meta()));
  auto feed = Feed::open(path);
  ASSERT_TRUE(feed) << to_line(feed.error());
  ASSERT_EQ(feed->wide_quantities().size(), 2U);
  EXPECT_EQ(feed->event(0).quantity_lots, huge);
  EXPECT_EQ(feed->event(1).quantity_lots, 7);
}

TEST(FeedWriter, RefusesTimeThatRunsBackwards) {
  TempFolder folder;
  auto written =
      write_feed(folder.file("x.feed"), {depth_event(5, cents(1), {1, 0}), depth_event(4, cents(1), {1, 0})},
                 test_meta());
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("row 1"));
}

TEST(FeedWriter, RefusesARowThatTakesFromAnOrderOfALaterOne) {
  TempFolder folder;
  std::vector<FeedEvent> events = {depth_event(1, cents(1), {2, 0}), depth_event(1, cents(1), {1, 0})};
  events[1].joined_row = 1;
  EXPECT_THAT(write_feed(folder.file("x.feed"), events, test_meta()).error().message, HasSubstr("row 1"));
  events[1].joined_row = 0;
  EXPECT_TRUE(write_feed(folder.file("x.feed"), events, test_meta()));
}

TEST(FeedWriter, KeepsBothColumnsThatAFeedMayHaveBesides) {
  TempFolder folder;
  const std::string path = folder.file("wide.feed");
  std::vector<FeedEvent> events = {depth_event(1, cents(100), {5'000'000'000'000, 0}),
                                   depth_event(2, cents(100), {7, 0})};
  events[1].joined_row = 0;
  FeedMeta meta = test_meta();
  meta.by_order = true;
  ASSERT_TRUE(write_feed(path, events, meta));
  const auto feed = Feed::open(path);
  ASSERT_TRUE(feed) << to_line(feed.error());
  EXPECT_EQ(feed->event(0).quantity_lots, 5'000'000'000'000);
  EXPECT_EQ(feed->joined_rows()[0], kFeedJoinedNone);
  EXPECT_EQ(feed->joined_rows()[1], 0);
}

TEST(FeedWriter, LeavesTheOldFileAndNothingElseAfterAnError) {
  TempFolder folder;
  const std::string path = folder.file("x.feed");
  write_bytes(path, "old");
  FeedMeta meta = test_meta();
  meta.tick = Decimal{25, 2};
  auto written = write_feed(path, {depth_event(1, cents(126), {1, 0})}, meta);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("price 1.26"));
  EXPECT_EQ(base::bytes_of(path), "old");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(FeedWriter, RefusesAPriceOfTooManyTicks) {
  TempFolder folder;
  auto written = write_feed(folder.file("x.feed"), {depth_event(1, {1'000'000'001, 0}, {1, 0})}, test_meta());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kLimitExceeded);
}

TEST(FeedWriter, RefusesToReplaceAFolder) {
  TempFolder folder;
  std::filesystem::create_directory(folder.file("dir"));
  EXPECT_EQ(FeedWriter::create(folder.file("dir")).error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(FeedWriter::create(folder.file("none/x.feed")).error().code, ErrorCode::kNotFound);
}

TEST(FeedWriter, MovesLocalTimesSoThatTheFastestMessageTakesTheFloor) {
  TempFolder folder;
  const std::string path = folder.file("x.feed");
  std::vector<FeedEvent> events = {depth_event(1'000'000, cents(100), {1, 0}),
                                   depth_event(2'000'000, cents(100), {2, 0})};
  events[0].local_ns = 400'000;    // 600 us before it was sent
  events[1].local_ns = 1'600'000;  // 400 us before
  FeedMeta meta = test_meta();
  meta.latency_floor_ns = 50'000;
  ASSERT_TRUE(write_feed(path, events, meta));
  auto feed = Feed::open(path);
  ASSERT_TRUE(feed);
  EXPECT_EQ(feed->event(0).local_ns - feed->event(0).exchange_ns, 50'000);
  EXPECT_EQ(feed->event(1).local_ns - feed->event(1).exchange_ns, 250'000);
  EXPECT_EQ(feed->header().local_shift_ns, 650'000);
}

TEST(FeedWriter, LeavesLocalTimesOfAGoodClockAlone) {
  TempFolder folder;
  const std::string path = folder.file("x.feed");
  std::vector<FeedEvent> events = {depth_event(1'000'000, cents(100), {1, 0})};
  events[0].local_ns = 9'000'000;
  FeedMeta meta = test_meta();
  meta.latency_floor_ns = 50'000;
  ASSERT_TRUE(write_feed(path, events, meta));
  EXPECT_EQ(Feed::open(path)->event(0).local_ns, 9'000'000);
}

}  // namespace
}  // namespace soak::sim

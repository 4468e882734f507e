#include "sim/feed.h"

#include <gmock/gmock.h>

#include <cstring>

#include "sim/feed_testing.h"
#include "sim/feed_writer.h"

namespace soak::sim {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kRows = 70'001;  // one keyframe, a last block that is not full

struct FeedFile : ::testing::Test {
  void SetUp() override {
    path = folder.file("x.feed");
    events = random_events(kRows, 7);
    FeedMeta meta = test_meta();
    meta.by_order = by_order;
    if (by_order) join_at_random(events);
    ASSERT_TRUE(write_feed(path, events, meta));
    bytes = base::bytes_of(path);
    std::memcpy(&header, bytes.data(), sizeof(header));
  }
  static void join_at_random(std::vector<FeedEvent>& events) {
    base::Rng rng(5);
    for (std::size_t row = 0; row < events.size(); ++row) {
      if (rng.below(3) > 0) events[row].joined_row = static_cast<std::int64_t>(rng.below(row + 1)) - 1;
    }
  }
  // The error of opening the file; fails the test where it is taken for a feed.
  static Error error_of(const std::string& file) {
    auto feed = Feed::open(file);
    EXPECT_FALSE(feed.has_value());
    return feed ? Error{} : feed.error();
  }
  Error refusal(const std::string& altered) {
    const std::string other = folder.file("altered.feed");
    write_bytes(other, altered);
    return error_of(other);
  }
  // Alters the file itself for the moment: no copy for each of thousands of places.
  Error refusal_with(std::uint64_t offset, const std::string& altered) {
    const auto put = [&](const char* from) {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(offset))
          .write(from, static_cast<std::streamsize>(altered.size()));
    };
    put(altered.data());
    const Error error = error_of(path);
    put(bytes.data() + offset);
    return error;
  }
  Error refusal_of_flip(std::uint64_t offset) {
    return refusal_with(offset, std::string(1, static_cast<char>(bytes[offset] ^ 0x10)));
  }
  static std::string sealed(FeedHeader changed) {
    const auto* start = reinterpret_cast<const Bytef*>(&changed);
    changed.header_crc = static_cast<std::uint32_t>(::crc32_z(0, start, offsetof(FeedHeader, header_crc)));
    return {reinterpret_cast<const char*>(&changed), sizeof(changed)};
  }

  // The file with one value of a column altered, and right checksums around it.
  std::string altered(std::uint64_t column_offset, std::size_t column, std::uint64_t value) const {
    constexpr std::uint64_t kRow = 100;
    std::string file = bytes;
    std::memcpy(file.data() + column_offset + kRow * 8, &value, 8);
    const std::uint64_t rows = std::min<std::uint64_t>(kFeedRowsPerBlock, header.row_count);
    const auto crc = [](const char* from, std::uint64_t size) {
      return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(from), size));
    };
    const std::uint32_t block = crc(file.data() + column_offset, rows * 8);
    std::memcpy(file.data() + header.checksums_offset + column * 4, &block, 4);
    FeedHeader changed = header;
    changed.index_crc =
        crc(file.data() + header.keyframe_index_offset, header.file_bytes - header.keyframe_index_offset);
    const std::string head = sealed(changed);
    return head + file.substr(head.size());
  }

  TempFolder folder;
  std::string path, bytes;
  std::vector<FeedEvent> events;
  FeedHeader header;
  bool by_order = false;
};
struct FeedFileByOrder : FeedFile {
  FeedFileByOrder() { by_order = true; }
};

TEST_F(FeedFile, GivesBackEveryEvent) {
  auto feed = Feed::open(path);
  ASSERT_TRUE(feed) << to_line(feed.error());
  ASSERT_EQ(feed->size(), kRows);
  EXPECT_EQ(feed->symbol(), "TESTUSDT");
  EXPECT_EQ(format_decimal(feed->tick()), "0.01");
  EXPECT_EQ(format_decimal(feed->lot()), "0.001");
  for (std::size_t row = 0; row < kRows; ++row) {
    const MarketEvent got = feed->event(row);
    const FeedEvent& put = events[row];
    ASSERT_EQ(got.exchange_ns, put.exchange_ns) << row;
    ASSERT_EQ(got.local_ns, put.local_ns) << row;
    ASSERT_EQ(got.price_ticks, put.price.mantissa) << row;
    ASSERT_EQ(got.quantity_lots, to_steps(put.quantity, {1, 3})) << row;
    ASSERT_EQ(got.kind, put.kind) << row;
    ASSERT_EQ(got.side, put.side) << row;
  }
}

TEST_F(FeedFile, EndsItsColumnsWithATimeThatNoReplayReaches) {
  auto feed = Feed::open(path);
  ASSERT_TRUE(feed);
  for (std::uint64_t k = 0; k < kFeedPaddingRowsMin; ++k) {
    EXPECT_EQ(feed->exchange_ns().data()[kRows + k], INT64_MAX);
    EXPECT_EQ(feed->local_ns().data()[kRows + k], INT64_MAX);
  }
}

TEST_F(FeedFile, FindsTheFirstRowAtOrAfterATime) {
  auto feed = Feed::open(path);
  ASSERT_TRUE(feed);
  for (const std::size_t row : {std::size_t{0}, std::size_t{1000}, kRows / 2, kRows - 1}) {
    const std::int64_t time = events[row].exchange_ns;
    std::size_t first = row;
    while (first > 0 && events[first - 1].exchange_ns == time) --first;
    EXPECT_EQ(feed->row_at(time), first);
  }
  EXPECT_EQ(feed->row_at(events.back().exchange_ns + 1), kRows);
}

TEST_F(FeedFile, IsTheSameBytesForTheSameEvents) {
  const std::string again = folder.file("again.feed");
  ASSERT_TRUE(write_feed(again, events, test_meta()));
  EXPECT_EQ(base::bytes_of(again), bytes);
}

TEST_F(FeedFile, TornAtAnyBlockBoundaryIsRefusedWithTheOffset) {
  std::vector<std::uint64_t> cuts = {0,
                                     1,
                                     8,
                                     511,
                                     512,
                                     header.keyframes_offset,
                                     header.keyframe_index_offset,
                                     header.checksums_offset,
                                     header.file_bytes - 1};
  for (const std::uint64_t column : {header.exchange_offset, header.local_offset, header.rows_offset}) {
    for (std::uint64_t block = 0; block < header.block_count; ++block)
      cuts.push_back(column + block * kFeedRowsPerBlock * 8);
  }
  for (const std::uint64_t cut : cuts) {
    const Error error = refusal(bytes.substr(0, cut));
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << cut;
    EXPECT_THAT(error.message, HasSubstr("offset " + std::to_string(cut) + ":"));
  }
}

TEST_F(FeedFile, AnotherFileIsNamedForWhatItIs) {
  const auto name_of = [this](const std::string& file) { return refusal(file).message; };
  EXPECT_EQ(name_of(gzip_of(bytes)), "offset 0: a gzip stream, not a .feed file: soak feed import makes one");
  EXPECT_THAT(name_of(zstd_of("x")), HasSubstr("a zstd stream, not a .feed file"));
  EXPECT_THAT(name_of("PK\3\4 and so on"), HasSubstr("a zip archive, not a .feed file"));
  EXPECT_THAT(name_of("\x93NUMPY and so on"), HasSubstr("a NumPy array, not a .feed file"));
  EXPECT_EQ(name_of("{}"), "offset 0: not a .feed file: soak feed import makes one");
  EXPECT_EQ(name_of(std::string(5000, 'x')), "offset 0: not a .feed file: soak feed import makes one");
}

TEST_F(FeedFile, BytesBehindTheEndAreRefused) {
  EXPECT_THAT(refusal(bytes + "x").message, HasSubstr("offset " + std::to_string(bytes.size()) + ":"));
}

TEST_F(FeedFile, AFlippedBitInAnyBlockIsRefusedWithTheOffsetOfTheBlock) {
  for (const std::uint64_t column : {header.exchange_offset, header.local_offset, header.rows_offset}) {
    for (std::uint64_t block = 0; block < header.block_count; block += 5) {
      const std::uint64_t offset = column + block * kFeedRowsPerBlock * 8;
      const Error error = refusal_of_flip(offset + 12);
      EXPECT_EQ(error.code, ErrorCode::kCorrupt);
      EXPECT_THAT(error.message, HasSubstr("offset " + std::to_string(offset) + ":"));
    }
  }
}

TEST_F(FeedFile, AFlippedBitOutsideOfTheColumnsIsRefused) {
  for (std::size_t offset = 0; offset < sizeof(FeedHeader); ++offset) refusal_of_flip(offset);
  const std::uint64_t padding = (feed_padded_rows(kRows) - kRows) * 8;
  for (std::uint64_t k = 1; k <= padding; ++k) refusal_of_flip(header.local_offset - k);
  for (std::uint64_t k = 1; k <= padding; ++k) refusal_of_flip(header.keyframes_offset - k);
  for (std::uint64_t offset = header.keyframes_offset; offset < header.keyframe_index_offset; offset += 7) {
    refusal_of_flip(offset);
  }
  for (std::uint64_t offset = header.keyframe_index_offset; offset < header.file_bytes; ++offset)
    refusal_of_flip(offset);
}

TEST_F(FeedFile, RandomBytesAreRefused) {
  base::Rng rng(3);
  for (const std::size_t size : {1U, 100U, 512U, 600U, 5000U}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(rng.below(256));
    EXPECT_EQ(refusal(noise).code, ErrorCode::kCorrupt);
    std::memcpy(noise.data(), bytes.data(),
                std::min<std::size_t>(size, 12));  // our magic and version, then noise
    EXPECT_EQ(refusal(noise).code, ErrorCode::kCorrupt);
  }
}

TEST_F(FeedFile, AHeaderThatPointsOutsideOfTheFileIsRefusedThoughItsChecksumIsRight) {
  for (std::size_t offset = 8; offset < offsetof(FeedHeader, first_exchange_ns); offset += 8) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
      FeedHeader changed = header;
      if (std::memcmp(reinterpret_cast<char*>(&changed) + offset, &value, 8) == 0) continue;
      std::memcpy(reinterpret_cast<char*>(&changed) + offset, &value, 8);
      if (changed.opening_row_count <= 1 && offset == offsetof(FeedHeader, opening_row_count))
        continue;  // still makes sense
      refusal_with(0, sealed(changed));
    }
  }
}

// Right checksums around one altered value of a column: a file made by another hand. A replay takes slots and
// times on trust.
TEST_F(FeedFile, RowsThatPointElsewhereAreRefusedThoughTheirChecksumsAreRight) {
  const FeedSlots slots{header.price_ticks_min, header.price_ticks_max};
  const auto row = [](std::int32_t code) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(code)) | std::uint64_t{1} << 32;
  };
  const auto price = slots.price_ticks_min;
  const std::string sound =
      altered(header.rows_offset, 2, row(slots.code(EventKind::kDepth, Side::kBuy, price)));
  write_bytes(folder.file("sound.feed"), sound);
  EXPECT_TRUE(Feed::open(folder.file("sound.feed"))) << "the way of altering is sound";
  for (const std::int32_t slot : {0, slots.region(), 2 * slots.region(), slots.size(), 1 << 27})
    EXPECT_THAT(refusal(altered(header.rows_offset, 2, row(slot * 8))).message, HasSubstr("out of place"));
  EXPECT_THAT(
      refusal(altered(header.rows_offset, 2, row(slots.code(EventKind::kClear, Side::kBuy, price)))).message,
      HasSubstr("a clear of a part"));
  for (const std::uint64_t time :
       {std::uint64_t{kFeedTimeNsMax} + 1, ~std::uint64_t{0}, std::uint64_t{INT64_MAX}}) {
    EXPECT_THAT(refusal(altered(header.exchange_offset, 0, time)).message, HasSubstr("out of range"));
    EXPECT_THAT(refusal(altered(header.local_offset, 1, time)).message, HasSubstr("out of range"));
  }
}

// The same for the book of a keyframe, in which a window of a soak opens.
TEST_F(FeedFile, AKeyframeWhoseBookMakesNoSenseIsRefusedThoughItsChecksumsAreRight) {
  const auto refusal_of = [this](std::size_t level, const FeedLevel& changed) {
    std::string file = bytes;
    FeedKeyframe keyframe;
    std::memcpy(&keyframe, file.data() + header.keyframe_index_offset, sizeof keyframe);
    std::memcpy(file.data() + keyframe.offset + level * sizeof changed, &changed, sizeof changed);
    const auto crc = [&](std::uint64_t offset, std::uint64_t size) {
      return static_cast<std::uint32_t>(
          ::crc32_z(0, reinterpret_cast<const Bytef*>(file.data() + offset), size));
    };
    keyframe.crc =
        crc(keyframe.offset, (std::uint64_t{keyframe.bid_count} + keyframe.ask_count) * sizeof changed);
    std::memcpy(file.data() + header.keyframe_index_offset, &keyframe, sizeof keyframe);
    FeedHeader head = header;
    head.index_crc = crc(header.keyframe_index_offset, header.file_bytes - header.keyframe_index_offset);
    const std::string front = sealed(head);
    return refusal(front + file.substr(front.size())).message;
  };
  const auto feed = Feed::open(path);
  ASSERT_TRUE(feed);
  const auto levels = feed->levels(feed->keyframes()[0]);
  const FeedLevel second = levels[1];
  for (const FeedLevel& wrong :
       {FeedLevel{std::int64_t{header.price_ticks_max} + 1, 1},
        FeedLevel{std::int64_t{header.price_ticks_min} - 1, 1}, FeedLevel{std::int64_t{1} << 40, 1},
        FeedLevel{second.price_ticks, 0}, FeedLevel{second.price_ticks, -1},
        FeedLevel{second.price_ticks, INT64_MAX}, levels[0], levels[2]}) {
    EXPECT_THAT(refusal_of(1, wrong), HasSubstr("a keyframe's book makes no sense"));
  }
}

TEST_F(FeedFile, AQuantityAboveTheHeadersLargestIsRefused) {
  FeedSlots slots{header.price_ticks_min, header.price_ticks_max};
  const auto code =
      static_cast<std::uint32_t>(slots.code(EventKind::kDepth, Side::kBuy, slots.price_ticks_min));
  const std::uint64_t row = std::uint64_t{code} | static_cast<std::uint64_t>(INT32_MAX) << 32;
  EXPECT_THAT(refusal(altered(header.rows_offset, 2, row)).message, HasSubstr("above the header's largest"));
}

TEST_F(FeedFileByOrder, GivesBackFromWhichOrderEachRowTakes) {
  const auto feed = Feed::open(path);
  ASSERT_TRUE(feed) << to_line(feed.error());
  EXPECT_EQ(feed->header().version, 3U) << "a program that does not know the column must say so";
  ASSERT_TRUE(feed->by_order());
  ASSERT_EQ(feed->joined_rows().size(), kRows);
  for (std::size_t row = 0; row < kRows; ++row) {
    ASSERT_EQ(feed->joined_rows()[row], events[row].joined_row) << row;
    ASSERT_EQ(feed->event(row).price_ticks, events[row].price.mantissa) << row;
  }
}

TEST_F(FeedFileByOrder, IsWithoutTheColumnTheFileThatItAlwaysWas) {
  const std::string with = folder.file("with.feed"), without = folder.file("without.feed");
  ASSERT_TRUE(write_feed(with, events, test_meta()));
  ASSERT_TRUE(write_feed(without, random_events(kRows, 7), test_meta()));
  EXPECT_EQ(base::bytes_of(with), base::bytes_of(without));
  const auto feed = Feed::open(without);
  ASSERT_TRUE(feed);
  EXPECT_FALSE(feed->by_order());
  EXPECT_TRUE(feed->joined_rows().empty());
  EXPECT_EQ(feed->header().version, 2U);
  EXPECT_EQ(feed->header().joined_offset, 0U);
}

TEST_F(FeedFileByOrder, DamageOfTheColumnIsRefusedWithTheOffset) {
  for (std::uint64_t block = 0; block < header.block_count; block += 5) {
    const std::uint64_t offset = header.joined_offset + block * kFeedRowsPerBlock * 8;
    EXPECT_THAT(refusal_of_flip(offset + 12).message, HasSubstr("offset " + std::to_string(offset) + ":"));
    EXPECT_THAT(refusal(bytes.substr(0, offset)).message,
                HasSubstr("offset " + std::to_string(offset) + ":"));
  }
  const std::uint64_t padding = (feed_padded_rows(kRows) - kRows) * 8;
  for (std::uint64_t k = 1; k <= padding; ++k)
    EXPECT_THAT(refusal_of_flip(header.keyframes_offset - k).message, HasSubstr("the padding is altered"));
  for (const std::int64_t joined : {std::int64_t{100}, kFeedJoinedNone - 1, std::int64_t{-2}}) {
    EXPECT_THAT(refusal(altered(header.joined_offset, 3, static_cast<std::uint64_t>(joined))).message,
                HasSubstr(fmt::format("offset {}: a row that takes", header.joined_offset + 800)));
  }
  FeedHeader changed = header;
  changed.version = kFeedVersion;
  EXPECT_EQ(refusal_with(0, sealed(changed)).code, ErrorCode::kCorrupt);
}

TEST_F(FeedFile, AnotherVersionIsNamed) {
  FeedHeader changed = header;
  changed.version = 9;
  const Error error = refusal_with(0, sealed(changed));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("version 9"));
}

TEST_F(FeedFile, AFolderOrNothingInItsPlaceIsNamed) {
  EXPECT_EQ(Feed::open(folder.file("none.feed")).error().code, ErrorCode::kNotFound);
  std::filesystem::create_directory(folder.file("dir.feed"));
  EXPECT_EQ(Feed::open(folder.file("dir.feed")).error().code, ErrorCode::kNotAFile);
}

}  // namespace
}  // namespace soak::sim

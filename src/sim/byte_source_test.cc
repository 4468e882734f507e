#include "sim/byte_source.h"

#include <gmock/gmock.h>

#include "sim/feed_testing.h"

namespace soak::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Text that compresses, yet not to nothing.
std::string sample(std::size_t bytes, std::uint64_t seed = 1) {
  base::Rng rng(seed);
  std::string text;
  while (text.size() < bytes) text += std::to_string(rng.below(100'000)) + "\n";
  text.resize(bytes);
  return text;
}

struct ByteSourceTest : ::testing::Test {
  // Everything, in pieces of `piece` bytes.
  Result<std::string> read(const std::string& file, std::size_t piece = 1000) {
    write_bytes(path, file);
    auto source = open_byte_source(path);
    if (!source) return tl::unexpected(source.error());
    std::string all, buffer(piece, '\0');
    for (;;) {
      auto got = (*source)->read(buffer.data(), piece);
      if (!got) return tl::unexpected(got.error());
      if (*got == 0) break;
      all.append(buffer, 0, *got);
    }
    EXPECT_EQ((*source)->file_bytes(), file.size());
    return all;
  }
  Error refusal(const std::string& file) {
    auto all = read(file);
    EXPECT_FALSE(all.has_value());
    return all ? Error{} : all.error();
  }
  TempFolder folder;
  std::string path = folder.file("x");
};

TEST_F(ByteSourceTest, GivesTheSameBytesPlainGzipAndZstd) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{777}, std::size_t{3'000'000}}) {
    const std::string text = sample(size);
    for (const std::size_t piece : {std::size_t{7}, std::size_t{4096}, std::size_t{1} << 20}) {
      if (size > 100'000 && piece < 4096) continue;
      EXPECT_EQ(read(text, piece).value(), text) << size;
      EXPECT_EQ(read(gzip_of(text), piece).value(), text) << size;
      EXPECT_EQ(read(zstd_of(text), piece).value(), text) << size;
    }
  }
}

TEST_F(ByteSourceTest, SeveralMembersOrFramesAreOneStream) {
  const std::string a = sample(50'000, 1), b = sample(70'000, 2);
  EXPECT_EQ(read(gzip_of(a) + gzip_of("") + gzip_of(b)).value(), a + b);
  EXPECT_EQ(read(zstd_of(a) + zstd_of("") + zstd_of(b)).value(), a + b);
  const std::string skipped("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(read(skipped + zstd_of(a) + skipped + zstd_of(b)).value(), a + b);
}

TEST_F(ByteSourceTest, ATornStreamIsAnErrorWithItsOffsetWhereverItEnds) {
  const std::string text = sample(2000);
  for (const std::string& whole :
       {gzip_of(text), zstd_of(text), gzip_of(text) + gzip_of(text), zstd_of(text) + zstd_of(text)}) {
    const std::size_t first = whole.size() / 2;  // two members of one length: the cut between them is whole
    for (std::size_t cut = 4; cut<whole.size(); cut += cut> first - 12 && cut < first + 20 ? 1 : 7) {
      auto all = read(whole.substr(0, cut));
      if (all) {
        EXPECT_EQ(cut, first);
        EXPECT_EQ(*all, text);
        continue;
      }
      EXPECT_EQ(all.error().code, ErrorCode::kCorrupt);
      EXPECT_EQ(all.error().file, path);
      EXPECT_THAT(all.error().message, StartsWith("offset " + std::to_string(cut) + ": ")) << cut;
      EXPECT_THAT(all.error().message, HasSubstr("torn"));
    }
  }
}

TEST_F(ByteSourceTest, BytesBehindTheStreamAreAnErrorWithTheirOffset) {
  for (const std::string& whole : {gzip_of("text"), zstd_of("text")}) {
    const Error error = refusal(whole + "garbage");
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_THAT(error.message, StartsWith("offset " + std::to_string(whole.size()) + ": bytes behind the "));
  }
}

TEST_F(ByteSourceTest, DamageIsAnErrorAndNeverOtherBytes) {
  const std::string text = sample(600);
  for (const std::string& whole : {gzip_of(text), zstd_of(text)}) {
    for (std::size_t at = 10; at < whole.size(); at += 3) {
      std::string altered = whole;
      altered[at] = static_cast<char>(altered[at] ^ 0x10);
      auto all = read(altered);
      if (all) {
        EXPECT_EQ(*all, text) << at;  // a bit that means nothing, such as a name in the header
      } else {
        EXPECT_THAT(all.error().message, StartsWith("offset "));
      }
    }
  }
}

TEST_F(ByteSourceTest, AWindowThatWouldNeedTooMuchMemoryIsRefused) {
  // A frame header that asks for 2 GB: magic, descriptor, window.
  const Error error = refusal(std::string("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("128 MB"));
}

TEST_F(ByteSourceTest, WhatIsNoFileIsRefused) {
  EXPECT_EQ(open_byte_source(folder.file("absent")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_byte_source(folder.file("")).error().code, ErrorCode::kNotAFile);
}

TEST_F(ByteSourceTest, ADeviceIsRefusedForItMayNeverEnd) {
  auto source = open_byte_source("/dev/zero");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, ErrorCode::kNotAFile);
}

TEST(ContentOf, TellsAFileByItsBeginning) {
  EXPECT_EQ(content_of("\x1f\x8b\x08"), Content::kGzip);
  EXPECT_EQ(content_of("\x28\xb5\x2f\xfd"), Content::kZstd);
  EXPECT_EQ(content_of("PK\x03\x04...."), Content::kZip);
  EXPECT_EQ(content_of("\x93NUMPY\x01"), Content::kNumpy);
  EXPECT_EQ(content_of("SOAKFEED"), Content::kFeed);
  EXPECT_EQ(content_of("1700000"), Content::kOther);
  EXPECT_EQ(content_of(""), Content::kOther);
}

}  // namespace
}  // namespace soak::sim

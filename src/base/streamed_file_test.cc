#include "base/streamed_file.h"

#include <filesystem>

#include "base/file.h"
#include "base/testing.h"

namespace soak::base {
namespace {

TEST(WriteStreamedNotDurable, PutsAFileTogetherPieceByPieceAndLeavesTheOldOneWhereThatFails) {
  const TempFolder folder;
  const auto pieces = [](const Put& put) -> Result<void> {
    if (auto first = put("one "); !first) return first;
    return put("two");
  };
  ASSERT_TRUE(write_streamed_not_durable(folder.file("f"), pieces));
  EXPECT_EQ(bytes_of(folder.file("f")), "one two");
  const auto failing = [](const Put& put) -> Result<void> {
    static_cast<void>(put("half"));
    return fail(ErrorCode::kCorrupt, "no more", "source");
  };
  const auto written = write_streamed_not_durable(folder.file("f"), failing);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(bytes_of(folder.file("f")), "one two");
  EXPECT_EQ(list_folder(folder.path())->size(), 1U);
}

TEST(FileHolds, TellsAFileOfExactlyTheseBytesFromEveryOther) {
  const TempFolder folder;
  const Produce pieces = [](const Put& put) -> Result<void> {
    if (auto first = put("one "); !first) return first;
    return put("two");
  };
  const auto holds = [&] { return *file_holds(folder.file("f"), pieces); };
  EXPECT_FALSE(holds());
  for (const char* other : {"", "one ", "one twx", "one two ", "xne two"}) {
    write_bytes(folder.file("f"), other);
    EXPECT_FALSE(holds()) << other;
  }
  write_bytes(folder.file("f"), "one two");
  EXPECT_TRUE(holds());
  std::filesystem::rename(folder.file("f"), folder.file("g"));
  std::filesystem::create_symlink("g", folder.file("f"));
  EXPECT_FALSE(holds()) << "what a link leads to may change";
}

TEST(FileHolds, PassesOnWhatWentWrongWithTheBytesThemselves) {
  const TempFolder folder;
  write_bytes(folder.file("f"), "half");
  const auto held = file_holds(folder.file("f"), [](const Put& put) -> Result<void> {
    static_cast<void>(put("half"));
    return fail(ErrorCode::kCorrupt, "no more", "source");
  });
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace soak::base

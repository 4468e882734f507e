#include "base/staged_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/testing.h"

namespace soak::base {
namespace {

TEST(StagedFile, AppearsWholeAtTheCommitAndReplacesWhatWasThere) {
  const TempFolder folder;
  write_bytes(folder.file("x"), "old");
  auto file = StagedFile::create(folder.file("x"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(write_all(file->descriptor(), "new", folder.file("x")));
  EXPECT_EQ(bytes_of(folder.file("x")), "old");
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(bytes_of(folder.file("x")), "new");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(StagedFile, IsGoneWithoutACommit) {
  const TempFolder folder;
  {
    auto file = StagedFile::create(folder.file("x"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(write_all(file->descriptor(), "half", folder.file("x")));
  }
  EXPECT_EQ(folder.file_count(), 0U);
}

TEST(StagedFile, IsItsOwnersAlone) {
  const TempFolder folder;
  auto file = StagedFile::create(folder.file("x"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->commit());
  struct stat status {};
  ASSERT_EQ(::stat(folder.file("x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(StagedFile, RefusesAFolderOfThatNameAndAFolderThatIsMissing) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.file("d"));
  EXPECT_EQ(StagedFile::create(folder.file("d")).error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(StagedFile::create(folder.file("none/x")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace soak::base

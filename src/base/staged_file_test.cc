#include "base/staged_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <filesystem>

#include "base/testing.h"

namespace {
int synced_files = 0, synced_folders = 0;
bool folders_fail = false, files_fail = false;
}  // namespace

// In place of the C library's in this program: what was made durable is counted, and may fail.
extern "C" int fsync(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return -1;
  const bool folder = S_ISDIR(status.st_mode);
  ++(folder ? synced_folders : synced_files);
  if (folder ? folders_fail : files_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

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

TEST(StagedFile, IsMadeDurableWithItsFolder) {
  const TempFolder folder;
  auto file = StagedFile::create(folder.file("x"));
  ASSERT_TRUE(file);
  synced_files = synced_folders = 0;
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(synced_files, 1);
  EXPECT_EQ(synced_folders, 1);
}

TEST(StagedFile, LeavesTheOldOneWhereItCannotBeMadeDurable) {
  const TempFolder folder;
  write_bytes(folder.file("x"), "old");
  files_fail = true;
  {
    auto file = StagedFile::create(folder.file("x"));
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->commit());
  }
  files_fail = false;
  EXPECT_EQ(bytes_of(folder.file("x")), "old");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(StagedFile, SaysWhereTheRenameMayNotLast) {
  const TempFolder folder;
  auto file = StagedFile::create(folder.file("x"));
  ASSERT_TRUE(file);
  folders_fail = true;
  const auto committed = file->commit();
  folders_fail = false;
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, ErrorCode::kUnknownOutcome);
}

TEST(StagedFile, LeavesNothingWhereItCannotTakeItsName) {
  const TempFolder folder;
  {
    auto file = StagedFile::create(folder.file("x"));
    ASSERT_TRUE(file);
    std::filesystem::create_directory(folder.file("x"));
    EXPECT_FALSE(file->commit());
  }
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(StagedFile, RefusesAFolderOfThatNameAndAFolderThatIsMissing) {
  const TempFolder folder;
  std::filesystem::create_directory(folder.file("d"));
  EXPECT_EQ(StagedFile::create(folder.file("d")).error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(StagedFile::create(folder.file("none/x")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace soak::base

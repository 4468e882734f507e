#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "base/testing.h"

namespace soak::base {
namespace {

TEST(ReadFile, GivesEveryByteBack) {
  const TempFolder folder;
  const std::string bytes = std::string("a\0b\n", 4) + std::string(10'000, 'x');
  write_bytes(folder.file("f"), bytes);
  const auto read = read_file(folder.file("f"));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, bytes);
}

TEST(ReadFile, NamesAMissingFile) {
  const TempFolder folder;
  const auto read = read_file(folder.file("none"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read.error().file, folder.file("none"));
}

TEST(ReadFile, RefusesAFolder) {
  const TempFolder folder;
  const auto read = read_file(folder.path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotAFile);
}

TEST(ReadFile, DoesNotWaitAtAFifo) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("f").c_str(), 0600), 0);
  const auto read = read_file(folder.file("f"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotAFile);
}

TEST(ReadFile, RefusesMoreBytesThanTheLimit) {
  const TempFolder folder;
  write_bytes(folder.file("f"), "12345");
  ASSERT_TRUE(read_file(folder.file("f"), 5));
  const auto read = read_file(folder.file("f"), 4);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kLimitExceeded);
}

TEST(ErrorFromErrno, MapsTheFileSystemsAnswersToCodes) {
  EXPECT_EQ(error_from_errno(ENOENT, "cannot open", "f").code, ErrorCode::kNotFound);
  EXPECT_EQ(error_from_errno(EACCES, "cannot open", "f").code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(error_from_errno(EROFS, "cannot open", "f").code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(error_from_errno(EISDIR, "cannot open", "f").code, ErrorCode::kNotAFile);
  EXPECT_EQ(error_from_errno(ENOSPC, "cannot write", "f").code, ErrorCode::kIoError);
}

TEST(ErrorFromErrno, SaysWhatWasTriedAndWhyItFailed) {
  EXPECT_EQ(to_line(error_from_errno(EACCES, "cannot open", "f.json")),
            "f.json: cannot open: Permission denied");
}

TEST(WriteFileAtomicNotDurable, ReplacesAWholeFile) {
  const TempFolder folder;
  write_bytes(folder.file("f"), "a longer old text");
  ASSERT_TRUE(write_file_atomic_not_durable(folder.file("f"), "new"));
  EXPECT_EQ(bytes_of(folder.file("f")), "new");
  EXPECT_EQ(list_folder(folder.path())->size(), 1U);
}

TEST(WriteFileAtomicNotDurable, IsTheOwnersAloneWhereItIsNewAndKeepsTheModeOfTheOldOne) {
  const TempFolder folder;
  const std::string path = folder.file("f");
  const auto mode = [&path] {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  };
  ASSERT_TRUE(write_file_atomic_not_durable(path, "new"));
  EXPECT_EQ(mode(), 0600U);
  ASSERT_EQ(::chmod(path.c_str(), 04754), 0);
  ASSERT_TRUE(write_file_atomic_not_durable(path, "newer"));
  EXPECT_EQ(mode(), 0754U);
}

TEST(WriteFileAtomicNotDurable, NamesTheFileItselfWhereItsTempFileCannotBeMade) {
  const TempFolder folder;
  const auto written = write_file_atomic_not_durable(folder.file("none/f"), "new");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(to_line(written.error()),
            folder.file("none/f") + ": cannot create a temp file beside it: No such file or directory");
}

TEST(MakeFolders, RefusesWhereAFileIsInTheWay) {
  const TempFolder folder;
  write_bytes(folder.file("f"), "");
  const auto made = make_folders(folder.file("f"));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kNotAFile);
}

TEST(MakeFolders, MakesEachThatIsMissingHoweverThePathIsWritten) {
  const TempFolder folder;
  for (const char* path : {"a", "b/c/d", "e//f/", "b/c/g", "h/../i"}) {
    ASSERT_TRUE(make_folders(folder.file(path))) << path;
    ASSERT_TRUE(make_folders(folder.file(path))) << path << ", again";
    EXPECT_TRUE(is_folder(folder.file(path))) << path;
  }
  write_bytes(folder.file("file"), "");
  EXPECT_EQ(make_folders(folder.file("file/x")).error().code, ErrorCode::kNotAFile);
}

TEST(MakeFolders, EndsWhereThePathCannotBeLookedAt) {
  const TempFolder folder;
  const std::string endless(5000, 'x');  // as on a disk that has died: an error for each part of the path
  EXPECT_EQ(make_folders(folder.file(endless)).error().code, ErrorCode::kIoError);
  EXPECT_FALSE(make_folders(""));
}

TEST(FolderOf, IsWhatThePathLiesIn) {
  EXPECT_EQ(folder_of("a"), ".");
  EXPECT_EQ(folder_of("/a"), "/");
  EXPECT_EQ(folder_of("/a/b"), "/a");
  EXPECT_EQ(folder_of("a/b"), "a");
}

TEST(ListFolder, SortsByByteAndLeavesOutDots) {
  const TempFolder folder;
  for (const char* name : {"b", "a", "B", ".hidden"}) write_bytes(folder.file(name), "");
  const auto names = list_folder(folder.path());
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector<std::string>{".hidden", "B", "a", "b"}));
}

TEST(WriteFileAtomicNotDurable, ReplacesALinkAndNotWhatItLeadsTo) {
  const TempFolder folder;
  write_bytes(folder.file("victim"), "theirs");
  std::filesystem::create_symlink(folder.file("victim"), folder.file("f"));
  ASSERT_TRUE(write_file_atomic_not_durable(folder.file("f"), "ours"));
  EXPECT_FALSE(is_link(folder.file("f")));
  EXPECT_EQ(bytes_of(folder.file("victim")), "theirs");
}

TEST(WriteFileAtomicNotDurable, DoesNotReplaceAPipeOrAFolder) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder.file("folder"));
  for (const char* name : {"pipe", "folder"}) {
    const auto written = write_file_atomic_not_durable(folder.file(name), "ours");
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code, ErrorCode::kNotAFile);
    EXPECT_EQ(written.error().file, folder.file(name));
  }
  EXPECT_EQ(folder.file_count(), 2U);
}

}  // namespace
}  // namespace soak::base

#include "base/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "base/testing.h"

namespace soak::base {
namespace {

std::vector<std::string> names_with(const std::string& folder, const std::string& part) {
  std::vector<std::string> found;
  for (const std::string& name : list_folder(folder).value_or(std::vector<std::string>{})) {
    if (name.find(part) != std::string::npos) found.push_back(name);
  }
  return found;
}

TEST(ReplaceFile, CreatesANewFileForItsOwnerOnly) {
  const TempFolder folder;
  const auto replaced = replace_file(folder.file("r.json"), "{}");
  ASSERT_TRUE(replaced) << to_line(replaced.error());
  EXPECT_EQ(replaced->old_hash, kAbsent);
  EXPECT_EQ(replaced->new_hash, sha256_hex("{}"));
  EXPECT_EQ(bytes_of(folder.file("r.json")), "{}");
  EXPECT_EQ(mode_of(folder.file("r.json")), 0600U);
}

TEST(ReplaceFile, KeepsTheModeOfTheFileItReplaces) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "old");
  std::filesystem::permissions(folder.file("r.json"), std::filesystem::perms(0640));
  ASSERT_TRUE(replace_file(folder.file("r.json"), "new"));
  EXPECT_EQ(mode_of(folder.file("r.json")), 0640U);
}

TEST(ReplaceFile, LeavesNoTempBehind) {
  const TempFolder folder;
  ASSERT_TRUE(replace_file(folder.file("r.json"), "new"));
  EXPECT_EQ(names_with(folder.path(), ".tmp"), std::vector<std::string>{});
}

TEST(ReplaceFile, WritesThroughASymbolicLinkAndKeepsIt) {
  const TempFolder folder;
  ASSERT_TRUE(make_folders(folder.file("real")));
  write_bytes(folder.file("real/r.json"), "old");
  std::filesystem::create_symlink("real/r.json", folder.file("link.json"));
  ASSERT_TRUE(replace_file(folder.file("link.json"), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.json")));
  EXPECT_EQ(bytes_of(folder.file("real/r.json")), "new");
}

TEST(ReplaceFile, RefusesAHardLinkedFile) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "old");
  std::filesystem::create_hard_link(folder.file("r.json"), folder.file("other"));
  const auto replaced = replace_file(folder.file("r.json"), "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(bytes_of(folder.file("other")), "old");
}

TEST(ReplaceFile, RefusesAFolder) {
  const TempFolder folder;
  ASSERT_TRUE(make_folders(folder.file("r.json")));
  const auto replaced = replace_file(folder.file("r.json"), "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kNotAFile);
}

TEST(ReplaceFile, NamesAMissingFolder) {
  const TempFolder folder;
  const auto replaced = replace_file(folder.file("none/r.json"), "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(replaced.error().file, folder.file("none"));
}

TEST(ReplaceFile, DoesNotTakeAPathThatCannotBeExaminedForOneWithoutALink) {
  const TempFolder folder;
  write_bytes(folder.file("file"), "no folder");
  const auto replaced = replace_file(folder.file("file/r.json"), "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(to_line(replaced.error()), folder.file("file/r.json") + ": cannot examine: Not a directory");
}

TEST(ReplaceFile, NamesTheFileItselfWhereItsTempFileCannotBeMade) {
  const TempFolder folder;
  const std::string path = folder.file(std::string(240, 'n'));  // its lock file fits in a name, its temp not
  const auto replaced = replace_file(path, "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(to_line(replaced.error()), path + ": cannot create a temp file beside it: File name too long");
}

TEST(ReplaceFile, NamesTheFileItselfWhereItsTempFileCannotBeWritten) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "old");
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{4096, limit.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto replaced = replace_file(folder.file("r.json"), std::string(10'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(to_line(replaced.error()), folder.file("r.json") + ": cannot write: File too large");
  EXPECT_EQ(bytes_of(folder.file("r.json")), "old");
  EXPECT_EQ(names_with(folder.path(), ".tmp"), std::vector<std::string>{});
}

TEST(ReplaceFile, RemovesTheTempOfAKilledWriter) {
  const TempFolder folder;
  write_bytes(folder.file(".r.json.tmp-0123456789abcdef"), "half");
  ASSERT_TRUE(replace_file(folder.file("r.json"), "new"));
  EXPECT_EQ(names_with(folder.path(), ".tmp"), std::vector<std::string>{});
}

// A writer of the superuser is killed after it has handed its temp over to the file's owner.
TEST(ReplaceFile, RemovesTheTempThatAKilledWriterHadHandedToTheFilesOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "left out: only the superuser can hand a file over";
  const TempFolder folder;
  const std::string handed = ".r.json.tmp-0123456789abcdef";
  const std::string foreign = ".r.json.tmp-fedcba9876543210";
  for (const std::string& name : {std::string("r.json"), handed, foreign})
    write_bytes(folder.file(name), "x");
  ASSERT_EQ(::chown(folder.file("r.json").c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chown(folder.file(handed).c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chown(folder.file(foreign).c_str(), 65533, 65533), 0);
  ASSERT_TRUE(replace_file(folder.file("r.json"), "new"));
  EXPECT_EQ(names_with(folder.path(), ".tmp"), std::vector<std::string>{foreign});
}

TEST(ReplaceFile, LeavesFilesThatOnlyResembleATempAlone) {
  const TempFolder folder;
  const std::vector<std::string> others = {".r.json.tmp-0123", ".r.json.tmp-0123456789abcdeX",
                                           ".s.json.tmp-0123456789abcdef"};
  for (const std::string& name : others) write_bytes(folder.file(name), "mine");
  ASSERT_TRUE(replace_file(folder.file("r.json"), "new"));
  EXPECT_EQ(names_with(folder.path(), ".tmp"), others);
}

TEST(ReplaceFile, RefusesWhenAnotherVersionIsInPlace) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "old");
  ReplaceOptions options;
  options.expected_hash = sha256_hex("older");
  const auto replaced = replace_file(folder.file("r.json"), "new", options);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kConflict);
  EXPECT_EQ(bytes_of(folder.file("r.json")), "old");
}

TEST(ReplaceFile, TellsAnAbsentFileFromAnEmptyObject) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "{}");
  ReplaceOptions options;
  options.expected_hash = kAbsent;
  const auto replaced = replace_file(folder.file("r.json"), "new", options);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kConflict);
}

TEST(ReplaceFile, KeepsTheOldBytesWhenTheHookBeforeTheRenameFails) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "old");
  ReplaceOptions options;
  options.before_rename = [](const std::string&) -> Result<void> {
    return fail(ErrorCode::kIoError, "no journal");
  };
  const auto replaced = replace_file(folder.file("r.json"), "new", options);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().message, "no journal");
  EXPECT_EQ(bytes_of(folder.file("r.json")), "old");
  EXPECT_EQ(names_with(folder.path(), ".tmp"), std::vector<std::string>{});
}

TEST(ReplaceFile, TellsTheHookTheOldHashWhileTheOldBytesAreStillInPlace) {
  const TempFolder folder;
  write_bytes(folder.file("r.json"), "old");
  std::string seen_hash;
  std::string seen_bytes;
  ReplaceOptions options;
  options.before_rename = [&](const std::string& old_hash) -> Result<void> {
    seen_hash = old_hash;
    seen_bytes = bytes_of(folder.file("r.json"));
    return {};
  };
  ASSERT_TRUE(replace_file(folder.file("r.json"), "new", options));
  EXPECT_EQ(seen_hash, sha256_hex("old"));
  EXPECT_EQ(seen_bytes, "old");
}

TEST(FileLock, GivesUpAtTheLimitAndNamesTheHolder) {
  const TempFolder folder;
  const auto held = FileLock::acquire(folder.file("r.json"));
  ASSERT_TRUE(held);
  const auto second = FileLock::acquire(folder.file("r.json"), std::chrono::milliseconds(20));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kLocked);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
}

TEST(FileLock, LeavesItsFileEmptySoThatEqualRunsLeaveEqualFolders) {
  const TempFolder folder;
  ASSERT_TRUE(FileLock::acquire(folder.file("r.json")));
  EXPECT_EQ(bytes_of(folder.file(".r.json.lock")), "");
}

TEST(FileLock, IsFreeAgainOnceItsHolderHasDied) {
  const TempFolder folder;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto lock = FileLock::acquire(folder.file("r.json"));
    ::_exit(lock ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(FileLock::acquire(folder.file("r.json"), std::chrono::milliseconds(0)));
}

TEST(FileLock, ExcludesTheThreadsOfOneProcess) {
  const TempFolder folder;
  std::atomic<int> shared{0};  // read and written in two steps; a thread sanitizer knows nothing of flock
  std::atomic<bool> failed{false};
  const auto count = [&] {
    for (int i = 0; i < 50; ++i) {
      const auto lock = FileLock::acquire(folder.file("r.json"));
      if (!lock) failed = true;
      const int seen = shared;
      std::this_thread::yield();
      shared = seen + 1;
    }
  };
  std::thread first(count);
  std::thread second(count);
  first.join();
  second.join();
  EXPECT_FALSE(failed);
  EXPECT_EQ(shared, 100);
}

TEST(ReplaceFile, RefusesASymbolicLinkWhereThatIsAskedFor) {
  const TempFolder folder;
  write_bytes(folder.file("real"), "old");
  std::filesystem::create_symlink("real", folder.file("r.json"));
  ReplaceOptions options;
  options.refuse_link = true;
  const auto replaced = replace_file(folder.file("r.json"), "new", options);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(bytes_of(folder.file("real")), "old");
}

TEST(ReplaceFile, RefusesToWriteWhatCouldNotBeReadAgain) {
  const TempFolder folder;
  write_bytes(folder.file("f"), "old");
  const auto replaced = replace_file(folder.file("f"), std::string(kFileBytesMax + 1, 'x'));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(bytes_of(folder.file("f")), "old");
}

}  // namespace
}  // namespace soak::base

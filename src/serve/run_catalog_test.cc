#include "serve/run_catalog.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <climits>
#include <filesystem>
#include <thread>

#include "base/descriptor.h"
#include "base/testing.h"

namespace soak::serve {
namespace {

namespace fs = std::filesystem;

class RunCatalogTest : public ::testing::Test {
 protected:
  void add_run(const std::string& name) {
    fs::create_directories(folder_.file(name));
    base::write_bytes(folder_.file(name) + "/journal.jsonl", "x");
  }
  void add_old_run(const std::string& name) {
    fs::create_directories(folder_.file(name));
    base::write_bytes(folder_.file(name) + "/ITER_SUMMARY_1.json", "{}");
  }
  // id → folder below the root.
  static std::map<std::string, std::string> found(const RunCatalog& catalog, const std::string& root) {
    std::map<std::string, std::string> runs;
    for (const auto& [id, run] : catalog.runs())
      runs[id] = run.folder == root ? "" : run.folder.substr(root.size() + 1);
    return runs;
  }
  std::map<std::string, std::string> scan(const std::string& path) {
    auto catalog = RunCatalog::create(path);
    EXPECT_TRUE(catalog);
    catalog->rescan();
    return found(*catalog, path);
  }
  using Runs = std::map<std::string, std::string>;

  base::TempFolder folder_;
};

TEST_F(RunCatalogTest, FindsRunsDownToTheThirdFolder) {
  add_run("a");
  add_run("runs/b");
  add_old_run("x/y/c");
  add_run("x/y/z/deep");
  add_run(".hidden");
  fs::create_directories(folder_.file("runs/none"));
  EXPECT_EQ(scan(folder_.path()), (Runs{{"a", "a"}, {"b", "runs/b"}, {"c", "x/y/c"}}));
}

TEST_F(RunCatalogTest, LinksAreNotFollowedButThePathItselfMayBeOne) {
  add_run("runs/b");
  fs::create_directory_symlink("runs/b", folder_.file("latest"));
  fs::create_directory_symlink(".", folder_.file("loop"));
  EXPECT_EQ(scan(folder_.path()), (Runs{{"b", "runs/b"}}));
  EXPECT_EQ(scan(folder_.file("latest")), (Runs{{"b", ""}}));
}

TEST_F(RunCatalogTest, IdsAreSafeInAnAddressAndUnique) {
  add_run("a/run 1");
  add_run("b/run-1");
  add_run("c/hidden?");
  add_run("d/\xc3\xa9");
  EXPECT_EQ(
      scan(folder_.path()),
      (Runs{{"run-1", "a/run 1"}, {"run-1-2", "b/run-1"}, {"hidden-", "c/hidden?"}, {"--", "d/\xc3\xa9"}}));
}

TEST_F(RunCatalogTest, WhatCameAndWentIsSeenAtMostASecondLater) {
  add_run("runs/b");
  auto catalog = RunCatalog::create(folder_.path());
  ASSERT_TRUE(catalog);
  EXPECT_TRUE(catalog->rescan());
  add_run("runs/c");
  fs::remove_all(folder_.file("runs/b"));
  EXPECT_FALSE(catalog->rescan());
  std::this_thread::sleep_for(std::chrono::milliseconds(1'010));
  EXPECT_TRUE(catalog->rescan());
  EXPECT_EQ(found(*catalog, folder_.path()), (Runs{{"c", "runs/c"}}));
}

TEST_F(RunCatalogTest, LockedJournalIsOneThatIsBeingWritten) {
  add_run("a");
  add_old_run("b");
  EXPECT_EQ(look_at(folder_.file("a"), HeldLocks::now()).state, RunState::kEnded);
  EXPECT_EQ(look_at(folder_.file("b"), HeldLocks::now()).state, RunState::kForeign);
  EXPECT_FALSE(look_at(folder_.file("nowhere"), HeldLocks::now()).exists);
  const base::Descriptor writer(::open((folder_.file("a") + "/journal.jsonl").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(writer.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(look_at(folder_.file("a"), HeldLocks::now()).state, RunState::kRunning);
}

TEST_F(RunCatalogTest, FolderThatCannotBeLookedIntoIsToldAndTheOthersAreFound) {
  // Deeper than a path may be long: the superuser cannot look into it by its name either.
  std::string path = folder_.path();
  const std::string part(200, 'x');
  while (path.size() + 300 < PATH_MAX) fs::create_directory(path += "/" + part);
  fs::create_directories(path + "/runs");
  base::write_bytes(path + "/runs/journal.jsonl", "");
  const base::Descriptor parent(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::mkdirat(parent.get(), std::string(250, 'y').c_str(), 0755), 0);
  const base::Descriptor deep(
      ::openat(parent.get(), std::string(250, 'y').c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::mkdirat(deep.get(), part.c_str(), 0755), 0);
  auto catalog = RunCatalog::create(path);
  ASSERT_TRUE(catalog);
  catalog->rescan();
  EXPECT_EQ(catalog->runs().size(), 1U);
  ASSERT_EQ(catalog->problems().size(), 1U);
  EXPECT_NE(to_line(catalog->problems()[0]).find("File name too long"), std::string::npos);
  ASSERT_EQ(::unlinkat(deep.get(), part.c_str(), AT_REMOVEDIR), 0);
}

TEST_F(RunCatalogTest, PathMustBeAFolder) {
  EXPECT_EQ(RunCatalog::create(folder_.file("nowhere")).error().code, ErrorCode::kNotFound);
  base::write_bytes(folder_.file("file"), "");
  EXPECT_EQ(RunCatalog::create(folder_.file("file")).error().code, ErrorCode::kNotAFile);
}

}  // namespace
}  // namespace soak::serve

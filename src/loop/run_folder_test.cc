#include "loop/run_folder.h"

#include <gmock/gmock.h>

#include "base/testing.h"
#include "loop/loop_fixture.h"

namespace soak::loop {
namespace {

using ::testing::HasSubstr;

class RunFolder : public LoopTest {
 protected:
  Result<void> prepare(FolderUse use) { return prepare_run_folder(folder_, use, plan_.start_runtime); }
  void put(const std::string& name, const std::string& bytes) {
    base::write_bytes(folder_ + "/" + name, bytes);
  }
};

TEST_F(RunFolder, IsCreatedWithItsParents) {
  folder_ = root_ + "/a/b/c";
  ASSERT_TRUE(prepare(FolderUse::kFresh));
  EXPECT_TRUE(base::is_folder(folder_));
}

TEST_F(RunFolder, ThatHoldsARunIsRefusedAndTheWaysOutAreNamed) {
  ASSERT_TRUE(run());
  const auto before = files();
  const auto refused = prepare(FolderUse::kFresh);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kAlreadyExists);
  EXPECT_THAT(refused.error().message, HasSubstr("--resume"));
  EXPECT_THAT(refused.error().message, HasSubstr("--overwrite"));
  EXPECT_EQ(files(), before);
}

TEST_F(RunFolder, ThatHoldsARunIsResumed) {
  ASSERT_TRUE(run());
  EXPECT_TRUE(prepare(FolderUse::kResume));
}

TEST_F(RunFolder, OverwriteRemovesTheRunAndNothingElse) {
  ASSERT_TRUE(run());
  put("notes.txt", "mine");
  put("ITER_SUMMARY_x.json", "mine too");
  ASSERT_TRUE(prepare(FolderUse::kOverwrite));
  const std::map<std::string, std::string> left = {{"notes.txt", "mine"},
                                                   {"ITER_SUMMARY_x.json", "mine too"}};
  EXPECT_EQ(files(), left);
}

TEST_F(RunFolder, WithArtifactsButNoJournalIsNotResumed) {
  put("ITER_SUMMARY_1.json", "{}");
  for (const FolderUse use : {FolderUse::kFresh, FolderUse::kResume}) {
    const auto refused = prepare(use);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kAlreadyExists);
    EXPECT_THAT(refused.error().message, HasSubstr("ITER_SUMMARY_1.json"));
  }
}

TEST_F(RunFolder, RuntimeFileOfTheUsersIsNotReplaced) {
  put(journal::kRuntimeName, "{\"engine\":{\"min_interval_ms\":1}}");
  ASSERT_FALSE(prepare(FolderUse::kFresh));
  put(journal::kRuntimeName, canonical_json(plan_.start_runtime));
  EXPECT_TRUE(prepare(FolderUse::kFresh));
}

TEST_F(RunFolder, TempsOfAKilledRunAreRemovedAndOthersKept) {
  put("ITER_SUMMARY_3.json.tmp0123456789abcdef", "half");
  put(".runtime_overrides.json.tmp-0123456789abcdef", "half");
  put("ITER_SUMMARY_3.json.tmp0123", "not ours");
  put("other.json.tmp0123456789abcdef", "not ours");
  ASSERT_TRUE(prepare(FolderUse::kResume));
  EXPECT_THAT(files(),
              ::testing::UnorderedElementsAre(::testing::Pair("ITER_SUMMARY_3.json.tmp0123", "not ours"),
                                              ::testing::Pair("other.json.tmp0123456789abcdef", "not ours")));
}

TEST_F(RunFolder, OfARunUnderWayIsLocked) {
  RunTools looking = tools();
  std::optional<ErrorCode> seen;
  looking.on_iteration = [&](const journal::IterationRecord&) {
    const auto refused = prepare(FolderUse::kOverwrite);
    if (!refused) seen = refused.error().code;
  };
  ASSERT_TRUE(run_soak(plan_, looking));
  EXPECT_EQ(seen, ErrorCode::kLocked);
}

TEST_F(RunFolder, FileWhereAFolderBelongsIsNamed) {
  put("file", "");
  folder_ += "/file";
  const auto refused = prepare(FolderUse::kFresh);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotAFile);
  EXPECT_EQ(refused.error().file, folder_);
}

TEST_F(RunFolder, LatestPointsAtTheNewestRun) {
  ASSERT_TRUE(point_latest_at(root_, "first"));
  ASSERT_TRUE(point_latest_at(root_, "second"));
  EXPECT_EQ(std::filesystem::read_symlink(root_ + "/latest"), "runs/second");
}

TEST_F(RunFolder, LatestThatIsAFolderIsLeftAlone) {
  ASSERT_TRUE(base::make_folders(root_ + "/latest"));
  const auto refused = point_latest_at(root_, "first");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotAFile);
}

TEST_F(RunFolder, LinkOfAKilledRunIsRemoved) {
  std::filesystem::create_symlink("runs/gone", root_ + "/.latest.tmp-0123456789abcdef");
  std::filesystem::create_symlink("runs/gone", root_ + "/.latest.tmp-mine");
  put("../.latest.tmp-fedcba9876543210", "a file, and no link of ours");
  ASSERT_TRUE(point_latest_at(root_, "first"));
  EXPECT_FALSE(base::file_exists(root_ + "/.latest.tmp-0123456789abcdef"));
  EXPECT_TRUE(base::is_link(root_ + "/.latest.tmp-mine"));
  EXPECT_TRUE(base::file_exists(root_ + "/.latest.tmp-fedcba9876543210"));
}

TEST_F(RunFolder, RuntimeFileThatIsALinkIsRefused) {
  put("../victim", canonical_json(plan_.start_runtime));
  std::filesystem::create_symlink("../victim", runtime_path());
  for (const FolderUse use : {FolderUse::kFresh, FolderUse::kResume}) {
    const auto refused = prepare(use);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kNotAFile);
    EXPECT_EQ(refused.error().file, runtime_path());
  }
  ASSERT_TRUE(prepare(FolderUse::kOverwrite));
  EXPECT_FALSE(base::is_link(runtime_path()));
  EXPECT_TRUE(base::file_exists(root_ + "/victim"));
}

TEST_F(RunFolder, ReportsBehindALinkAreNotRemoved) {
  ASSERT_TRUE(base::make_folders(root_ + "/theirs"));
  put("../theirs/report-1.json", "theirs");
  std::filesystem::create_symlink("../theirs", folder_ + "/target");
  EXPECT_FALSE(prepare(FolderUse::kOverwrite));
  EXPECT_TRUE(base::file_exists(root_ + "/theirs/report-1.json"));
}

}  // namespace
}  // namespace soak::loop

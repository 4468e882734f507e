// What soak fsck finds wrong in a run's folder, and what it mends.

#include "loop/fsck.h"

#include <gmock/gmock.h>

#include "loop/loop_fixture.h"

namespace soak::loop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FsckTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    ASSERT_TRUE(run());
    whole_ = files();
  }
  // "FILE: problem", of every finding.
  std::vector<std::string> findings(bool repair = false) {
    const auto result = fsck(folder_, repair);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    std::vector<std::string> lines;
    if (!result) return lines;
    sound_ = result->sound();
    for (const Finding& finding : result->findings) lines.push_back(finding.file + ": " + finding.problem);
    return lines;
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void put(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(base::write_file_atomic_not_durable(path(name), bytes));
  }
  void expect_mended() {
    EXPECT_FALSE(findings(true).empty());
    EXPECT_TRUE(sound_);
    EXPECT_THAT(findings(), IsEmpty());
    EXPECT_EQ(files(), whole_);
  }

  std::map<std::string, std::string> whole_;
  bool sound_ = false;
};

TEST_F(FsckTest, FindsNothingInARunThatEndedWellAndChangesNothing) {
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_TRUE(sound_);
  EXPECT_THAT(findings(true), IsEmpty());
  EXPECT_EQ(files(), whole_);
}
TEST_F(FsckTest, CountsWhatTheJournalHolds) {
  const auto result = fsck(folder_, false);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->iterations, 6);
  EXPECT_EQ(result->planned, 6);
  EXPECT_EQ(result->records, static_cast<std::int64_t>(journal_types().size()));
}
TEST_F(FsckTest, EveryArtifactThatIsGoneTornOrChangedIsFoundAndRebuiltToTheByte) {
  for (const auto& [name, bytes] : whole_) {
    if (!name.ends_with(".json") || name == journal::kRuntimeName) continue;
    std::filesystem::remove(path(name));
    EXPECT_THAT(findings(), ElementsAre(name + ": is missing"));
    EXPECT_FALSE(sound_);
    expect_mended();
    put(name, bytes.substr(0, bytes.size() / 2));
    EXPECT_THAT(findings(), ElementsAre(name + ": is not what the journal says"));
    expect_mended();
    std::string changed = bytes;
    changed[bytes.find_first_of("0123456789")] ^= 1;
    put(name, changed);
    EXPECT_THAT(findings(), ElementsAre(name + ": is not what the journal says"));
    expect_mended();
  }
}
TEST_F(FsckTest, SummaryUnderANameThatNoRunWritesIsNamedAndLeftAlone) {
  const std::string name = "ITER_SUMMARY_02.json";
  put(name, whole_["ITER_SUMMARY_2.json"]);
  EXPECT_THAT(findings(true), ElementsAre(HasSubstr(name + ": is a name that no run writes")));
  EXPECT_FALSE(sound_);
  EXPECT_TRUE(files().contains(name));
}
TEST_F(FsckTest, LinkInTheFolderIsNoArtifactWhateverItLeadsTo) {
  for (const char* name : {"ITER_SUMMARY_2.json", journal::kKpiGateName, journal::kTuningReportName}) {
    const std::string elsewhere = root_ + "/elsewhere";
    std::filesystem::rename(path(name), elsewhere);
    std::filesystem::create_symlink(elsewhere, path(name));
    EXPECT_THAT(findings(), ElementsAre(name + std::string(": is not what the journal says")));
    expect_mended();
    EXPECT_FALSE(std::filesystem::is_symlink(path(name)));
  }
}
TEST_F(FsckTest, TornTailOfTheJournalIsCut) {
  const std::string journal = whole_[journal::kJournalName];
  put(journal::kJournalName, journal + "{\"crc\":\"0000");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("ends in a record that is only half there")));
  expect_mended();
}
TEST_F(FsckTest, DamageWithinTheJournalIsNamedWithItsLineAndNeverRepaired) {
  std::string journal = whole_[journal::kJournalName];
  journal[journal.find('\n') + 40] ^= 1;
  put(journal::kJournalName, journal);
  const auto before = files();
  EXPECT_THAT(findings(true), ElementsAre(HasSubstr("line 2")));
  EXPECT_FALSE(sound_);
  EXPECT_EQ(files(), before);
}
TEST_F(FsckTest, RuntimeFileOfAnotherHandIsNamedAndLeftAlone) {
  write_runtime({{"engine", {{"min_interval_ms", 7}}}});
  const auto before = files();
  EXPECT_THAT(findings(true), ElementsAre(HasSubstr("runtime_overrides.json: was changed by another hand")));
  EXPECT_FALSE(sound_);
  EXPECT_EQ(files(), before);
}
TEST_F(FsckTest, RuntimeFileThatIsGoneIsWrittenAnew) {
  std::filesystem::remove(runtime_path());
  EXPECT_THAT(findings(), ElementsAre("runtime_overrides.json: is missing"));
  expect_mended();
}
TEST_F(FsckTest, SummaryOfAnIterationThatNeverWasIsNamedAndLeftAlone) {
  put("ITER_SUMMARY_7.json", whole_["ITER_SUMMARY_6.json"]);
  EXPECT_THAT(findings(true), ElementsAre(HasSubstr("ITER_SUMMARY_7.json: speaks of an iteration")));
  EXPECT_FALSE(sound_);
  EXPECT_TRUE(base::file_exists(path("ITER_SUMMARY_7.json")));
}
TEST_F(FsckTest, TempsOfAKilledRunAreRemovedAndOthersKept) {
  put("ITER_SUMMARY_3.json.tmp0123456789abcdef", "half");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("is what a killed run left")));
  expect_mended();
  put("notes.txt", "mine");
  EXPECT_THAT(findings(true), IsEmpty());
  EXPECT_TRUE(base::file_exists(path("notes.txt")));
}
TEST_F(FsckTest, RunUnderWayIsSaidAndNotRepaired) {
  auto journal = journal::Journal::open(path(journal::kJournalName),
                                        [](const journal::Record&) -> Result<void> { return {}; });
  ASSERT_TRUE(journal);
  EXPECT_TRUE(fsck(folder_, false)->running);
  const auto refused = fsck(folder_, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLocked);
}
TEST_F(FsckTest, FolderWithoutAnythingOfARunIsAnError) {
  ASSERT_TRUE(base::make_folders(root_ + "/empty"));
  for (const char* name : {"/empty", "/none"}) {
    const auto refused = fsck(root_ + name, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  }
}

// A run killed at any step leaves nothing that is not mended, and mended it resumes to the same bytes.
TEST_F(FsckTest, WhatARunKilledAtAnyStepLeftIsMendedAndResumesToTheSameBytes) {
  for (int step = 2;; ++step) {
    const std::string name = "killed" + std::to_string(step);
    use_folder(name);
    const auto killed = run_failing_at_step(step);
    if (killed) break;
    if (!base::file_exists(path(journal::kJournalName))) continue;
    const auto mended = fsck(folder_, true);
    ASSERT_TRUE(mended) << "step " << step << ": " << mended.error().message;
    if (mended->records == 0) continue;
    EXPECT_TRUE(mended->sound()) << "step " << step << ": " << to_json(*mended).dump();
    use_folder(name);
    ASSERT_TRUE(run()) << "step " << step;
    ASSERT_EQ(files(), whole_) << "step " << step;
  }
}

}  // namespace
}  // namespace soak::loop

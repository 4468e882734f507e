// Which ITER_SUMMARY files stay as a run grows.

#include <gmock/gmock.h>

#include <cstdint>

#include "journal/artifacts.h"
#include "loop/fsck.h"
#include "loop/loop_fixture.h"

namespace soak::loop {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Retention : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    plan_.summaries_kept = 2;
    plan_.header.options["keep_summaries"] = 2;
  }
  std::vector<std::int64_t> summaries() {
    std::vector<std::int64_t> found;
    for (const auto& [name, bytes] : files()) {
      if (const auto iteration = summary_iteration(name)) found.push_back(*iteration);
    }
    return found;
  }
  std::vector<std::string> findings(bool repair) {
    std::vector<std::string> lines;
    const auto result = fsck(folder_, repair);
    for (const Finding& finding : result->findings) lines.push_back(finding.file + ": " + finding.problem);
    return lines;
  }
  // As a kill between the newest summary's writing and the oldest one's removal leaves it.
  void put_summary_back(std::int64_t iteration) {
    ASSERT_TRUE(journal::each_iteration(folder_, [&](const journal::IterationRecord& record) {
      return record.iteration == iteration ? journal::write_iteration_summary(folder_, record)
                                           : Result<void>();
    }));
  }
};

TEST_F(Retention, KeepsTheSummariesOfTheNewestIterationsAndTheWholeJournal) {
  ASSERT_TRUE(run());
  EXPECT_THAT(summaries(), ElementsAre(5, 6));
  const auto read = journal::read_run(folder_, Registry::builtin());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->iterations.size(), 6U);
  EXPECT_THAT(read->gaps, IsEmpty());
  EXPECT_THAT(read->notes, Contains(HasSubstr("kept of the 2 newest iterations")));
  EXPECT_THAT(read->notes, Not(Contains(HasSubstr("is missing"))));
}

TEST_F(Retention, ASummaryThatIsGoneThoughItShouldBeKeptIsStillSaid) {
  ASSERT_TRUE(run());
  std::filesystem::remove(folder_ + "/ITER_SUMMARY_5.json");
  const auto read = journal::read_run(folder_, Registry::builtin());
  ASSERT_TRUE(read);
  EXPECT_THAT(read->notes, Contains(HasSubstr("ITER_SUMMARY of iteration 5 is missing")));
}

TEST_F(Retention, SummaryThatTheRunRemovesWhileItIsReadIsTakenFromTheJournal) {
  ASSERT_TRUE(run());
  // Listed, and gone when it is opened.
  std::filesystem::create_symlink("gone", folder_ + "/ITER_SUMMARY_4.json");
  const auto read = journal::read_run(folder_, Registry::builtin());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->iterations.size(), 6U);
}

TEST_F(Retention, NumberInAHeaderThatNoRunWritesIsNotTrusted) {
  for (const Json& forged : {Json(0), Json(-5), Json(INT64_MIN), Json(UINT64_MAX), Json(1e9), Json("2")})
    EXPECT_EQ(journal::summaries_kept({{"keep_summaries", forged}}), journal::kSummariesKept) << forged;
  EXPECT_EQ(journal::summaries_kept({{"keep_summaries", 2}}), 2);
}

TEST_F(Retention, ReportThatIsTooLargeToBeReadGivesWayToTheJournal) {
  ASSERT_TRUE(run());
  std::filesystem::resize_file(folder_ + "/TUNING_REPORT.json", journal::kTuningReportBytesMax + 1);
  const auto read = journal::read_run(folder_, Registry::builtin());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->notes, Contains(HasSubstr("TUNING_REPORT.json is too large to be read")));
  EXPECT_EQ(read->iterations.size(), 6U);
}

TEST_F(Retention, RunKilledBeforeAnyStepAndResumedLeavesTheSameBytes) {
  use_folder("uninterrupted");
  ASSERT_TRUE(run());
  const auto expected = files();
  for (int step = 1;; ++step) {
    use_folder("killed-" + std::to_string(step));
    if (run_failing_at_step(step)) break;
    ASSERT_TRUE(prepare_run_folder(folder_, FolderUse::kResume, plan_.start_runtime));
    target_ = std::make_unique<HonestTarget>();
    ASSERT_TRUE(run());
    ASSERT_EQ(files(), expected) << "killed before step " << step;
  }
}

TEST_F(Retention, ResumeRemovesASummaryThatAKillLeftOver) {
  ASSERT_TRUE(run());
  put_summary_back(4);
  EXPECT_THAT(summaries(), ElementsAre(4, 5, 6));
  target_ = std::make_unique<HonestTarget>();
  ASSERT_TRUE(run());
  EXPECT_THAT(summaries(), ElementsAre(5, 6));
}

TEST_F(Retention, FsckMissesNoSummaryThatIsNoLongerKeptAndRemovesOneLeftOver) {
  ASSERT_TRUE(run());
  const auto whole = files();
  EXPECT_THAT(findings(false), IsEmpty());
  put_summary_back(4);
  EXPECT_THAT(findings(true), ElementsAre("ITER_SUMMARY_4.json: is not among the 2 newest, which are kept"));
  EXPECT_EQ(files(), whole);
}

}  // namespace
}  // namespace soak::loop

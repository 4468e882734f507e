#include <gmock/gmock.h>

#include "journal/record_json.h"
#include "loop/loop_fixture.h"
#include "loop/run.h"

namespace soak::loop {
namespace {

using ::testing::HasSubstr;

class ResumeTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    tuner_.plan[5] = {{"min_interval_ms", 100}};  // held: oscillation
    target_->steady_from = 5;
  }
  std::map<std::string, std::string> uninterrupted() {
    use_folder("uninterrupted");
    EXPECT_TRUE(run());
    return files();
  }
  void resume() {
    ASSERT_TRUE(prepare_run_folder(folder_, FolderUse::kResume, plan_.start_runtime));
    target_ = std::make_unique<HonestTarget>();
    const auto outcome = run();
    ASSERT_TRUE(outcome) << outcome.error().file << ": " << outcome.error().message;
    ASSERT_EQ(outcome->iterations, plan_.header.iterations);
  }
};

TEST_F(ResumeTest, KilledBeforeAnyStepAndResumedLeavesTheSameBytes) {
  const auto expected = uninterrupted();
  for (int step = 1;; ++step) {
    use_folder("killed-" + std::to_string(step));
    if (run_failing_at_step(step)) {
      EXPECT_GT(step, 50);  // the run has that many steps that leave a trace, or the test kills nothing
      break;
    }
    resume();
    ASSERT_EQ(files(), expected) << "killed before step " << step;
  }
}

TEST_F(ResumeTest, KilledTwiceInARowLeavesTheSameBytes) {
  const auto expected = uninterrupted();
  for (int step = 1; step <= 50; ++step) {
    use_folder("killed-" + std::to_string(step));
    ASSERT_FALSE(run_failing_at_step(step));
    static_cast<void>(run_failing_at_step(3));
    resume();
    ASSERT_EQ(files(), expected) << "killed before step " << step << ", then before step 3";
  }
}

TEST_F(ResumeTest, TornLastRecordIsWrittenAnew) {
  const auto expected = uninterrupted();
  for (std::size_t torn = 1; torn < 120; torn += 7) {
    use_folder("torn-" + std::to_string(torn));
    ASSERT_FALSE(run_failing_at_step(34));
    const std::string path = folder_ + "/" + journal::kJournalName;
    const auto next = expected.at(journal::kJournalName).substr(std::filesystem::file_size(path), torn);
    std::FILE* file = std::fopen(path.c_str(), "ab");
    std::fwrite(next.data(), 1, next.size(), file);
    std::fclose(file);
    resume();
    ASSERT_EQ(files(), expected) << torn;
  }
}

TEST_F(ResumeTest, InterruptedRunGoesOnWhereItStopped) {
  const auto expected = uninterrupted();
  use_folder("interrupted");
  volatile std::sig_atomic_t stop = 0;
  RunTools stopping = tools();
  stopping.stop = &stop;
  stopping.on_iteration = [&](const journal::IterationRecord& record) {
    stop = record.iteration == 3 ? 1 : 0;
  };
  ASSERT_TRUE(run_soak(plan_, stopping));
  resume();
  EXPECT_EQ(target_->requests.size(), 3U);
  EXPECT_EQ(files(), expected);
}

TEST_F(ResumeTest, FinishedRunIsLeftAsItIs) {
  ASSERT_TRUE(run());
  const auto before = files();
  const auto times = std::filesystem::last_write_time(folder_ + "/" + journal::kJournalName);
  resume();
  EXPECT_EQ(files(), before);
  EXPECT_EQ(target_->starts, 0);
  EXPECT_EQ(std::filesystem::last_write_time(folder_ + "/" + journal::kJournalName), times);
}

TEST_F(ResumeTest, LostArtifactsAreRebuiltFromTheJournal) {
  ASSERT_TRUE(run());
  const auto before = files();
  for (const auto& [name, bytes] : before) {
    if (name != journal::kJournalName && name != journal::kRuntimeName)
      std::filesystem::remove(folder_ + "/" + name);
  }
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(files(), before);
}

TEST_F(ResumeTest, OtherOptionsAreRefusedByName) {
  ASSERT_TRUE(run());
  const auto before = files();
  plan_.header.options["seed"] = 2;
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(outcome.error().message, HasSubstr("seed = 1, not 2"));
  EXPECT_EQ(files(), before);
}

// The step at which an apply's rename has been made and its outcome is not yet journaled.
int step_of(const std::function<Result<RunOutcome>(int)>& run_to, const std::string& name,
            const std::function<void()>& reset) {
  for (int step = 1; step < 200; ++step) {
    reset();
    const auto outcome = run_to(step);
    if (!outcome && outcome.error().message == "killed before " + name) return step;
  }
  return 0;
}

TEST_F(ResumeTest, ForeignFileAtAnOpenIntentIsSaidAndNotOverwritten) {
  const int step = step_of([&](int at) { return run_failing_at_step(at); }, "apply_outcome",
                           [&, n = 0]() mutable { use_folder("open-" + std::to_string(++n)); });
  ASSERT_GT(step, 0);
  const Json foreign = {{"engine", {{"min_interval_ms", 55}}}};
  write_runtime(foreign);
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kConflict);
  EXPECT_THAT(outcome.error().message, HasSubstr("foreign edit"));
  EXPECT_EQ(artifact(journal::kRuntimeName), foreign);
}

TEST_F(ResumeTest, EditWhileTheRunWasDownIsAFaultLikeAnyOther) {
  ASSERT_FALSE(run_failing_at_step(48));
  const auto types = journal_types();
  write_runtime({{"engine", {{"min_interval_ms", 118}, {"tail_age_ms", 400}}}});
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_GE(outcome->faults, 1);
}

TEST_F(ResumeTest, ForeignEditsAreReplayedFromTheJournal) {
  const auto editing_run = [&](int fail_at) {
    RunTools editing = tools();
    target_->before_report = [&](const target::IterationRequest& request) {
      const auto now = read_json_with_hash(runtime_path());
      if (request.iteration == 2 && now->value["engine"]["min_interval_ms"] == 110)
        write_runtime({{"engine", {{"min_interval_ms", 112}, {"tail_age_ms", 400}}}});
    };
    editing.before_step = [fail_at, count = 0](std::string_view) mutable -> Result<void> {
      return ++count == fail_at ? fail(ErrorCode::kIoError, "killed") : Result<void>();
    };
    return run_soak(plan_, editing);
  };
  use_folder("uninterrupted");
  ASSERT_TRUE(editing_run(0));
  const auto expected = files();
  ASSERT_THAT(journal_types(), ::testing::Contains("foreign_edit"));
  int compared = 0;
  for (int step = 1;; ++step) {
    use_folder("edited-" + std::to_string(step));
    if (editing_run(step)) break;
    // Killed while the edit was made but not yet noticed: what the file holds at the start is then the edit
    // of the next attempt.
    const auto types = journal_types();
    if (std::find(types.begin(), types.end(), "foreign_edit") == types.end()) continue;
    resume();
    ASSERT_EQ(files(), expected) << step;
    ++compared;
  }
  EXPECT_GT(compared, 20);
}

TEST_F(ResumeTest, JournalWhoseProposalDoesNotLeadToItsRuntimeIsCorrupt) {
  ASSERT_FALSE(run_failing_at_step(30));
  auto reader = journal::JournalReader::open(folder_ + "/" + journal::kJournalName);
  std::string text;
  std::int64_t sequence = 0;
  for (auto record = reader->next(); *record; record = reader->next()) {
    if ((*record)->type == journal::RecordType::kIteration && (*record)->body["tuning"]["applied"] == true) {
      (*record)->body["tuning"]["proposed_deltas"]["min_interval_ms"] = 111;
    }
    text += journal::encode_record(++sequence, (*record)->type, (*record)->body);
  }
  ASSERT_TRUE(base::write_file_atomic_not_durable(folder_ + "/" + journal::kJournalName, text));
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace soak::loop

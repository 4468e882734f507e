#include "loop/run.h"

#include <gmock/gmock.h>

#include <csignal>

#include "loop/loop_fixture.h"

namespace soak::loop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- the order of things ----

TEST_F(LoopTest, RecordsComeInTheOrderThatMakesThemProvable) {
  plan_.header.iterations = 2;
  ASSERT_TRUE(run());
  EXPECT_THAT(journal_types(),
              ElementsAre("run_header", "report", "report", "observed", "apply_intent", "apply_outcome",
                          "iteration", "report", "report", "observed", "iteration"));
}

TEST_F(LoopTest, IntentIsDurableBeforeTheRenameAndOutcomeComesAfter) {
  RunTools watching = tools();
  std::vector<std::string> seen;
  watching.before_step = [&](std::string_view step) -> Result<void> {
    const bool in_place = read_json_with_hash(runtime_path()) &&
                          artifact(journal::kRuntimeName)["engine"]["min_interval_ms"] == 110;
    if (step == "rename") seen.push_back(std::string(journal_types().back()) + (in_place ? " new" : " old"));
    if (step == "apply_outcome")
      seen.push_back(std::string(journal_types().back()) + (in_place ? " new" : " old"));
    return {};
  };
  plan_.header.iterations = 2;
  ASSERT_TRUE(run_soak(plan_, watching));
  EXPECT_THAT(seen, ElementsAre("apply_intent old", "apply_intent new"));
}

TEST_F(LoopTest, NothingIsProposedAfterTheLastIteration) {
  tuner_.plan[6] = {{"min_interval_ms", 500}};
  ASSERT_TRUE(run());
  EXPECT_THAT(tuner_.asked, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(summary(6)["tuning"]["proposed_deltas"], Json::object());
  EXPECT_FALSE(summary(6)["tuning"]["freeze_triggered"].get<bool>());
}

TEST_F(LoopTest, AppliedValuesAreInEffectInTheNextIteration) {
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(summary(1)["runtime_overrides"]["engine"]["min_interval_ms"], 100);
  EXPECT_EQ(summary(2)["runtime_overrides"]["engine"]["min_interval_ms"], 110);
  EXPECT_EQ(summary(1)["tuning"]["state_hash"], summary(2)["target"]["effective_hash"]);
  EXPECT_NE(summary(1)["summary"]["state_hash"], summary(2)["summary"]["state_hash"]);
  EXPECT_EQ(artifact(journal::kRuntimeName)["mine"]["kept"], true);
  EXPECT_EQ(outcome->faults, 0);
}

TEST_F(LoopTest, IterationsFollowEachOtherOnTheRunsClock) {
  ASSERT_TRUE(run());
  EXPECT_EQ(summary(1)["summary"]["runtime_utc"], "2026-01-01T00:05:00Z");
  EXPECT_EQ(summary(6)["summary"]["runtime_utc"], "2026-01-01T00:30:00Z");
  EXPECT_EQ(target_->requests[5].start, base::kMockEpoch + std::chrono::minutes(25));
}

// ---- what became of a proposal ----

TEST_F(LoopTest, ProposalOfValuesInPlaceIsANoOpWithItsReason) {
  ASSERT_TRUE(run());
  const Json tuning = summary(4)["tuning"];
  EXPECT_FALSE(tuning["applied"].get<bool>());
  EXPECT_TRUE(tuning["skip_reason"]["no_op"].get<bool>());
  EXPECT_EQ(tuning["skip_reason"]["note"], "no effective change");
}

TEST_F(LoopTest, LargeChangeCoolsDownTheNextProposal) {
  tuner_.plan = {{1, {{"min_interval_ms", 125}}}, {2, {{"min_interval_ms", 130}}}};
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary(1)["tuning"]["applied"].get<bool>());
  const Json tuning = summary(2)["tuning"];
  EXPECT_FALSE(tuning["applied"].get<bool>());
  EXPECT_TRUE(tuning["skip_reason"]["cooldown"].get<bool>());
  EXPECT_TRUE(tuning["cooldown_active"].get<bool>());
  EXPECT_EQ(artifact(journal::kTuningReportName)["summary"]["cooldown_skips"], 1);
  EXPECT_EQ(artifact(journal::kRuntimeName)["engine"]["min_interval_ms"], 125);
}

TEST_F(LoopTest, ChangeOfTheTargetsOwnDefaultIsMeasuredAsAnyOther) {
  target_->own_values = {{"engine", {{"max_age_ms", 1000}}}};
  tuner_.plan = {{1, {{"max_age_ms", 2100}}}, {2, {{"max_age_ms", 1240}}}, {3, {{"max_age_ms", 1250}}}};
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary(1)["tuning"]["skip_reason"]["velocity"].get<bool>());
  EXPECT_TRUE(summary(2)["tuning"]["applied"].get<bool>());
  EXPECT_TRUE(summary(3)["tuning"]["skip_reason"]["cooldown"].get<bool>());
}

TEST_F(LoopTest, ValueThatComesBackIsHeldAsOscillation) {
  tuner_.plan = {{1, {{"min_interval_ms", 110}}}, {2, {{"min_interval_ms", 100}}}};
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary(2)["tuning"]["skip_reason"]["oscillation"].get<bool>());
  EXPECT_EQ(artifact(journal::kTuningReportName)["summary"]["blocked_oscillation"], 1);
}

TEST_F(LoopTest, ChangeBeyondTheHourlyCapIsHeldAsVelocity) {
  tuner_.plan = {{1, {{"min_interval_ms", 500}}}};
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary(1)["tuning"]["skip_reason"]["velocity"].get<bool>());
  EXPECT_EQ(artifact(journal::kTuningReportName)["summary"]["blocked_velocity"], 1);
}

TEST_F(LoopTest, SteadyRunFreezesTheProposals) {
  target_->steady_from = 1;
  target_->steady_to = 2;
  tuner_.plan = {{2, {{"min_interval_ms", 110}}}};
  ASSERT_TRUE(run());
  EXPECT_TRUE(summary(2)["tuning"]["skip_reason"]["freeze"].get<bool>());
  EXPECT_TRUE(summary(5)["tuning"]["freeze_triggered"].get<bool>());  // recorded though nothing was proposed
  EXPECT_FALSE(summary(6)["tuning"]["freeze_triggered"].get<bool>());
}

TEST_F(LoopTest, EveryProposalNotAppliedHasOneReason) {
  tuner_.plan[2] = {{"min_interval_ms", 900}};
  ASSERT_TRUE(run());
  for (int i = 1; i <= 6; ++i) {
    const Json tuning = summary(i)["tuning"];
    if (tuning["applied"] == true || tuning["proposed_deltas"].empty()) continue;
    int flags = 0;
    for (const char* name : {"freeze", "oscillation", "velocity", "cooldown", "no_op"})
      flags += tuning["skip_reason"][name] == true;
    EXPECT_EQ(flags, 1) << i;
  }
}

// ---- artifacts ----

TEST_F(LoopTest, ReportAndSummariesTellTheSameStory) {
  ASSERT_TRUE(run());
  const Json report = artifact(journal::kTuningReportName);
  ASSERT_EQ(report["iterations"].size(), 6U);
  for (int i = 1; i <= 6; ++i) {
    const Json entry = report["iterations"][static_cast<std::size_t>(i - 1)];
    EXPECT_EQ(entry["iteration"], i);
    EXPECT_EQ(entry["proposed_deltas"], summary(i)["tuning"]["proposed_deltas"]);
    EXPECT_EQ(entry["signature"], summary(i)["summary"]["state_hash"]);
  }
  EXPECT_EQ(report["summary"]["applied"], 2);
  EXPECT_EQ(report["summary"]["count"], 6);
  EXPECT_EQ(artifact(journal::kEdgeReportName)["seq"], 12);
  EXPECT_EQ(artifact(journal::kKpiGateName)["verdict"], "FAIL");
  EXPECT_EQ(artifact(journal::kKpiGateName)["kpis"]["net_bps"]["passed"], false);
}

TEST_F(LoopTest, EveryJsonArtifactBearsItsSchemaVersion) {
  ASSERT_TRUE(run());
  for (const auto& [name, bytes] : files()) {
    if (name == journal::kRuntimeName || !name.ends_with(".json")) continue;
    EXPECT_EQ(artifact(name)["schema_version"], journal::kSchemaVersion) << name;
    EXPECT_EQ(canonical_json(artifact(name)) + "\n", bytes) << name;
  }
}

TEST_F(LoopTest, SameRunInAnotherFolderHasTheSameBytes) {
  ASSERT_TRUE(run());
  const auto first = files();
  use_folder("again");
  ASSERT_TRUE(run());
  EXPECT_EQ(files(), first);
}

// ---- things that go wrong ----

TEST_F(LoopTest, TargetThatDiesEndsTheRunWithItsFaultRecorded) {
  target_->outcomes[3].faults = {{3, "crashed", "", "exit status 1"}};
  target_->outcomes[3].ended = true;
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RunEnd::kTargetEnded);
  EXPECT_EQ(outcome->iterations, 3);
  ASSERT_EQ(summary(3)["target"]["faults"].size(), 1U);  // its silence is no fault of its own
  EXPECT_EQ(summary(3)["target"]["faults"][0]["kind"], "crashed");
  EXPECT_EQ(outcome->faults, 1);
  EXPECT_EQ(summary(3)["tuning"]["proposed_deltas"], Json::object());
  EXPECT_EQ(artifact(journal::kTuningReportName)["iterations"].size(), 3U);
  EXPECT_EQ(artifact(journal::kEdgeReportName)["seq"], 4);  // the last report that there was
}

TEST_F(LoopTest, TargetThatCannotRunAnIterationLeavesTheArtifactsSoFar) {
  class Failing final : public HonestTarget {
    Result<target::IterationOutcome> run_iteration(const target::IterationRequest& request) override {
      if (request.iteration == 4) return fail(ErrorCode::kTargetFailed, "gone");
      return HonestTarget::run_iteration(request);
    }
  };
  target_ = std::make_unique<Failing>();
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kTargetFailed);
  EXPECT_EQ(artifact(journal::kTuningReportName)["iterations"].size(), 3U);
}

// A store whose replacement is made, and then cannot be proven.
class DoubtfulStore final : public apply::Store {
 public:
  explicit DoubtfulStore(apply::Store& real) : real_(real) {}
  Result<apply::Loaded> load() override { return real_.load(); }
  Result<std::string> replace(const std::string& version, std::string_view bytes,
                              const BeforeCommit& hook) override {
    auto replaced = real_.replace(version, bytes, hook);
    if (!replaced || version == "absent") return replaced;
    return fail(ErrorCode::kUnknownOutcome, "the folder could not be made durable", name());
  }
  Result<void> make_durable() override { return real_.make_durable(); }
  std::string name() const override { return real_.name(); }

 private:
  apply::Store& real_;
};

TEST_F(LoopTest, UnknownOutcomeEndsTheRunAndTheNextStartReadsAgain) {
  ASSERT_TRUE(run());
  const auto expected = files();
  use_folder("doubtful");
  DoubtfulStore doubtful(*store_);
  RunTools doubting = tools();
  doubting.store = &doubtful;
  const auto outcome = run_soak(plan_, doubting);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnknownOutcome);
  EXPECT_EQ(journal_types().back(), "apply_intent");
  ASSERT_TRUE(run());
  EXPECT_EQ(files(), expected);
}

TEST_F(LoopTest, StopFlagEndsTheRunBetweenIterations) {
  volatile std::sig_atomic_t stop = 0;
  RunTools stopping = tools();
  stopping.stop = &stop;
  stopping.on_iteration = [&](const journal::IterationRecord& record) {
    stop = record.iteration == 2 ? 1 : 0;
  };
  const auto outcome = run_soak(plan_, stopping);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RunEnd::kInterrupted);
  EXPECT_EQ(artifact(journal::kTuningReportName)["iterations"].size(), 2U);
}

TEST_F(LoopTest, EditByAnotherHandBetweenIterationsIsAFaultAndIsGoneOnFrom) {
  RunTools editing = tools();
  editing.on_iteration = [&](const journal::IterationRecord& record) {
    if (record.iteration == 1) write_runtime({{"engine", {{"min_interval_ms", 77}}}});
  };
  ASSERT_TRUE(run_soak(plan_, editing));
  ASSERT_EQ(summary(2)["target"]["faults"].size(), 1U);
  EXPECT_EQ(summary(2)["target"]["faults"][0]["kind"], "foreign_edit");
  EXPECT_EQ(summary(2)["runtime_overrides"]["engine"]["min_interval_ms"], 77);
}

TEST_F(LoopTest, EditIsToldWithWhatItChanged) {
  RunTools edited = tools();
  edited.on_iteration = [&](const journal::IterationRecord& record) {
    if (record.iteration == 2) write_runtime({{"engine", {{"min_interval_ms", 77}}}});
  };
  ASSERT_TRUE(run_soak(plan_, edited));
  EXPECT_THAT(summary(3)["target"]["faults"][0]["detail"].get<std::string>(),
              HasSubstr("(tail_age_ms 400 -> none, min_interval_ms 110 -> 77)"));
}

TEST_F(LoopTest, EditDuringAnIterationIsAFaultOfThatIteration) {
  target_->before_report = [&](const target::IterationRequest& request) {
    if (request.iteration == 2) write_runtime({{"engine", {{"min_interval_ms", 77}}}});
  };
  ASSERT_TRUE(run());
  bool found = false;
  const Json faults = summary(2)["target"]["faults"];
  for (const Json& fault : faults) found = found || fault["kind"] == "foreign_edit";
  EXPECT_TRUE(found);
}

TEST_F(LoopTest, EditBetweenDecisionAndApplyIsNoticedAndDecidedAnew) {
  bool edited = false;
  tuner_.look = [&](const tuner::TunerInput& input) {
    if (input.iteration == 3 && !edited) write_runtime({{"engine", {{"min_interval_ms", 118}}}});
    edited = edited || input.iteration == 3;
  };
  ASSERT_TRUE(run());
  EXPECT_THAT(tuner_.asked, ElementsAre(1, 2, 3, 3, 4, 5));
  EXPECT_EQ(summary(3)["target"]["faults"][0]["kind"], "foreign_edit");
  EXPECT_TRUE(summary(3)["tuning"]["applied"].get<bool>());
}

TEST_F(LoopTest, RuntimeFileThatIsGoneIsNamed) {
  RunTools removing = tools();
  removing.on_iteration = [&](const journal::IterationRecord&) { std::filesystem::remove(runtime_path()); };
  const auto outcome = run_soak(plan_, removing);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(outcome.error().file, runtime_path());
}

TEST_F(LoopTest, RuntimeFileTakenAwayOrSpoiltWhileAnIterationRunsIsAFaultOfThatIteration) {
  for (const char* bytes : {"", "{\"engine\":"}) {
    use_folder(*bytes == 0 ? "taken-away" : "spoilt");
    RunTools spoiling = tools();
    spoiling.before_step = [&](std::string_view step) -> Result<void> {
      if (step != "observed" || target_->requests.back().iteration != 3) return {};
      std::filesystem::remove(runtime_path());
      if (*bytes != 0) static_cast<void>(base::write_file_atomic_not_durable(runtime_path(), bytes));
      return {};
    };
    const Json kept = {{"engine", {{"min_interval_ms", 110}, {"tail_age_ms", 400}}},
                       {"mine", {{"kept", true}}}};
    ASSERT_FALSE(run_soak(plan_, spoiling)) << "the next iteration has no file to go on with";
    const Json faults = summary(3)["target"]["faults"];
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0]["kind"], "foreign_edit");
    EXPECT_EQ(summary(3)["tuning"]["proposed_deltas"], Json::object());
    EXPECT_EQ(artifact(journal::kTuningReportName)["iterations"].size(), 3U);
    write_runtime(kept);
    const auto resumed = run();
    ASSERT_TRUE(resumed) << resumed.error().message;
    EXPECT_EQ(resumed->faults, 1);
  }
}

// ---- cost ----

TEST_F(LoopTest, TunerSeesBoundedHistory) {
  plan_.header.iterations = 40;
  std::size_t most = 0;
  tuner_.look = [&](const tuner::TunerInput& input) { most = std::max(most, input.recent.size()); };
  ASSERT_TRUE(run());
  EXPECT_EQ(most, tuner::kRecentMax);
}

TEST_F(LoopTest, ReportIsWrittenAtGrowingDistances) {
  plan_.header.iterations = 100;
  RunTools watching = tools();
  std::vector<std::int64_t> written;
  std::string last;
  watching.on_iteration = [&](const journal::IterationRecord& record) {
    const auto now = base::read_file(folder_ + "/" + journal::kTuningReportName);
    if (now && *now != last) written.push_back(record.iteration);
    if (now) last = *now;
  };
  ASSERT_TRUE(run_soak(plan_, watching));
  EXPECT_THAT(written, ElementsAre(1, 2, 4, 8, 16, 32, 64));
  EXPECT_EQ(artifact(journal::kTuningReportName)["iterations"].size(), 100U);
}

}  // namespace
}  // namespace soak::loop

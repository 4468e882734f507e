// After a bad change: back to the last known good values, and never the same bad value again.

#include <gmock/gmock.h>

#include "journal/artifacts.h"
#include "journal/record_json.h"
#include "loop/loop_fixture.h"
#include "tuner/bad_values.h"
#include "verify/verify.h"

namespace soak::loop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One change, after iteration 2: min_interval_ms from 100 to 110.
class RollbackTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    plan_.rollback = true;
    tuner_.plan = {{2, {{"min_interval_ms", 110}}}};
  }
  // With 110 in effect, the edge is gone.
  void make_the_change_worse() {
    target_->distort = [](const target::IterationRequest&, Json& totals, Json& params) {
      if (params["engine"]["min_interval_ms"] == 110) totals["net_bps"] = -5;
    };
  }
  // 110 never comes into effect.
  void ignore_the_change() {
    target_->distort = [](const target::IterationRequest&, Json&, Json& params) {
      params["engine"]["min_interval_ms"] = 100;
    };
  }
  Json tuning(std::int64_t iteration) { return summary(iteration)["tuning"]; }
  verify::VerifyResult verified() {
    const auto read = journal::read_run(folder_, Registry::builtin());
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    return verify::verify_run(*read, Registry::builtin());
  }
};

TEST_F(RollbackTest, ChangeAfterWhichAKpiIsWorseBeyondItsLimitIsTakenBack) {
  make_the_change_worse();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->rolled_back, 1);
  EXPECT_EQ(tuning(3)["origin"], "rollback");
  EXPECT_EQ(tuning(3)["proposed_deltas"], Json({{"min_interval_ms", 100}}));
  EXPECT_EQ(tuning(3)["state_hash"], tuning(2)["old_hash"]) << "to the byte";
  EXPECT_FALSE(tuning(3)["oscillation_detected"].get<bool>()) << "nothing is proposed to the guards";
  EXPECT_THAT(tuning(3)["rationale"].get<std::string>(),
              HasSubstr("the change of iteration 2 was bad: net_bps went from 1.5 to -5: worse by 6.5"));
  EXPECT_EQ(summary(4)["runtime_overrides"]["engine"]["min_interval_ms"], 100);
}
TEST_F(RollbackTest, GoodChangeIsWhatALaterBadOneGoesBackTo) {
  tuner_.plan = {{1, {{"min_interval_ms", 105}}}, {3, {{"min_interval_ms", 110}}}};
  make_the_change_worse();
  ASSERT_TRUE(run());
  EXPECT_EQ(tuning(4)["proposed_deltas"], Json({{"min_interval_ms", 105}}));
  EXPECT_EQ(tuning(4)["state_hash"], tuning(3)["old_hash"]);
}
TEST_F(RollbackTest, FaultOfAnotherParameterIsNotTheChangesFault) {
  target_->distort = [](const target::IterationRequest& request, Json&, Json& params) {
    if (request.iteration == 3) params["engine"]["tail_age_ms"] = 1;
  };
  ASSERT_TRUE(run());
  EXPECT_EQ(summary(3)["target"]["faults"][0]["kind"], "drifted");
  EXPECT_FALSE(tuning(3).contains("origin"));
}
TEST_F(RollbackTest, RestorationIsVerifiedAsAnyChangeIs) {
  make_the_change_worse();
  ASSERT_TRUE(run());
  const auto result = verified();
  EXPECT_EQ(result.full_apply_count, 2);
  EXPECT_EQ(result.proposed_count, 2);
  EXPECT_TRUE(result.faults.empty());
}
TEST_F(RollbackTest, RestorationThatTheTargetDoesNotTakeIsAFault) {
  target_->distort = [](const target::IterationRequest& request, Json& totals, Json& params) {
    if (request.iteration < 3) return;
    totals["net_bps"] = -5;
    params["engine"]["min_interval_ms"] = 110;
  };
  tuner_.look = [](const tuner::TunerInput& input) {
    EXPECT_FALSE(input.bad_values->contains("min_interval_ms", 100)) << "the good value is not to blame";
  };
  ASSERT_TRUE(run());
  const auto result = verified();
  EXPECT_EQ(result.full_apply_count, 1);
  EXPECT_EQ(result.fail_count, 1);
  ASSERT_FALSE(result.faults.empty());
  EXPECT_EQ(result.faults[0].iteration, 4);
  EXPECT_EQ(result.faults[0].kind, "ignored");
}
TEST_F(RollbackTest, ChangeThatTheTargetDoesNotTakeIsTakenBack) {
  ignore_the_change();
  ASSERT_TRUE(run());
  EXPECT_EQ(tuning(3)["origin"], "rollback");
  EXPECT_THAT(tuning(3)["rationale"].get<std::string>(), HasSubstr("min_interval_ms ignored"));
  EXPECT_EQ(artifact(journal::kRuntimeName)["engine"]["min_interval_ms"], 100);
}
TEST_F(RollbackTest, ChangeThatComesIntoEffectLateIsNotTakenBack) {
  target_->distort_report = [](const target::IterationRequest& request, Json& report) {
    const bool first_of_iteration = report["seq"].get<std::int64_t>() % 2 == 1;
    if (request.iteration == 3 && first_of_iteration)
      report["effective"]["params"]["engine"]["min_interval_ms"] = 100;
  };
  ASSERT_TRUE(run());
  EXPECT_EQ(summary(3)["target"]["faults"][0]["kind"], "late");
  EXPECT_FALSE(tuning(3).contains("origin"));
}
TEST_F(RollbackTest, TargetThatCrashesUnderAChangeLeavesTheGoodValuesForTheNextStart) {
  target::IterationOutcome crash;
  crash.ended = true;
  crash.faults = {{3, "crashed", "", "exit status 1"}};
  target_->outcomes[3] = crash;
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RunEnd::kTargetEnded);
  EXPECT_EQ(artifact(journal::kRuntimeName)["engine"]["min_interval_ms"], 100);
  EXPECT_EQ(tuning(3)["origin"], "rollback");
  EXPECT_THAT(tuning(3)["rationale"].get<std::string>(), HasSubstr("was bad: crashed"));

  target_->outcomes.clear();
  const auto resumed = run();
  ASSERT_TRUE(resumed);
  EXPECT_EQ(summary(4)["runtime_overrides"]["engine"]["min_interval_ms"], 100);
  EXPECT_EQ(resumed->rolled_back, 1);
}
TEST_F(RollbackTest, ParameterThatTheFileDidNotHaveIsTakenOutAgainAndItsDefaultProven) {
  target_->own_values = {{"risk", {{"base_spread_bps", 1.0}}}};
  tuner_.plan = {{2, {{"base_spread_bps", 1.2}}}};
  target_->distort = [](const target::IterationRequest&, Json& totals, Json& params) {
    if (params["risk"]["base_spread_bps"] == 1.2) totals["net_bps"] = -5;
  };
  ASSERT_TRUE(run());
  EXPECT_EQ(tuning(3)["changed_keys"], Json({"base_spread_bps"}));
  EXPECT_EQ(tuning(3)["proposed_deltas"], Json({{"base_spread_bps", 1.0}}));
  EXPECT_FALSE(artifact(journal::kRuntimeName).contains("risk"));
  EXPECT_FALSE(
      journal::read_run(folder_, Registry::builtin())->given.at(4).expected.contains("base_spread_bps"));
  EXPECT_EQ(verified().full_apply_count, 2);
}
TEST_F(RollbackTest, NothingIsWrittenAfterTheLastIterationWhichNothingCouldProve) {
  plan_.header.iterations = 3;
  make_the_change_worse();
  ASSERT_TRUE(run());
  EXPECT_FALSE(tuning(3).contains("origin"));
  EXPECT_THAT(tuning(3)["conditions"].dump(), HasSubstr("the change of iteration 2 was bad"));
  EXPECT_EQ(artifact(journal::kLastGoodName)["runtime"]["engine"]["min_interval_ms"], 100);
  EXPECT_EQ(verified().fail_count, 0);
}
TEST_F(RollbackTest, WithoutTheOptionTheRunSaysThatAChangeWasBadAndGoesOn) {
  plan_.rollback = false;
  make_the_change_worse();
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rolled_back, 0);
  EXPECT_THAT(tuning(3)["conditions"].dump(), HasSubstr("the change of iteration 2 was bad"));
  EXPECT_EQ(artifact(journal::kRuntimeName)["engine"]["min_interval_ms"], 110);
  EXPECT_EQ(artifact(journal::kLastGoodName)["runtime"]["engine"]["min_interval_ms"], 100);
}
TEST_F(RollbackTest, GuardsDoNotHoldItAndItLeavesNoTraceInThem) {
  target_->steady_from = 1;  // freeze from iteration 2 on
  target_->steady_to = 2;
  tuner_.plan = {{1, {{"min_interval_ms", 110}}}, {3, {{"min_interval_ms", 110}}}};
  target_->distort = [](const target::IterationRequest& request, Json& totals, Json& params) {
    if (request.iteration == 2 && params["engine"]["min_interval_ms"] == 110) totals["p95_latency_ms"] = 900;
  };
  ASSERT_TRUE(run());
  EXPECT_EQ(tuning(2)["origin"], "rollback");
  EXPECT_TRUE(tuning(2)["freeze_triggered"].get<bool>());
  EXPECT_TRUE(tuning(2)["applied"].get<bool>());
  EXPECT_FALSE(tuning(3)["oscillation_detected"].get<bool>()) << "110 was taken back, and never counted";
  EXPECT_FALSE(tuning(3)["velocity_violation"].get<bool>());
}
TEST_F(RollbackTest, WhatAnotherHandHasWrittenMeanwhileIsNeverOverwritten) {
  for (const char* moment : {"observed", "apply"}) {  // before it is decided, and after
    use_folder(moment);
    make_the_change_worse();
    RunTools edited = tools();
    edited.before_step = [&](std::string_view step) -> Result<void> {
      if (step == moment && target_->requests.back().iteration == 3)
        write_runtime({{"engine", {{"min_interval_ms", 77}}}});
      return {};
    };
    const auto outcome = run_soak(plan_, edited);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->rolled_back, 0) << moment;
    EXPECT_EQ(artifact(journal::kRuntimeName)["engine"]["min_interval_ms"], 77) << moment;
  }
}
TEST_F(RollbackTest, KilledAtAnyStepAndResumedItLeavesTheSameBytes) {
  make_the_change_worse();
  ASSERT_TRUE(run());
  const auto whole = files();
  for (int step = 1;; ++step) {
    use_folder("killed" + std::to_string(step));
    make_the_change_worse();
    const auto killed = run_failing_at_step(step);
    if (!killed) {
      use_folder("killed" + std::to_string(step));
      make_the_change_worse();
      ASSERT_TRUE(run()) << "step " << step;
    }
    ASSERT_EQ(files(), whole) << "step " << step;
    if (killed) break;
  }
}
TEST_F(RollbackTest, TunerIsToldWhichValuesWereBad) {
  make_the_change_worse();
  std::vector<bool> bad;
  tuner_.look = [&](const tuner::TunerInput& input) {
    bad.push_back(input.bad_values->contains("min_interval_ms", 110));
  };
  ASSERT_TRUE(run());
  EXPECT_THAT(bad, ElementsAre(false, false, true, true)) << "asked after 1, 2, 4 and 5: 3 was a rollback";
}

// ---- a veto ends the run ----

class VetoTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    profile_ = analyze::market_maker_profile();
    for (analyze::Kpi& kpi : profile_.kpis) kpi.veto = kpi.name == "p95_latency_ms";
    plan_.profile = &profile_;
    plan_.stop_on_veto = true;
    target_->distort = [](const target::IterationRequest& request, Json& totals, Json&) {
      if (request.iteration == 3) totals["p95_latency_ms"] = 400;
    };
  }
  analyze::Profile profile_;
};

TEST_F(VetoTest, FailedVetoKpiEndsTheRunAfterItsIteration) {
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RunEnd::kVetoed);
  EXPECT_EQ(outcome->iterations, 3);
  EXPECT_EQ(outcome->end_reason, "iteration 3: p95_latency_ms 400, at most 350");
  EXPECT_EQ(summary(3)["tuning"]["proposed_deltas"], Json::object());
}
TEST_F(VetoTest, ResumeOfAVetoedRunChangesNothing) {
  ASSERT_TRUE(run());
  const auto before = files();
  const auto again = run();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->end, RunEnd::kVetoed);
  EXPECT_EQ(files(), before);
  EXPECT_EQ(target_->starts, 1) << "the target is not started again";
}
TEST_F(VetoTest, WithoutTheOptionTheRunGoesOn) {
  plan_.stop_on_veto = false;
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->iterations, 6);
}

// ---- changes that wait for a yes ----

class ApprovalTest : public LoopTest {
 protected:
  Result<RunOutcome> run_asking() {
    RunTools asking = tools();
    asking.before_step = before_step_;
    asking.approve = [this](const Question& question) -> Result<Answer> {
      asked_.push_back(question);
      return answer_;
    };
    return run_soak(plan_, asking);
  }
  std::vector<std::int64_t> iterations_asked() const {
    std::vector<std::int64_t> iterations;
    for (const Question& question : asked_) iterations.push_back(question.iteration);
    return iterations;
  }
  std::vector<Question> asked_;
  Answer answer_ = Answer::kYes;
  std::function<Result<void>(std::string_view)> before_step_;
};

TEST_F(ApprovalTest, EachChangeIsAskedForWithWhatItReplaces) {
  ASSERT_TRUE(run_asking());
  EXPECT_THAT(iterations_asked(), ElementsAre(1, 3)) << "what iteration 4 proposes is in place already";
  EXPECT_EQ(asked_[1].before, (ParamValues{{"min_interval_ms", 110}, {"tail_age_ms", 400}}));
  EXPECT_EQ(asked_[1].proposed, (ParamValues{{"min_interval_ms", 120}, {"tail_age_ms", 420}}));
  EXPECT_TRUE(summary(1)["tuning"]["applied"].get<bool>());
}
TEST_F(ApprovalTest, ChangeThatIsNotApprovedIsNotProposedAndTheRecordSaysWhatItWas) {
  answer_ = Answer::kNo;
  ASSERT_TRUE(run_asking());
  EXPECT_EQ(summary(1)["tuning"]["proposed_deltas"], Json::object());
  EXPECT_FALSE(summary(1)["tuning"]["applied"].get<bool>());
  EXPECT_EQ(summary(1)["tuning"]["rationale"], "not approved: {\"min_interval_ms\":110}; scripted");
  EXPECT_EQ(summary(2)["runtime_overrides"]["engine"]["min_interval_ms"], 100);
}
TEST_F(ApprovalTest, WhatAGuardHoldsIsNotAskedFor) {
  tuner_.plan = {{1, {{"min_interval_ms", 125}}}, {2, {{"min_interval_ms", 130}}}};
  ASSERT_TRUE(run_asking());
  EXPECT_THAT(iterations_asked(), ElementsAre(1));
  EXPECT_TRUE(summary(2)["tuning"]["skip_reason"]["cooldown"].get<bool>());
}
TEST_F(ApprovalTest, RunInterruptedWhileItWaitsAsksAgainWhenItIsResumed) {
  answer_ = Answer::kInterrupted;
  const auto interrupted = run_asking();
  ASSERT_TRUE(interrupted);
  EXPECT_EQ(interrupted->end, RunEnd::kInterrupted);
  EXPECT_EQ(interrupted->iterations, 0);
  answer_ = Answer::kYes;
  const auto resumed = run_asking();
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_THAT(iterations_asked(), ElementsAre(1, 1, 3));
  EXPECT_EQ(resumed->applied, 2);
}
TEST_F(ApprovalTest, WhatWasApprovedBeforeAKillIsNotAskedForAgain) {
  before_step_ = [](std::string_view step) -> Result<void> {
    if (step == "rename") return fail(ErrorCode::kIoError, "killed");
    return {};
  };
  ASSERT_FALSE(run_asking());
  before_step_ = nullptr;
  ASSERT_TRUE(run_asking());
  EXPECT_THAT(iterations_asked(), ElementsAre(1, 3));
}
TEST_F(ApprovalTest, RollbackIsNotAskedFor) {
  plan_.rollback = true;
  target_->distort = [](const target::IterationRequest&, Json& totals, Json& params) {
    if (params["engine"]["min_interval_ms"] == 110) totals["net_bps"] = -5;
  };
  tuner_.plan = {{1, {{"min_interval_ms", 110}}}};
  ASSERT_TRUE(run_asking());
  EXPECT_THAT(iterations_asked(), ElementsAre(1));
  EXPECT_EQ(summary(2)["tuning"]["origin"], "rollback");
}

}  // namespace
}  // namespace soak::loop

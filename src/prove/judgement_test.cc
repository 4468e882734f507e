#include "prove/judgement.h"

#include <gmock/gmock.h>

namespace soak::prove {
namespace {

using journal::Fault;
using target::FaultKind;
using testing::ElementsAre;
using testing::IsEmpty;

// Says what it did; nothing else is asked of it here.
class Culprit final : public target::FaultyTarget {
 public:
  Result<void> start() override { return {}; }
  Result<target::IterationOutcome> run_iteration(const target::IterationRequest&) override {
    return target::IterationOutcome{};
  }
  std::string name() const override { return "culprit"; }
  Result<void> before_apply(std::int64_t) override { return {}; }
  const std::vector<Fault>& committed() const override { return did; }
  bool is_consequence(const Fault& fault) const override { return fault.kind == consequence; }

  std::vector<Fault> did;
  std::string consequence;
};

// A target that ignored a change in iteration 4, which all witnesses saw.
class Judgement : public testing::Test {
 protected:
  Judgement() {
    culprit_.did = {ignored_};
    evidence_.named = evidence_.recorded = evidence_.rederived = {ignored_};
    evidence_.counted = 1;
    evidence_.gate_failures = {"fault_count"};
    trial_.kind = FaultKind::kIgnored;
  }
  const std::vector<std::string>& problems() {
    trial_.problems.clear();
    trial_.consequences.clear();
    judge(culprit_, evidence_, trial_);
    return trial_.problems;
  }
  void see_everywhere(const Fault& fault) {
    for (auto* witness : {&evidence_.named, &evidence_.recorded, &evidence_.rederived})
      witness->push_back(fault);
    ++evidence_.counted;
  }

  const Fault ignored_{4, "ignored", "tail_age_ms", "ran with 250 and not with 300"};
  Culprit culprit_;
  Evidence evidence_;
  Trial trial_;
};

TEST_F(Judgement, NothingIsWrongWhereAllAgree) {
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_TRUE(trial_.detected);
  EXPECT_EQ(trial_.named_as, "ignored");
}

TEST_F(Judgement, TheRightPlaceUnderAWrongNameIsNoDetection) {
  for (auto* witness : {&evidence_.named, &evidence_.recorded, &evidence_.rederived})
    witness->front().kind = "half_applied";
  EXPECT_THAT(
      problems(),
      ElementsAre("not named: iteration 4 ignored tail_age_ms (ran with 250 and not with 300)",
                  "falsely accused: iteration 4: half_applied: tail_age_ms: ran with 250 and not with "
                  "300"));
  EXPECT_FALSE(trial_.detected);
  EXPECT_EQ(trial_.named_as, "half_applied");
}

TEST_F(Judgement, TheRightNameInAnotherIterationIsNoDetection) {
  for (auto* witness : {&evidence_.named, &evidence_.recorded, &evidence_.rederived})
    witness->front().iteration = 5;
  EXPECT_THAT(problems(), testing::SizeIs(2));
  EXPECT_EQ(trial_.named_as, "nothing");
}

TEST_F(Judgement, AnotherFaultBesidesIsAFalseAccusationUnlessItIsAConsequence) {
  see_everywhere({5, "drifted", "max_age_ms", "why"});
  EXPECT_THAT(problems(), ElementsAre("falsely accused: iteration 5: drifted: max_age_ms: why"));
  EXPECT_TRUE(trial_.detected);
  culprit_.consequence = "drifted";
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(trial_.consequences.size(), 1U);
}

TEST_F(Judgement, EachWitnessMustSaySo) {
  evidence_.rederived.clear();
  EXPECT_THAT(problems(),
              ElementsAre("the loop says, and the reports in the journal do not show: iteration 4 "
                          "ignored tail_age_ms"));
  evidence_.rederived = {ignored_};
  evidence_.recorded.clear();
  evidence_.counted = 0;
  EXPECT_THAT(problems(), ElementsAre("verify says, and the loop did not: iteration 4 ignored tail_age_ms"));
}

TEST_F(Judgement, OfWhatNoReportShowsTheRecordIsEnough) {
  trial_.kind = FaultKind::kForeignEdit;
  culprit_.did = evidence_.named = evidence_.recorded = {{4, "foreign_edit", "", ""}};
  evidence_.rederived.clear();
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Judgement, AnOmissionThatCameLateIsTheLoopsToTakeBack) {
  const Fault late{5, "late", "tail_age_ms", ""};
  trial_.kind = FaultKind::kLate;
  culprit_.did = evidence_.named = evidence_.rederived = {late};
  evidence_.recorded = {ignored_, late};
  EXPECT_THAT(problems(), IsEmpty());
  evidence_.counted = 2;
  EXPECT_THAT(problems(), ElementsAre("the loop counts 2 faults, its record holds 1"));
}

TEST_F(Judgement, AVerdictThatPassesIsAFlaw) {
  evidence_.verify_passed = true;
  evidence_.gate_passed = true;
  EXPECT_THAT(problems(), ElementsAre("verify passes", "the gate passes"));
}

TEST_F(Judgement, AGateThatFailsForSomethingElseHasNotSeenTheFault) {
  evidence_.gate_failures = {"verdict"};
  EXPECT_THAT(problems(), ElementsAre("the gate fails, but not for the fault: verdict"));
}

TEST_F(Judgement, ATargetThatDiedMustEndTheRunAndNoOther) {
  evidence_.target_ended = true;
  EXPECT_THAT(problems(), ElementsAre("the loop gave up its target"));
}

TEST_F(Judgement, AHealthyRunMustPassBothStrictly) {
  trial_.kind = FaultKind::kNone;
  culprit_.did.clear();
  evidence_ = {};
  evidence_.gate_failures = {"full_apply_ratio"};
  EXPECT_THAT(problems(), ElementsAre("strict verify fails a healthy run",
                                      "the gate fails a healthy run: full_apply_ratio"));
  evidence_.strict_verify_passed = evidence_.gate_passed = true;
  EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace soak::prove

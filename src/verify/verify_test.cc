// Classes, counts and exit rules; foreign artifacts and runs of our own.

#include "verify/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace soak::verify {
namespace {

using journal::IterationFacts;
using journal::RunArtifacts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kSpread[] = "base_spread_bps";
constexpr char kAge[] = "tail_age_ms";

// Iterations from 1 on, each with the values in effect given.
class Verify : public testing::Test {
 protected:
  IterationFacts& iteration(double spread, int age = 600) {
    IterationFacts facts;
    facts.has_summary = true;
    facts.record.iteration = static_cast<std::int64_t>(run_.iterations.size()) + 1;
    facts.effective = {{kSpread, spread}, {kAge, age}};
    facts.has_effective = true;
    facts.record.summary.state_hash = "signature " + std::to_string(facts.record.iteration);
    run_.iterations.push_back(std::move(facts));
    return run_.iterations.back();
  }
  static void propose(IterationFacts& facts, const ParamValues& deltas, bool applied = true) {
    facts.record.tuning.proposed_deltas = deltas;
    facts.record.tuning.applied = applied;
  }
  static void hold(IterationFacts& facts, const ParamValues& deltas) {
    propose(facts, deltas, false);
    facts.record.tuning.skip_reason = SkipReason{.velocity = true, .note = "velocity cap exceeded"};
  }
  VerifyResult result() const { return verify_run(run_, Registry::builtin()); }
  std::string_view only_class() const {
    const VerifyResult found = result();
    EXPECT_EQ(found.deliveries.size(), 1U);
    return delivery_class_name(found.deliveries.at(0).delivery_class);
  }
  std::string only_kind() const {
    const VerifyResult found = result();
    EXPECT_EQ(found.failures.size(), 1U);
    return found.failures.at(0).kind;
  }

  RunArtifacts run_;
};

TEST_F(Verify, IsAFullApplyWhereTheNextIterationShowsTheValues) {
  propose(iteration(0.2), {{kSpread, 0.25}, {kAge, 600.0}});
  iteration(0.25);
  EXPECT_EQ(only_class(), "full_apply");
  EXPECT_EQ(result().full_apply_ratio, 1.0);
}

TEST_F(Verify, IsAFullApplyEvenWhereNobodySaysApplied) {
  propose(iteration(0.2), {{kSpread, 0.25}}, false);
  iteration(0.25);
  EXPECT_EQ(only_class(), "full_apply");
}

TEST_F(Verify, ComparesAcrossAGap) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.25).record.iteration = 7;
  EXPECT_EQ(only_class(), "full_apply");
  EXPECT_EQ(result().deliveries.at(0).next, 7);
}

TEST_F(Verify, IsPartialWhereAGuardHeldItAndNeedsNoNextIteration) {
  hold(iteration(0.2), {{kSpread, 0.25}});
  EXPECT_EQ(only_class(), "partial_ok");
}

TEST_F(Verify, BelievesAGuardFlagOnlyWhereOldArtifactsGiveNoReason) {
  IterationFacts& facts = iteration(0.2);
  propose(facts, {{kSpread, 0.25}}, false);
  facts.record.tuning.guards.cooldown_active = true;
  iteration(0.2);
  EXPECT_EQ(only_class(), "partial_ok");
  run_.iterations[0].record.tuning.skip_reason = SkipReason{.note = "none of them"};
  EXPECT_EQ(only_class(), "fail");
  run_.iterations[0].record.tuning.skip_reason.reset();
  run_.foreign = false;
  EXPECT_EQ(only_class(), "fail");
}

TEST_F(Verify, JudgesAnAppliedProposalByItsEffectWhateverTheReasonBesideIt) {
  hold(iteration(0.2), {{kSpread, 0.25}});
  run_.iterations[0].record.tuning.applied = true;
  iteration(0.2);
  EXPECT_EQ(only_class(), "fail");
}

TEST_F(Verify, FailsWhereNothingIsAppliedAndNoReasonIsGiven) {
  propose(iteration(0.2), {{kSpread, 0.25}}, false);
  EXPECT_EQ(only_class(), "fail");
}

TEST_F(Verify, LeavesWhatForeignArtifactsAppliedLastPendingAndUncounted) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  EXPECT_EQ(only_class(), "pending");
  EXPECT_EQ(result().proposed_count, 0);
  EXPECT_THAT(result().notes, ElementsAre(HasSubstr("iteration 1 is the last one")));
}

TEST_F(Verify, FailsWhereARunOfOursBrokeOffAfterAnApply) {
  run_.foreign = false;
  propose(iteration(0.2), {{kSpread, 0.25}});
  EXPECT_EQ(only_class(), "fail");
  EXPECT_THAT(result().failures.at(0).detail, HasSubstr("broke off"));
}

TEST_F(Verify, CallsItNeverDeliveredWhereTheOldValueStayed) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.2);
  EXPECT_EQ(only_kind(), "never delivered");
}

TEST_F(Verify, CallsItHalfAppliedWhereOthersAreInEffect) {
  propose(iteration(0.2), {{kSpread, 0.25}, {kAge, 610}});
  iteration(0.25, 600);
  EXPECT_EQ(only_kind(), "half applied");
}

TEST_F(Verify, CallsItAWrongValueWhereItIsNeitherOldNorNew) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.22);
  EXPECT_EQ(only_kind(), "wrong value");
}

TEST_F(Verify, CallsItDriftedWhereItWasInEffectAlready) {
  propose(iteration(0.2), {{kSpread, 0.2}});
  iteration(0.22);
  EXPECT_EQ(only_kind(), "drifted");
}

TEST_F(Verify, CallsItATargetRestartedWhereTheInstanceIsANewOne) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  run_.iterations[0].record.target.instance_id = "a";
  iteration(0.1).record.target.instance_id = "b";
  EXPECT_EQ(only_kind(), "target restarted");
}

TEST_F(Verify, SaysNotObservedWhereNothingTellsTheValuesInEffect) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  IterationFacts& next = iteration(0.25);
  next.effective.clear();
  next.has_effective = false;
  EXPECT_EQ(only_kind(), "not observed");
}

TEST_F(Verify, NamesIterationParameterAndBothValues) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.22);
  EXPECT_EQ(to_line(result().failures.at(0)),
            "iteration 1: base_spread_bps: proposed 0.25, observed 0.22 in iteration 2 (wrong value: neither "
            "the old value nor the "
            "proposed one)");
}

TEST_F(Verify, AllowsOneUnitOfFloat32WhereTheTargetSaysSo) {
  propose(iteration(0.2), {{kSpread, 0.1}});
  iteration(static_cast<double>(0.1F));
  EXPECT_EQ(only_class(), "fail");
  run_.iterations[1].record.target.precision = "float32";
  EXPECT_EQ(only_class(), "full_apply");
}

TEST_F(Verify, CountsASignatureThatDidNotMoveBesideTheClass) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.25);
  for (IterationFacts& facts : run_.iterations) facts.record.summary.state_hash = "same";
  EXPECT_EQ(result().signature_stuck_count, 1);
  EXPECT_EQ(result().full_apply_count, 1);
}

TEST_F(Verify, DoesNotCallAMissingSignatureStuck) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.25);
  for (IterationFacts& facts : run_.iterations) facts.record.summary.state_hash.clear();
  EXPECT_EQ(result().signature_stuck_count, 0);
}

TEST_F(Verify, FallsBackToTheSignatureAndThenToTheStateHashOfTheTuning) {
  propose(iteration(0.2), {{kSpread, 0.25}});
  iteration(0.25).record.summary.state_hash = "same";
  run_.iterations[0].record.summary.state_hash.clear();
  run_.iterations[0].summary_state_hash = "same";
  EXPECT_EQ(result().signature_stuck_count, 1);
  run_.iterations[0].tuning_signature = "another";
  EXPECT_EQ(result().signature_stuck_count, 0);
}

TEST_F(Verify, CountsFaultsThatTheRunRecordedWithOrWithoutAProposal) {
  iteration(0.2).record.target.faults = {{1, "crashed", "", "exit 3"}};
  EXPECT_EQ(result().faults.size(), 1U);
  EXPECT_FALSE(judge(result(), false).passed);
  EXPECT_EQ(to_json(result())["fault_count"], 1);
}

TEST_F(Verify, RoundsTheRatioToThreeDecimals) {
  for (int k = 0; k < 2; ++k) propose(iteration(0.2 + k * 0.01), {{kSpread, 0.21 + k * 0.01}});
  hold(iteration(0.22), {{kSpread, 0.3}});
  EXPECT_EQ(result().full_apply_ratio, 0.667);
}

// ---- exit rules ----

VerifyResult counts(std::int64_t full, std::int64_t partial, std::int64_t failed, std::int64_t stuck = 0) {
  VerifyResult result;
  result.full_apply_count = full;
  result.partial_ok_count = partial;
  result.fail_count = failed;
  result.signature_stuck_count = stuck;
  result.proposed_count = full + partial + failed;
  if (result.proposed_count > 0)
    result.full_apply_ratio = static_cast<double>(full) / static_cast<double>(result.proposed_count);
  return result;
}

TEST(Judge, PassesFromNinetyPerCentEvenWithSignaturesStuck) {
  EXPECT_TRUE(judge(counts(9, 0, 1, 3), false).passed);
  EXPECT_FALSE(judge(counts(8, 0, 2, 1), false).passed);
}

TEST(Judge, PassesFromEightyPerCentWithNoSignatureStuck) {
  EXPECT_TRUE(judge(counts(8, 0, 2), false).passed);
  EXPECT_FALSE(judge(counts(7, 0, 2), false).passed);
}

TEST(Judge, AsksForNinetyFivePerCentWhenStrict) {
  EXPECT_TRUE(judge(counts(19, 1, 0), true).passed);
  EXPECT_FALSE(judge(counts(18, 1, 1), true).passed);
}

TEST(Judge, PassesWithAWarningWhereNothingWasProposed) {
  EXPECT_TRUE(judge(counts(0, 0, 0), true).passed);
  EXPECT_THAT(judge(counts(0, 0, 0), true).reason, HasSubstr("unproven"));
}

TEST(Judge, PassesWhereAllWasHeldOnlyWhenNotStrict) {
  EXPECT_TRUE(judge(counts(0, 4, 0), false).passed);
  EXPECT_FALSE(judge(counts(0, 4, 0), true).passed);
  EXPECT_FALSE(judge(counts(0, 4, 1), false).passed);
}

TEST(Judge, SaysTheMeasuredValueAndItsThreshold) {
  EXPECT_THAT(judge(counts(7, 0, 3, 2), false).reason,
              testing::AllOf(HasSubstr("0.700"), HasSubstr("0.90"), HasSubstr("2")));
}

}  // namespace
}  // namespace soak::verify

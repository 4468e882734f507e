// Each kind of delivery fault from the reports that show it, and healthy targets that must not be accused.

#include "verify/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace soak::verify {
namespace {

using journal::Fault;
using journal::SeenReport;
using testing::ElementsAre;
using testing::IsEmpty;

// "kind parameter" of each fault.
std::vector<std::string> names(const std::vector<Fault>& faults) {
  std::vector<std::string> out;
  for (const Fault& fault : faults)
    out.push_back(fault.parameter.empty() ? fault.kind : fault.kind + " " + fault.parameter);
  return out;
}

// An iteration after an apply that moved base_spread_bps from 0.2 to 0.25 and tail_age_ms from 600 to 610;
// min_interval_ms stayed 60.
class Faults : public testing::Test {
 protected:
  Faults() {
    view_.iteration = 5;
    view_.before = {{"base_spread_bps", 0.2}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
    view_.expected = {{"base_spread_bps", 0.25}, {"tail_age_ms", 610}, {"min_interval_ms", 60}};
    view_.applied_before = true;
    view_.runtime_hash = "new";
    view_.instance_id_before = "a";
  }
  // A report of a healthy target, with some of its values changed.
  static Json report(const ParamValues& changes = {}) {
    Json params = {{"base_spread_bps", 0.25}, {"tail_age_ms", 610}, {"min_interval_ms", 60}};
    for (const auto& [name, value] : changes) params[name] = value;
    return {{"effective", {{"state_hash", "new"}, {"instance_id", "a"}, {"params", params}}}};
  }
  void see(const Json& content, bool settled = true) {
    const auto seq = static_cast<std::int64_t>(view_.reports.size()) + 1;
    view_.reports.push_back({view_.iteration, seq, "", settled, content});
  }
  void nothing_applied() {
    view_.before = view_.expected;
    view_.applied_before = false;
  }
  std::vector<std::string> found() const { return names(find_faults(view_, Registry::builtin())); }

  DeliveryView view_;
};

TEST_F(Faults, NoneForATargetThatDoesAsItIsTold) {
  see(report());
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForOldValuesWithinTheSettleTime) {
  see(report({{"base_spread_bps", 0.2}, {"tail_age_ms", 600}}), false);
  see(report({{"tail_age_ms", 600}}), false);
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForAnOldHashWithinTheSettleTime) {
  Json early = report();
  early["effective"]["state_hash"] = "old";
  see(early, false);
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneWhereEveryReportCameWithinTheSettleTime) {
  see(report({{"base_spread_bps", 0.2}}), false);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForAReportWithoutEffectiveValues) {
  see(Json{{"totals", {{"net_bps", 3}}}});
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForParametersThatTheTargetDoesNotReport) {
  see(Json{{"effective", {{"params", {{"base_spread_bps", 0.25}}}}}});
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForAnIntegerReportedAsAFloat) {
  see(report({{"tail_age_ms", 610.0}, {"base_spread_bps", 0.25 + 5e-10}}));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForAFloat32TargetWithinOneUnit) {
  Json content = report({{"base_spread_bps", 0.1}});
  view_.expected["base_spread_bps"] = 0.1;
  content["effective"]["params"]["base_spread_bps"] = static_cast<double>(0.1F);
  see(content);
  EXPECT_THAT(found(), ElementsAre("wrong_value base_spread_bps"));
  view_.reports[0].report["effective"]["precision"] = "float32";
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForAProposalOfTheValueAlreadyThere) {
  view_.expected = view_.before;
  see(report({{"base_spread_bps", 0.2}, {"tail_age_ms", 600}}));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForEvidenceThatAgrees) {
  Json content = report();
  content["evidence"] = {{"min_interval_ms", {{"at_least", 60}}},
                         {"base_spread_bps", {{"equals", 0.25}}},
                         {"tail_age_ms", {{"at_most", 609.5}}}};
  see(content);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneForTheFirstReportOfARun) {
  view_.instance_id_before = "";
  nothing_applied();
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, IgnoredWhereEveryOldValueStayed) {
  see(report({{"base_spread_bps", 0.2}, {"tail_age_ms", 600}}));
  EXPECT_THAT(found(), ElementsAre("ignored base_spread_bps", "ignored tail_age_ms"));
}

TEST_F(Faults, HalfAppliedWhereSomeAreInEffectAndOthersKeptTheirOldValue) {
  see(report({{"tail_age_ms", 600}}));
  EXPECT_THAT(found(), ElementsAre("half_applied tail_age_ms"));
}

// The target goes on with the values of an apply before the last one, which the new one happens to name
// again.
TEST_F(Faults, IgnoredAndNotHalfAppliedWhereTheOtherValueWasInEffectAlready) {
  view_.effective_before = {{"base_spread_bps", 0.25}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
  see(report({{"tail_age_ms", 600}}));
  EXPECT_THAT(found(), ElementsAre("ignored tail_age_ms"));
}

TEST_F(Faults, WrongValueWhereItIsNeitherOldNorNew) {
  see(report({{"tail_age_ms", 605}}));
  EXPECT_THAT(found(), ElementsAre("wrong_value tail_age_ms"));
}

TEST_F(Faults, LateWhereTheValueComesAfterTheSettleTime) {
  see(report({{"tail_age_ms", 600}}));
  see(report());
  EXPECT_THAT(found(), ElementsAre("late tail_age_ms"));
}

TEST_F(Faults, LateWhereTheTargetIsOneApplyBehind) {
  view_.effective_before = {{"base_spread_bps", 0.15}, {"tail_age_ms", 590}, {"min_interval_ms", 60}};
  view_.missed = {{"base_spread_bps", {4, 0.2, "ignored", true}}, {"tail_age_ms", {4, 600, "late", true}}};
  see(report({{"base_spread_bps", 0.2}, {"tail_age_ms", 600}}));
  EXPECT_THAT(found(), ElementsAre("late base_spread_bps", "late tail_age_ms"));
}

TEST_F(Faults, IgnoredAndNotLateWhereTheOldValueReturnsAfterADrift) {
  view_.effective_before = {{"base_spread_bps", 0.31}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
  see(report({{"base_spread_bps", 0.2}, {"tail_age_ms", 600}}));
  EXPECT_THAT(found(), ElementsAre("ignored base_spread_bps", "ignored tail_age_ms"));
}

TEST_F(Faults, LateWhereAMissedValueArrivesWithNothingNewApplied) {
  nothing_applied();
  view_.effective_before = {{"base_spread_bps", 0.25}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
  view_.missed = {{"tail_age_ms", {4, 610, "ignored", false}}};
  see(report());
  EXPECT_THAT(found(), ElementsAre("late tail_age_ms"));
}

TEST_F(Faults, LateWhereAMissedValueArrivesInTheMiddleOfTheNextIteration) {
  nothing_applied();
  view_.effective_before = {{"base_spread_bps", 0.25}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
  view_.missed = {{"tail_age_ms", {4, 610, "ignored", false}}};
  see(report({{"tail_age_ms", 600}}));
  see(report());
  EXPECT_THAT(found(), ElementsAre("late tail_age_ms"));
}

TEST_F(Faults, NoneWhereANewerApplyNamedTheMissedValueAgain) {
  nothing_applied();
  view_.effective_before = {{"base_spread_bps", 0.25}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
  view_.missed = {{"tail_age_ms", {4, 610, "ignored", true}}};
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoneWhereAWrongValueIsPutRight) {
  nothing_applied();
  view_.effective_before = {{"base_spread_bps", 0.25}, {"tail_age_ms", 605}, {"min_interval_ms", 60}};
  view_.missed = {{"tail_age_ms", {4, 610, "wrong_value", false}}};
  see(report({{"tail_age_ms", 605}}));
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, RolledBackWhereTheOldValueReturns) {
  see(report());
  see(report({{"base_spread_bps", 0.2}}));
  EXPECT_THAT(found(), ElementsAre("rolled_back base_spread_bps"));
}

TEST_F(Faults, RolledBackWhereOldAndNewTakeTurnsWhicheverComesFirst) {
  for (int turn = 0; turn < 6; ++turn) see(turn % 2 == 0 ? report({{"base_spread_bps", 0.2}}) : report());
  EXPECT_THAT(found(), ElementsAre("rolled_back base_spread_bps"));
}

TEST_F(Faults, RolledBackEvenWhereItIsPutRightInTheEnd) {
  see(report());
  see(report({{"base_spread_bps", 0.2}}));
  see(report());
  EXPECT_THAT(found(), ElementsAre("rolled_back base_spread_bps"));
}

TEST_F(Faults, DriftedWhereAnotherValueTakesThePlaceOfTheRightOne) {
  see(report());
  see(report({{"base_spread_bps", 0.3}}));
  EXPECT_THAT(found(), ElementsAre("drifted base_spread_bps"));
}

TEST_F(Faults, DriftedWhereAParameterMovesThatNobodyTouched) {
  see(report({{"min_interval_ms", 31}}));
  EXPECT_THAT(found(), ElementsAre("drifted min_interval_ms"));
}

TEST_F(Faults, DriftedIsNotSaidAgainWhileNothingMoves) {
  nothing_applied();
  view_.effective_before = {{"base_spread_bps", 0.25}, {"tail_age_ms", 610}, {"min_interval_ms", 31}};
  see(report({{"min_interval_ms", 31}}));
  EXPECT_THAT(found(), IsEmpty());
  see(report({{"min_interval_ms", 20}}));
  EXPECT_THAT(found(), ElementsAre("drifted min_interval_ms"));
}

TEST_F(Faults, DriftedWhereAParameterMovesThatNobodyTouchedAndReturns) {
  view_.effective_before = {{"base_spread_bps", 0.2}, {"tail_age_ms", 600}, {"min_interval_ms", 60}};
  see(report({{"min_interval_ms", 31}}));
  see(report());
  EXPECT_THAT(found(), ElementsAre("drifted min_interval_ms"));
}

TEST_F(Faults, RestartedEvenWithinTheSettleTime) {
  Json other = report();
  other["effective"]["instance_id"] = "b";
  see(other, false);
  see(other);
  EXPECT_THAT(found(), ElementsAre("restarted"));
}

TEST_F(Faults, RestartedOnceMoreForEachNewInstance) {
  for (const char* id : {"a", "b", "c"}) {
    Json one = report();
    one["effective"]["instance_id"] = id;
    see(one);
  }
  EXPECT_THAT(found(), ElementsAre("restarted", "restarted"));
}

TEST_F(Faults, RestartedOnceWhereTwoInstancesTakeTurns) {
  for (int turn = 0; turn < 6; ++turn) {
    Json one = report();
    one["effective"]["instance_id"] = turn % 2 == 0 ? "a" : "b";
    see(one);
  }
  EXPECT_THAT(found(), ElementsAre("restarted"));
}

TEST_F(Faults, RestartedAloneWhereTheNewInstanceHasItsDefaultsAndAnotherHash) {
  Json other = report({{"base_spread_bps", 1.5}, {"tail_age_ms", 900}, {"min_interval_ms", 1}});
  other["effective"]["instance_id"] = "b";
  other["effective"]["state_hash"] = "none";
  see(report());
  see(other);
  see(other);
  EXPECT_THAT(found(), ElementsAre("restarted"));
}

TEST_F(Faults, RestartedDoesNotHideWhatWasWrongBeforeIt) {
  Json other = report();
  other["effective"]["instance_id"] = "b";
  see(report({{"tail_age_ms", 605}}));
  see(other);
  EXPECT_THAT(found(), ElementsAre("wrong_value tail_age_ms", "restarted"));
}

TEST_F(Faults, NoStaleReportOfATargetThatEndedInTheIteration) {
  view_.target_ended = true;
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, StaleReportWhereNoneCame) {
  EXPECT_THAT(found(), ElementsAre("stale_report"));
}

TEST_F(Faults, ATargetThatEndedIsNotCalledStaleForItsSilence) {
  view_.target_ended = true;  // the fault that ended it is the supervisor's to name
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, NoEffectWhereTheTargetOnlyEchoesWhatItWasTold) {
  Json content = report();
  content["evidence"] = {{"min_interval_ms", {{"at_least", 31}}}};
  see(content);
  EXPECT_THAT(found(), ElementsAre("no_effect min_interval_ms"));
}

TEST_F(Faults, NoEffectForEachFormOfEvidence) {
  Json content = report();
  content["evidence"] = {{"base_spread_bps", {{"equals", 0.26}}}, {"tail_age_ms", {{"at_most", 611}}}};
  see(content);
  EXPECT_THAT(found(), ElementsAre("no_effect base_spread_bps", "no_effect tail_age_ms"));
}

TEST_F(Faults, NoEffectIsNotProvenWithinTheSettleTime) {
  Json content = report();
  content["evidence"] = {{"min_interval_ms", {{"at_least", 31}}}};
  see(content, false);
  see(report());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Faults, WrongHashWhereTheValuesAreRightAndTheHashIsNot) {
  Json content = report();
  content["effective"]["state_hash"] = "other";
  see(content);
  EXPECT_THAT(found(), ElementsAre("wrong_hash"));
}

TEST_F(Faults, AnOldHashWithOldValuesIsOneFaultAndNotTwo) {
  Json content = report({{"base_spread_bps", 0.2}, {"tail_age_ms", 600}});
  content["effective"]["state_hash"] = "old";
  see(content);
  EXPECT_THAT(found(), ElementsAre("ignored base_spread_bps", "ignored tail_age_ms"));
}

TEST_F(Faults, ComeInTheOrderOfTheirList) {
  Json content = report({{"tail_age_ms", 605}, {"min_interval_ms", 61}});
  content["evidence"] = {{"base_spread_bps", {{"equals", 0.5}}}};
  see(content);
  Json other = report();
  other["effective"]["instance_id"] = "b";
  see(other);
  EXPECT_THAT(found(), ElementsAre("wrong_value tail_age_ms", "drifted min_interval_ms", "restarted",
                                   "no_effect base_spread_bps"));
}

TEST_F(Faults, NameIterationProposedAndObservedValue) {
  see(report({{"tail_age_ms", 605}}));
  const std::vector<Fault> faults = find_faults(view_, Registry::builtin());
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].iteration, 5);
  EXPECT_EQ(faults[0].detail, "610 was applied, 605 is in effect");
}

TEST(InEffect, ComparesTextAndBooleansAsTheyAre) {
  EXPECT_TRUE(in_effect("fast", "fast", false));
  EXPECT_FALSE(in_effect("fast", "slow", false));
  EXPECT_FALSE(in_effect(true, 1, false));
  EXPECT_FALSE(in_effect(1, nullptr, false));
}

TEST(InEffect, AllowsABillionthAndNoMore) {
  EXPECT_TRUE(in_effect(0.25, 0.25 + 9e-10, false));
  EXPECT_FALSE(in_effect(0.25, 0.25 + 2e-9, false));
}

}  // namespace
}  // namespace soak::verify

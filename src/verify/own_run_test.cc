// Runs of our own: the journal's reports decide, and are read again for faults.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/verify.h"

namespace soak::verify {
namespace {

using journal::IterationFacts;
using journal::RunArtifacts;
using journal::SeenReport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kAge[] = "tail_age_ms";

// Three iterations; the first proposes 610 for 600, and the second and third are given that. The test adds
// the reports.
class OwnRun : public testing::Test {
 protected:
  OwnRun() {
    run_.foreign = false;
    for (int i = 1; i <= 3; ++i) {
      IterationFacts facts;
      facts.has_summary = true;
      facts.record.iteration = i;
      facts.effective = {{kAge, i == 1 ? 600 : 610}};
      facts.has_effective = true;
      run_.iterations.push_back(facts);
      run_.given[i] = {{{kAge, i == 1 ? 600 : 610}}, {{kAge, i <= 2 ? 600 : 610}}, i == 2, "hash", false, {}};
    }
    run_.iterations[0].record.tuning.proposed_deltas = {{kAge, 610}};
    run_.iterations[0].record.tuning.applied = true;
  }
  // The file of iteration 3 and a fourth after it.
  void apply_at_the_end_of_2(int age) {
    run_.iterations[1].record.tuning.proposed_deltas = {{kAge, age}};
    run_.iterations[1].record.tuning.applied = true;
    run_.given[3] = {{{kAge, age}}, {{kAge, 610}}, true, "hash", false, {{kAge, age}}};
    run_.given[4] = {{{kAge, age}}, {{kAge, age}}, false, "hash", false, {}};
    run_.iterations.push_back(run_.iterations[2]);
    run_.iterations.back().record.iteration = 4;
  }
  SeenReport& see(int iteration, int age, bool settled = true) {
    const std::int64_t seq = ++seq_;
    const Json content = {
        {"seq", seq},
        {"effective", {{"instance_id", "a"}, {"state_hash", "hash"}, {"params", {{kAge, age}}}}}};
    return run_.reports.emplace_back(SeenReport{iteration, seq, "", settled, content});
  }
  VerifyResult result() const { return verify_run(run_, Registry::builtin()); }
  std::vector<std::string> faults() const {
    std::vector<std::string> out;
    for (const journal::Fault& fault : result().faults)
      out.push_back(std::to_string(fault.iteration) + " " + fault.kind);
    return out;
  }

  RunArtifacts run_;
  std::int64_t seq_ = 0;
};

TEST_F(OwnRun, IsProvenByEverySettledReport) {
  see(1, 600);
  see(2, 600, false);
  see(2, 610);
  see(2, 610);
  see(3, 610);
  EXPECT_EQ(result().full_apply_count, 1);
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(OwnRun, FailsWhereOneSettledReportInTheMiddleShowsTheOldValue) {
  see(1, 600);
  see(2, 610);
  see(2, 600);
  see(2, 610);
  see(3, 610);
  EXPECT_EQ(result().fail_count, 1);
  EXPECT_EQ(result().failures.at(0).kind, "rolled back");
  EXPECT_THAT(faults(), ElementsAre("2 rolled_back"));
}

TEST_F(OwnRun, FailsWhereTheSummaryShowsTheValueAndNoSettledReportDoes) {
  see(1, 600);
  see(2, 610, false);
  see(3, 610);
  EXPECT_EQ(result().fail_count, 1);
  EXPECT_EQ(result().failures.at(0).kind, "stale report");
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(OwnRun, FailsAnApplyAfterWhichTheRunBrokeOff) {
  see(2, 610);
  run_.broken_off = journal::BrokenOff{4, {{kAge, 620}}};
  ASSERT_EQ(result().fail_count, 1);
  EXPECT_EQ(result().proposed_count, 2);
  EXPECT_THAT(to_line(result().failures.back()), HasSubstr("broke off"));
}

TEST_F(OwnRun, HoldsNothingAgainstARunThatGoesOnForWhatIsYetToCome) {
  see(2, 610);
  run_.broken_off = journal::BrokenOff{4, {{kAge, 620}}};
  run_.in_progress = true;
  EXPECT_EQ(result().fail_count, 0);
  run_.iterations.pop_back();  // the one that has to show the change
  run_.broken_off.reset();
  while (run_.iterations.back().record.tuning.proposed_deltas.empty()) run_.iterations.pop_back();
  EXPECT_EQ(result().fail_count, 0);
  EXPECT_EQ(result().pending_count, 1);
  run_.in_progress = false;
  EXPECT_EQ(result().fail_count, 1);
}

TEST_F(OwnRun, FailsWhereNoReportCame) {
  see(1, 600);
  see(3, 610);
  EXPECT_EQ(result().failures.at(0).kind, "stale report");
  EXPECT_THAT(faults(), ElementsAre("2 stale_report"));
}

TEST_F(OwnRun, TakesAReportSeenTwiceForNoNewOne) {
  see(1, 600);
  SeenReport again = run_.reports.back();
  again.iteration = 2;
  run_.reports.push_back(again);
  see(3, 610);
  EXPECT_THAT(faults(), ElementsAre("2 stale_report"));
}

TEST_F(OwnRun, FailsWhereEvidenceConvictsAnEcho) {
  see(1, 600);
  see(2, 610).report["evidence"] = {{kAge, {{"equals", 600}}}};
  see(3, 610);
  EXPECT_EQ(result().fail_count, 1);
  EXPECT_EQ(result().failures.at(0).kind, "no effect");
  EXPECT_THAT(faults(), ElementsAre("2 no_effect"));
}

TEST_F(OwnRun, CallsAnIgnoredValueThatArrivesAnIterationLaterLateAndNotBoth) {
  see(1, 600);
  see(2, 600);
  see(3, 610);
  run_.iterations[1].record.target.faults = {{2, "ignored", kAge, "as the loop saw it"}};
  EXPECT_EQ(result().fail_count, 1);
  EXPECT_THAT(faults(), ElementsAre("3 late"));
}

TEST_F(OwnRun, KeepsAnOmissionThatANewerApplyMadeGood) {
  see(1, 600);
  see(2, 600);
  see(3, 620);
  see(4, 620);  // nothing new: the newer value stays in effect, and is not the missed one come late
  apply_at_the_end_of_2(620);
  EXPECT_THAT(faults(), ElementsAre("2 ignored"));
}

TEST_F(OwnRun, KeepsAnOmissionWhereANewerApplyNamedTheSameValueAgain) {
  see(1, 600);
  see(2, 600);
  see(3, 610);
  see(4, 610);
  apply_at_the_end_of_2(610);
  EXPECT_THAT(faults(), ElementsAre("2 ignored"));
}

TEST_F(OwnRun, KeepsAnOmissionWhereANewerValueIsLate) {
  see(1, 600);
  see(2, 600);
  see(3, 600);
  see(3, 620);
  see(4, 620);
  apply_at_the_end_of_2(620);
  EXPECT_THAT(faults(), ElementsAre("2 ignored", "3 late"));
}

TEST_F(OwnRun, NamesATargetThatIsAlwaysOneApplyBehindOnceForEachApply) {
  see(1, 600);
  see(2, 600);
  see(3, 610);
  see(4, 620);
  apply_at_the_end_of_2(620);
  EXPECT_THAT(faults(), ElementsAre("3 late", "4 late"));
}

TEST_F(OwnRun, SaysOnceThatAValueNeverArrived) {
  see(1, 600);
  see(2, 600);
  see(3, 600);
  EXPECT_EQ(result().failures.at(0).kind, "never delivered");
  EXPECT_THAT(faults(), ElementsAre("2 ignored"));
}

TEST_F(OwnRun, CountsAFaultOnceThatTheRunRecordedToo) {
  see(1, 600);
  see(2, 605);
  see(3, 605);
  run_.iterations[1].record.target.faults = {{2, "wrong_value", kAge, "605 is in effect"},
                                             {2, "hung", "", ""}};
  EXPECT_THAT(faults(), ElementsAre("2 wrong_value", "2 hung"));
}

TEST_F(OwnRun, FindsWhatTheRunDidNotRecord) {
  see(1, 600);
  see(2, 610);
  see(3, 610).report["effective"]["instance_id"] = "b";
  EXPECT_THAT(faults(), ElementsAre("3 restarted"));
  EXPECT_EQ(result().full_apply_count, 1);
  EXPECT_FALSE(judge(result(), false).passed);
}

TEST_F(OwnRun, BlamesTheRestartWhereANewInstanceLostTheValue) {
  see(1, 600);
  see(2, 605).report["effective"]["instance_id"] = "b";
  see(3, 610).report["effective"]["instance_id"] = "b";
  EXPECT_EQ(result().failures.at(0).kind, "target restarted");
}

TEST_F(OwnRun, DoesNotBlameTheTargetForFollowingAForeignEdit) {
  see(1, 600);
  see(2, 610);
  see(3, 700);
  run_.given[3] = {{{kAge, 700}}, {{kAge, 700}}, false, "hash", true, {}};
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(OwnRun, NoticesATargetThatDoesNotFollowAForeignEdit) {
  see(1, 600);
  see(2, 610);
  see(3, 610);
  run_.given[3] = {{{kAge, 700}}, {{kAge, 700}}, false, "hash", true, {}};
  EXPECT_THAT(faults(), ElementsAre("3 drifted"));
}

TEST_F(OwnRun, IsJudgedByItsSummariesWhereTheJournalHoldsNoReports) {
  EXPECT_EQ(result().full_apply_count, 1);
  EXPECT_THAT(faults(), IsEmpty());
}

}  // namespace
}  // namespace soak::verify

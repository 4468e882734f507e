#include "gate/regression.h"

#include <gmock/gmock.h>

namespace soak::gate {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

journal::RunArtifacts run_with(const std::vector<double>& net_bps) {
  journal::RunArtifacts run;
  for (const double value : net_bps) {
    journal::IterationFacts facts;
    facts.record.iteration = static_cast<std::int64_t>(run.iterations.size()) + 1;
    facts.record.summary.kpis = {{"net_bps", value}};
    run.iterations.push_back(std::move(facts));
  }
  return run;
}

const analyze::Profile& profile() {
  return analyze::market_maker_profile();
}

KpiRegression net_of(const std::vector<KpiRegression>& regressions) {
  for (const KpiRegression& regression : regressions) {
    if (regression.kpi == "net_bps") return regression;
  }
  ADD_FAILURE() << "net_bps is judged";
  return {};
}

const std::vector<double> kGood = {3.0, 3.1, 2.9, 3.2, 3.0, 3.1, 2.9, 3.0};
const std::vector<double> kWorse = {2.0, 2.1, 1.9, 2.2, 2.0, 2.1, 1.9, 2.0};

GateResult passed() {
  GateResult result;
  result.verdict = GateVerdict::kPass;
  return result;
}

TEST(CompareRuns, SaysWhetherTheRunIsWorseAndByHowMuchInTheDirectionOfTheKpi) {
  const auto worse = net_of(compare_runs(run_with(kGood), run_with(kWorse), profile(), 8));
  EXPECT_NEAR(*worse.worse_by, 1.0, 1e-9);
  EXPECT_EQ(worse.comparison.verdict, analyze::ComparisonVerdict::kWorse);
  const auto better = net_of(compare_runs(run_with(kWorse), run_with(kGood), profile(), 8));
  EXPECT_NEAR(*better.worse_by, -1.0, 1e-9);
  EXPECT_EQ(better.comparison.verdict, analyze::ComparisonVerdict::kBetter);
  EXPECT_EQ(net_of(compare_runs(run_with(kGood), run_with(kGood), profile(), 8)).comparison.verdict,
            analyze::ComparisonVerdict::kSame);
}
TEST(CompareRuns, LooksAtTheLastIterationsOnly) {
  std::vector<double> tuned(20, 0.5);
  tuned.insert(tuned.end(), kGood.begin(), kGood.end());
  const auto found = net_of(compare_runs(run_with(tuned), run_with(kGood), profile(), 8));
  EXPECT_NEAR(*found.worse_by, 0, 1e-9);
  EXPECT_EQ(found.comparison.a.count, 8);
}
TEST(CompareRuns, GivesTheSameBitsForTheSameRuns) {
  const auto once = to_json(compare_runs(run_with(kGood), run_with(kWorse), profile(), 8));
  EXPECT_EQ(once, to_json(compare_runs(run_with(kGood), run_with(kWorse), profile(), 8)));
}

TEST(CompareRuns, TakesPercentagesOfOldArtifactsForRatiosAndItsFirstIterationForTheFirst) {
  journal::RunArtifacts old;
  for (int i = 0; i < 3; ++i) {
    journal::IterationFacts facts;
    facts.record.iteration = i;  // old artifacts count from 0
    facts.record.summary.kpis = {{"maker_taker_ratio", 86}};
    old.iterations.push_back(std::move(facts));
  }
  for (const bool foreign : {true, false}) {
    old.foreign = foreign;
    for (const KpiRegression& regression : compare_runs(old, old, profile(), 100)) {
      if (regression.kpi != "maker_taker_ratio") continue;
      EXPECT_EQ(regression.comparison.b.mean, foreign ? 0.86 : 86);
      EXPECT_EQ(regression.comparison.b.count, 3);
    }
  }
}

TEST(JudgeRegressions, FailsARunThatIsWorseThanItMayBeWithBothValuesAndTheLimit) {
  GateResult result = passed();
  judge_regressions(compare_runs(run_with(kGood), run_with(kWorse), profile(), 8), {{"net_bps", 0.5}}, "base",
                    result);
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  ASSERT_EQ(result.checks.size(), 1U);
  EXPECT_EQ(result.checks[0].name, "regression_net_bps");
  EXPECT_EQ(result.checks[0].status, CheckStatus::kFailed);
  EXPECT_NEAR(*result.checks[0].margin, -0.5, 1e-9);
  EXPECT_THAT(result.reasons, Contains(HasSubstr("worse by 1, may be worse by 0.5")));
}
TEST(JudgeRegressions, PassesARunWithinItsLimitOrWithoutOne) {
  const auto regressions = compare_runs(run_with(kGood), run_with(kWorse), profile(), 8);
  GateResult within = passed();
  judge_regressions(regressions, {{"net_bps", 1.5}}, "base", within);
  EXPECT_EQ(within.verdict, GateVerdict::kPass);
  EXPECT_EQ(within.checks[0].status, CheckStatus::kPassed);
  GateResult unlimited = passed();
  judge_regressions(regressions, {}, "base", unlimited);
  EXPECT_THAT(unlimited.checks, IsEmpty());
}
TEST(JudgeRegressions, OfAKpiThatTheRunLacksFailAndOfOneThatTheBaselineLacksWarn) {
  GateResult lacking = passed();
  judge_regressions(compare_runs(run_with(kGood), run_with({}), profile(), 8), {{"net_bps", 1}}, "base",
                    lacking);
  EXPECT_EQ(lacking.verdict, GateVerdict::kFail);
  GateResult nothing = passed();
  judge_regressions(compare_runs(run_with({}), run_with(kGood), profile(), 8), {{"net_bps", 1}}, "base",
                    nothing);
  EXPECT_EQ(nothing.verdict, GateVerdict::kWarn);
  EXPECT_EQ(nothing.checks[0].status, CheckStatus::kNotJudged);
}
TEST(JudgeRegressions, WithoutABaselineEachLimitIsACheckThatWasNotJudged) {
  GateResult result = passed();
  judge_regressions({}, {{"net_bps", 0.5}}, "", result);
  EXPECT_EQ(result.verdict, GateVerdict::kWarn);
  ASSERT_EQ(result.checks.size(), 1U);
  EXPECT_EQ(result.checks[0].name, "regression_net_bps");
  EXPECT_EQ(result.checks[0].status, CheckStatus::kNotJudged);
  EXPECT_THAT(result.warnings, Contains(HasSubstr("there is no baseline")));
}
TEST(JudgeRegressions, AFailureOutweighsTooFewIterations) {
  GateResult result;
  result.verdict = GateVerdict::kInconclusive;
  result.reasons = {"too few"};
  judge_regressions(compare_runs(run_with(kGood), run_with(kWorse), profile(), 8), {{"net_bps", 0.5}}, "base",
                    result);
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  EXPECT_EQ(result.reasons.size(), 1U);
}

}  // namespace
}  // namespace soak::gate

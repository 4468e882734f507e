#include "analyze/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyze/reports.h"

namespace soak::analyze {
namespace {

using testing::HasSubstr;
using testing::Not;

// One failing iteration for each pair of adverse selection and slippage; a gross edge of 5 bps.
journal::RunArtifacts run_with(const std::vector<std::pair<double, double>>& costs) {
  journal::RunArtifacts run;
  run.foreign = false;
  for (const auto& [adverse, slippage] : costs) {
    const auto number = static_cast<std::int64_t>(run.iterations.size()) + 1;
    journal::IterationFacts facts;
    facts.record.iteration = number;
    facts.record.summary.kpis = {{"risk_ratio", 0.3},
                                 {"maker_taker_ratio", 0.9},
                                 {"net_bps", 5 - adverse - slippage},
                                 {"p95_latency_ms", 300}};
    facts.effective = {{"base_spread_bps", static_cast<double>(number)}, {"impact_cap_ratio", 0.1}};
    run.iterations.push_back(facts);
    run.reports.push_back(
        {number,
         number,
         "",
         true,
         {{"totals", {{"gross_bps", 5}, {"adverse_bps", adverse}, {"slippage_bps", slippage}}}}});
  }
  return run;
}

std::vector<Explanation> explained(const journal::RunArtifacts& run) {
  return explain_failures(run, market_maker_profile());
}
std::string failures(const journal::RunArtifacts& run) {
  return failures_markdown(run, market_maker_profile(), Registry::builtin());
}

TEST(Explain, NamesTheLargestMeasuredCost) {
  const journal::RunArtifacts adverse = run_with({{4, 1}, {3, 1}});
  ASSERT_EQ(explained(adverse).size(), 1U);
  EXPECT_EQ(explained(adverse)[0].causes.front().cause->label, "adverse selection");
  EXPECT_DOUBLE_EQ(explained(adverse)[0].causes.front().value, 3.5);
  const journal::RunArtifacts slippage = run_with({{1, 4}, {1, 3}});
  EXPECT_EQ(explained(slippage)[0].causes.front().cause->label, "slippage");
}

TEST(Explain, MeasuresOnlyIterationsThatFailed) {
  const Explanation failure = explained(run_with({{0.5, 0.5}, {4, 1}}))[0];
  EXPECT_EQ(failure.failed_in, std::vector<std::int64_t>{2});
  EXPECT_DOUBLE_EQ(failure.causes.front().value, 4);
}

TEST(Explain, ReadsTheLastReportOfAnIteration) {
  journal::RunArtifacts run = run_with({{4, 1}});
  run.reports.push_back(
      {1, 2, "", true, {{"totals", {{"gross_bps", 5}, {"adverse_bps", 1}, {"slippage_bps", 3}}}}});
  EXPECT_EQ(explained(run)[0].causes.front().cause->label, "slippage");
}

TEST(Explain, KnowsTheWorstIteration) {
  const Explanation failure = explained(run_with({{3, 1}, {4, 2}, {3, 0.5}}))[0];
  EXPECT_EQ(failure.worst_iteration, 2);
  EXPECT_DOUBLE_EQ(*failure.worst, -1);
}

TEST(Explain, TakesTheRunsOwnDriversWhereThereAreNoReports) {
  journal::RunArtifacts run = run_with({{4, 1}, {4, 1}});
  run.reports.clear();
  run.iterations[0].record.tuning.neg_edge_drivers = {"slippage_bps"};
  run.iterations[1].record.tuning.neg_edge_drivers = {"something_else"};
  EXPECT_THAT(failures(run), HasSubstr("named `slippage_bps` as its largest cost in 1 of the 2 iterations"));
}

TEST(Explain, SaysThatNothingWasMeasuredRatherThanGuess) {
  journal::RunArtifacts run = run_with({{4, 1}});
  run.reports.clear();
  EXPECT_THAT(failures(run), HasSubstr("components were not measured"));
  EXPECT_THAT(failures(run), Not(HasSubstr("dverse selection")));
}

TEST(Explain, SaysWhenTheGrossEdgeItselfIsTooSmall) {
  journal::RunArtifacts run = run_with({{4, 1}});
  EXPECT_THAT(failures(run), Not(HasSubstr("no saving on costs alone")));
  run.reports[0].report["totals"]["gross_bps"] = 2;
  EXPECT_THAT(failures(run), HasSubstr("The gross edge itself is 2 bps"));
}

TEST(Explain, FillsParametersIntoTheMeaning) {
  EXPECT_EQ(fill_in("up to {concurrency_limit} orders", {{"concurrency_limit", 12}}), "up to 12 orders");
  EXPECT_EQ(fill_in("up to {concurrency_limit} orders", {}), "up to (concurrency_limit not reported) orders");
  EXPECT_EQ(fill_in("an open { brace", {}), "an open { brace");
}

TEST(Recommendations, MoveOneStepFromTheLastValueInEffect) {
  const std::string text =
      recommendations_markdown(run_with({{4, 1}, {4, 1}}), market_maker_profile(), Registry::builtin());
  EXPECT_THAT(text, HasSubstr("| `base_spread_bps` | 2 | 2.5 |"));      // 25 % up
  EXPECT_THAT(text, HasSubstr("| `impact_cap_ratio` | 0.1 | 0.08 |"));  // 0.02 down
}

TEST(Recommendations, StayWithinTheBounds) {
  journal::RunArtifacts run = run_with({{4, 1}});
  run.iterations[0].effective = {{"base_spread_bps", 48}, {"impact_cap_ratio", 0.01}};
  const std::string text = recommendations_markdown(run, market_maker_profile(), Registry::builtin());
  EXPECT_THAT(text, HasSubstr("| `base_spread_bps` | 48 | 50 |"));
  EXPECT_THAT(text, Not(HasSubstr("| `impact_cap_ratio` | 0.01 | 0")));
}

TEST(Recommendations, LeaveARunThatPassesAlone) {
  const std::string text =
      recommendations_markdown(run_with({{1, 0.5}}), market_maker_profile(), Registry::builtin());
  EXPECT_THAT(text, HasSubstr("leave the parameters as they are"));
}

}  // namespace
}  // namespace soak::analyze

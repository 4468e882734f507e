#include "export/plot.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace soak::exporting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(NiceTicks, AreRoundNumbersWithinTheRange) {
  EXPECT_THAT(nice_ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(nice_ticks(-3, 17, 4), ElementsAre(0, 5, 10, 15));
  EXPECT_EQ(nice_ticks(1, 10'000, 10).size(), 10U);
}

TEST(NiceTicks, AreNoneWhereDoublesCannotTellTheValuesApart) {
  EXPECT_THAT(nice_ticks(1e17, 1e17 + 16, 5), ::testing::SizeIs(::testing::Le(100U)));
  EXPECT_THAT(nice_ticks(1e300, 1e300, 5), ::testing::IsEmpty());
}

TEST(PlotSvg, DrawsALineAndItsThresholdWithTheSideThatFailsShaded) {
  Plot plot{"net_bps",
            "iteration",
            "bps",
            {{"net_bps", LineStyle::kLine, {{1, 1}, {2, 3}}}},
            PlotThreshold{2, true}};
  const std::string svg = plot_svg(plot);
  EXPECT_THAT(svg, HasSubstr("threshold: at least 2"));
  EXPECT_THAT(svg, HasSubstr("M74.0 "));
  // From the threshold down to the axis.
  EXPECT_THAT(svg, HasSubstr("y=\"165.0\" width=\"870\" height=\"111.0\""));
}
TEST(PlotSvg, ThatHoldsMoreThanItCanShowKeepsEveryOutlier) {
  PlotLine line{"y", LineStyle::kLine, {}};
  for (int k = 0; k < 100'000; ++k) line.points.emplace_back(k, k == 54'321 ? 1000 : k % 2);
  const std::string svg = plot_svg({"y", "iteration", "y", {line}, {}});
  EXPECT_LT(svg.size(), 60'000U);
  // The peak: six per cent below the upper edge of 1060 that the range is widened to.
  EXPECT_THAT(svg, HasSubstr(" 65.9"));
}
TEST(PlotSvg, StepsRunOnToTheEndAndMarksStandAlone) {
  const Plot plot{
      "p",
      "iteration",
      "ms",
      {{"in effect", LineStyle::kSteps, {{1, 5}, {2, 7}}}, {"proposed", LineStyle::kMarks, {{4, 7}}}},
      {}};
  const std::string svg = plot_svg(plot);
  EXPECT_THAT(svg, HasSubstr("H944.0\""));
  EXPECT_EQ(count(svg, "<circle cx=\"944.0\""), 1U);
}
TEST(PlotSvg, WithoutDataSaysSo) {
  EXPECT_THAT(plot_svg({"k", "iteration", "k", {{"k", LineStyle::kLine, {}}}, {}}), HasSubstr("no data"));
}
TEST(PlotSvg, OfOnePointOrOfOneValueHasAnAxisAllTheSame) {
  const std::string svg = plot_svg({"k", "iteration", "k", {{"k", LineStyle::kLine, {{3, 0}}}}, {}});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}
TEST(PlotSvg, NamesAreTextAndNoMarkup) {
  EXPECT_THAT(plot_svg({"<script>", "x", "y", {}, {}}), Not(HasSubstr("<script>")));
}

TEST(RunPlots, AreOneOfEachKpiAndOfEachNumericParameter) {
  journal::RunArtifacts run;
  for (int i = 1; i <= 3; ++i) {
    journal::IterationFacts facts;
    facts.record.iteration = i;
    facts.record.summary.kpis = {{"net_bps", i}};
    facts.effective = {{"min_interval_ms", 60 + i}, {"mode", "fast"}};
    if (i == 2) facts.record.tuning.proposed_deltas = {{"min_interval_ms", 63}};
    facts.record.tuning.applied = i == 2;
    run.iterations.push_back(facts);
  }
  const auto plots = run_plots(run, analyze::market_maker_profile(), Registry::builtin());
  std::vector<std::string> names;
  for (const auto& [name, svg] : plots) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("kpi_net_bps.svg", "parameter_min_interval_ms.svg"));
  EXPECT_THAT(plots[0].second, HasSubstr("threshold: at least 2.7"));
  EXPECT_THAT(plots[1].second, HasSubstr("proposed"));
  EXPECT_EQ(count(plots[1].second, "<circle cx"), 2U);  // in the legend, and its own
}

TEST(RunPlots, PercentagesOfOldArtifactsAreDrawnAsRatios) {
  journal::RunArtifacts run;
  for (const int i : {1, 2}) {
    journal::IterationFacts facts;
    facts.record.iteration = i;
    facts.record.summary.kpis = {{"risk_ratio", 0.30}};
    run.iterations.push_back(facts);
  }
  const auto drawn = [&] { return run_plots(run, analyze::market_maker_profile(), Registry::builtin()); };
  const auto as_ratio = drawn();
  for (auto& facts : run.iterations) facts.record.summary.kpis["risk_ratio"] = 30;
  EXPECT_EQ(drawn(), as_ratio);
}

TEST(RunPlots, FileNamesAreSafeAndNoTwoTheSame) {
  journal::RunArtifacts run;
  journal::IterationFacts facts;
  facts.record.iteration = 1;
  facts.effective = {{"../a", 1}, {"..-a", 2}};
  run.iterations.push_back(facts);
  std::vector<std::string> names;
  for (const auto& [name, svg] : run_plots(run, analyze::market_maker_profile(), Registry::builtin()))
    names.push_back(name);
  EXPECT_THAT(names, ElementsAre("parameter_---a.svg", "parameter_---a-2.svg"));
}

}  // namespace
}  // namespace soak::exporting

#include "analyze/snapshot.h"

#include <gtest/gtest.h>

#include "analyze/statistics.h"

namespace soak::analyze {
namespace {

const journal::Kpis kGood = {
    {"risk_ratio", 0.3}, {"maker_taker_ratio", 0.9}, {"net_bps", 3.0}, {"p95_latency_ms", 300}};

journal::IterationFacts facts(std::int64_t iteration, const journal::Kpis& kpis = kGood,
                              const std::string& signature = "") {
  journal::IterationFacts facts;
  facts.record.iteration = iteration;
  facts.record.summary.kpis = kpis;
  facts.record.summary.state_hash = signature.empty() ? "s" + std::to_string(iteration) : signature;
  facts.has_summary = true;
  return facts;
}

journal::RunArtifacts run_of(int passing, int failing = 0) {
  journal::RunArtifacts run;
  journal::Kpis bad = kGood;
  bad["net_bps"] = 1;
  for (int i = 1; i <= failing + passing; ++i) run.iterations.push_back(facts(i, i <= failing ? bad : kGood));
  return run;
}

Snapshot snapshot_of(const journal::RunArtifacts& run) {
  return take_snapshot(run, market_maker_profile());
}

TEST(Snapshot, PassesWithSixPassingIterationsAndAFreeze) {
  journal::RunArtifacts run = run_of(6, 2);
  run.iterations[7].summary_guards.freeze_triggered = true;
  EXPECT_EQ(snapshot_of(run).verdict, Verdict::kPass);
  EXPECT_TRUE(snapshot_of(run).freeze_ready);
}

TEST(Snapshot, WarnsWithEightPassingIterationsAndNoFreeze) {
  EXPECT_EQ(snapshot_of(run_of(8)).verdict, Verdict::kWarn);
  EXPECT_FALSE(snapshot_of(run_of(8)).freeze_ready);
}

TEST(Snapshot, WarnsWithFiveAndFailsWithFour) {
  EXPECT_EQ(snapshot_of(run_of(5, 3)).verdict, Verdict::kWarn);
  EXPECT_EQ(snapshot_of(run_of(4, 4)).verdict, Verdict::kFail);
}

TEST(Snapshot, IsNotFreezeReadyWithFivePassingAndAFreeze) {
  journal::RunArtifacts run = run_of(5, 3);
  run.iterations[7].summary_guards.freeze_triggered = true;
  EXPECT_EQ(snapshot_of(run).verdict, Verdict::kWarn);
  EXPECT_FALSE(snapshot_of(run).freeze_ready);
}

TEST(Snapshot, LooksAtTheLastEightIterationsThatExist) {
  journal::RunArtifacts run = run_of(8, 4);
  run.iterations[3].summary_guards.freeze_triggered = true;  // before the window
  run.iterations.erase(run.iterations.begin() + 5);          // a gap pulls iteration 4 into it
  const Snapshot snapshot = snapshot_of(run);
  EXPECT_EQ(snapshot.pass_count, 7);
  EXPECT_EQ(snapshot.first_iteration, 4);
  EXPECT_EQ(snapshot.last_iteration, 12);
  EXPECT_TRUE(snapshot.freeze_seen);
}

TEST(Snapshot, TakesAShortRunAsItIs) {
  EXPECT_EQ(snapshot_of(run_of(3)).verdict, Verdict::kFail);
  EXPECT_EQ(snapshot_of(run_of(3)).window, 3);
  EXPECT_EQ(snapshot_of({}).verdict, Verdict::kFail);
}

TEST(Snapshot, IgnoresFlagsThatOnlyTheReportHas) {
  journal::RunArtifacts run = run_of(8);
  run.iterations[7].record.tuning.guards.freeze_triggered = true;
  run.iterations[7].record.tuning.guards.cooldown_active = true;
  EXPECT_FALSE(snapshot_of(run).freeze_seen);
  EXPECT_EQ(snapshot_of(run).guards.cooldown, 0);
}

TEST(Snapshot, CountsTheGuardsOfTheSummaries) {
  journal::RunArtifacts run = run_of(8);
  run.iterations[0].summary_guards = {true, true, false, false, {}};
  run.iterations[1].summary_guards = {true, false, true, true, {}};
  const Json guards = to_json(snapshot_of(run)).at("guards_last8");
  EXPECT_EQ(
      guards,
      Json::parse(R"({"cooldown_count":1,"velocity_count":1,"oscillation_count":1,"freeze_events":2})"));
}

TEST(Snapshot, TakesAValueAboveOneAsAPercentageInOldArtifactsOnly) {
  journal::RunArtifacts run = run_of(0);
  run.iterations = {
      facts(1, {{"risk_ratio", 30}, {"maker_taker_ratio", 90}, {"net_bps", 3}, {"p95_latency_ms", 300}})};
  EXPECT_EQ(snapshot_of(run).pass_count, 1);
  EXPECT_DOUBLE_EQ(*snapshot_of(run).kpis[0].mean, 0.3);
  run.foreign = false;
  EXPECT_EQ(snapshot_of(run).pass_count, 0);
}

TEST(Snapshot, LeavesMissingKpisOutOfTheMean) {
  journal::RunArtifacts run = run_of(2);
  run.iterations[0].record.summary.kpis.erase("net_bps");
  run.iterations[1].record.summary.kpis["net_bps"] = 4;
  const Json kpis = to_json(snapshot_of(run)).at("kpi_last8");
  EXPECT_EQ(kpis.at("net_bps").at("mean"), 4.0);
  EXPECT_EQ(kpis.size(), 4U);
}

TEST(Snapshot, SaysHowSureAMeanIs) {
  journal::RunArtifacts run = run_of(8);
  const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
  for (std::size_t i = 0; i < 8; ++i) run.iterations[i].record.summary.kpis["net_bps"] = values[i];
  const Json kpis = to_json(snapshot_of(run)).at("kpi_last8");
  EXPECT_EQ(kpis.at("net_bps").at("standard_error"), 0.755929);  // sqrt(32 / 7 / 8)
  EXPECT_EQ(kpis.at("net_bps").at("count"), 8);
  EXPECT_EQ(kpis.at("risk_ratio").at("standard_error"), 0.0);
  EXPECT_TRUE(to_json(snapshot_of(run_of(1))).at("kpi_last8").at("net_bps").at("standard_error").is_null());
}

TEST(Snapshot, GivesNullWhereAKpiHasNoData) {
  journal::RunArtifacts run = run_of(2);
  for (auto& one : run.iterations) one.record.summary.kpis.erase("net_bps");
  EXPECT_TRUE(to_json(snapshot_of(run)).at("kpi_last8").at("net_bps").at("mean").is_null());
}

TEST(Snapshot, CountsSignatureLoops) {
  journal::RunArtifacts run;
  for (const char* signature : {"a", "b", "a", "b", "b", "b"}) {
    run.iterations.push_back(facts(static_cast<std::int64_t>(run.iterations.size()) + 1, kGood, signature));
  }
  EXPECT_EQ(snapshot_of(run).signature_loops, 2);
}

TEST(Snapshot, TakesAMissingSignatureForAValueOfItsOwn) {
  journal::RunArtifacts run;
  for (const char* signature : {"a", "-", "a", "-"}) {
    run.iterations.push_back(facts(static_cast<std::int64_t>(run.iterations.size()) + 1, kGood, signature));
    if (*signature == '-') run.iterations.back().record.summary.state_hash.clear();
  }
  EXPECT_EQ(snapshot_of(run).signature_loops, 2);
}

TEST(Snapshot, ComparesRecordedVerdictsWithItsOwn) {
  journal::RunArtifacts run = run_of(2);
  EXPECT_FALSE(snapshot_of(run).kpi_gate_parity.has_value());
  run.iterations[0].record.kpi_verdict = "PASS";
  EXPECT_EQ(snapshot_of(run).kpi_gate_parity, true);
  run.iterations[1].record.kpi_verdict = "FAIL";
  EXPECT_EQ(snapshot_of(run).kpi_gate_parity, false);
}

TEST(Anomalies, FindsALatencySpikeAndAMissingKpi) {
  journal::RunArtifacts run = run_of(8);
  run.iterations[3].record.summary.kpis["p95_latency_ms"] = 900;
  run.iterations[5].record.summary.kpis.erase("risk_ratio");
  const std::vector<Anomaly> anomalies =
      find_anomalies(judge_run(run, market_maker_profile()), market_maker_profile());
  ASSERT_EQ(anomalies.size(), 2U);
  EXPECT_EQ(anomalies[0].iteration, 4);
  EXPECT_EQ(anomalies[0].value, 900);
  EXPECT_EQ(anomalies[1].kpi, "risk_ratio");
  EXPECT_FALSE(anomalies[1].value.has_value());
}

TEST(Anomalies, LeavesSmallMovesAlone) {
  journal::RunArtifacts run = run_of(8);
  run.iterations[3].record.summary.kpis["p95_latency_ms"] = 320;
  EXPECT_EQ(snapshot_of(run).anomalies_count, 0);
}

TEST(JudgeRun, CountsWarmUpFromTheFirstIterationOfARunNumberedFromZero) {
  const Result<Profile> profile = parse_profile(
      R"({"name":"t","kpis":[{"name":"net_bps","direction":"at_least","threshold":1,"warm_up":1}]})", "p");
  ASSERT_TRUE(profile.has_value());
  journal::RunArtifacts run;
  run.iterations = {facts(0), facts(1)};
  const std::vector<JudgedIteration> judged = judge_run(run, *profile);
  EXPECT_TRUE(judged[0].verdicts.empty());
  EXPECT_EQ(judged[1].verdicts.size(), 1U);
}

TEST(Statistics, RoundsAsPythonDoes) {
  EXPECT_EQ(round3(1.0005), 1.0);    // the binary value lies below the tie
  EXPECT_EQ(round3(0.0625), 0.062);  // an exact tie goes to the even digit
  EXPECT_EQ(round3(0.1875), 0.188);
  EXPECT_EQ(round3(279.375), 279.375);
  EXPECT_FALSE(std::signbit(round3(-0.0001)));
  EXPECT_EQ(round3(1e300), 1e300);
}

TEST(Statistics, AddsWithoutLosingSmallTerms) {
  EXPECT_EQ(*mean_of({1e16, 1.0, -1e16}), 1.0 / 3);
  EXPECT_EQ(*mean_of({0.1, 0.1, 0.1}), 0.1);
  EXPECT_EQ(*mean_of({1.7e308, 1.7e308}), 1.7e308);
  EXPECT_FALSE(mean_of({}).has_value());
}

TEST(Statistics, TakesTheMiddleOfTheSortedValues) {
  EXPECT_EQ(*median_of({3, 1, 2}), 2);
  EXPECT_EQ(*median_of({4, 1, 2, 3}), 2.5);
  EXPECT_FALSE(median_of({}).has_value());
}

}  // namespace
}  // namespace soak::analyze

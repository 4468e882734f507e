#include "gate/gate.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace soak::gate {
namespace {

using analyze::market_maker_profile;

verify::VerifyResult found(double ratio, int full, int partial, int failed, int proposed) {
  verify::VerifyResult result;
  result.full_apply_ratio = ratio;
  result.full_apply_count = full;
  result.partial_ok_count = partial;
  result.fail_count = failed;
  result.proposed_count = proposed;
  return result;
}

// A run that passes everything: eight good iterations, a freeze, and every proposal delivered.
class Gate : public testing::Test {
 protected:
  Gate() {
    for (int i = 1; i <= 8; ++i) {
      journal::IterationFacts facts;
      facts.record.iteration = i;
      facts.record.summary.kpis = {
          {"risk_ratio", 0.3}, {"maker_taker_ratio", 0.9}, {"net_bps", 3.0}, {"p95_latency_ms", 300}};
      run_.iterations.push_back(facts);
    }
    run_.iterations[6].summary_guards.freeze_triggered = true;
    delivery_ = found(1.0, 4, 0, 0, 4);
  }

  GateResult judged(const GateOptions& options = {}) const {
    return judged_by(market_maker_profile(), options);
  }
  GateResult judged_by(const analyze::Profile& profile, const GateOptions& options = {}) const {
    return judge(run_, profile, analyze::take_snapshot(run_, profile), &delivery_, options);
  }
  void fail_iterations(int count) {
    for (int i = 0; i < count; ++i)
      run_.iterations[static_cast<std::size_t>(i)].record.summary.kpis["net_bps"] = 1;
  }
  void unfreeze() { run_.iterations[6].summary_guards.freeze_triggered = false; }
  void hold_all() { delivery_ = found(0.0, 0, 4, 0, 4); }
  void set_ratio(double ratio) { delivery_ = found(ratio, 9, 1, 0, 10); }

  journal::RunArtifacts run_;
  verify::VerifyResult delivery_;
};

const Check& check_of(const GateResult& result, const std::string& name) {
  return *std::find_if(result.checks.begin(), result.checks.end(),
                       [&](const Check& check) { return check.name == name; });
}

TEST_F(Gate, PassesARunThatIsInOrder) {
  EXPECT_EQ(judged().verdict, GateVerdict::kPass);
  EXPECT_EQ(judged({true, false, false}).verdict, GateVerdict::kPass);
  EXPECT_TRUE(judged().reasons.empty());
}

TEST_F(Gate, FailsOnTheKpiVerdictAndNamesTheCounts) {
  fail_iterations(4);
  const GateResult result = judged({false, true, false});
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  ASSERT_EQ(result.reasons.size(), 1U);
  EXPECT_NE(result.reasons[0].find("4 of the last 8 iterations pass, at least 5 must"), std::string::npos)
      << result.reasons[0];
  EXPECT_EQ(check_of(result, "verdict").margin, -1);
}

TEST_F(Gate, SpeaksOfOneInTheSingular) {
  run_.iterations.resize(1);
  run_.header.emplace().iterations = 1;
  delivery_ = found(0.0, 0, 1, 0, 1);
  const GateResult result = judged();
  EXPECT_EQ(check_of(result, "verdict").message,
            "KPI verdict FAIL: 1 of the last 1 iteration passes, at least 5 must (PASS: 6 and a freeze)");
  EXPECT_EQ(check_of(result, "run_length").message, "1 iteration found, 1 asked for");
  EXPECT_EQ(check_of(result, "full_apply_ratio").message,
            "delivery is unproven: guards held 1 of 1 proposal");
}

TEST_F(Gate, NeverPassesOnAWarnAlone) {
  unfreeze();
  EXPECT_EQ(judged().verdict, GateVerdict::kFail);
}

TEST_F(Gate, LetsAnUnfrozenRunThroughWhenToldToAndSaysSo) {
  unfreeze();
  const GateResult result = judged({false, true, false});
  EXPECT_EQ(result.verdict, GateVerdict::kWarn);
  EXPECT_EQ(check_of(result, "freeze_ready").status, CheckStatus::kSkipped);
  EXPECT_FALSE(result.warnings.empty());
}

TEST_F(Gate, FailsBelowARatioOf090) {
  set_ratio(0.9);
  EXPECT_TRUE(judged().passed());
  set_ratio(0.899);
  EXPECT_FALSE(judged().passed());
}

TEST_F(Gate, FailsBelowARatioOf095WhenStrict) {
  set_ratio(0.95);
  EXPECT_TRUE(judged({true, false, false}).passed());
  set_ratio(0.949);
  EXPECT_FALSE(judged({true, false, false}).passed());
}

TEST_F(Gate, WarnsThatDeliveryIsUnprovenWhereNothingWasProposed) {
  delivery_ = {};
  const GateResult result = judged();
  EXPECT_EQ(result.verdict, GateVerdict::kWarn);
  EXPECT_EQ(check_of(result, "full_apply_ratio").status, CheckStatus::kWarned);
  EXPECT_FALSE(result.warnings.empty());
}

TEST_F(Gate, FailsWhenStrictAndAllWasHeldByGuards) {
  hold_all();
  EXPECT_EQ(judged().verdict, GateVerdict::kWarn);
  EXPECT_EQ(judged({true, false, false}).verdict, GateVerdict::kFail);
}

TEST_F(Gate, AcceptsNoProposalsWhenToldTo) {
  delivery_ = {};
  EXPECT_TRUE(judged({true, false, true}).passed());
  EXPECT_NE(check_of(judged({true, false, true}), "full_apply_ratio").status, CheckStatus::kPassed);
}

TEST_F(Gate, JudgesTheRatioWhereOneFailureStandsBesideHeldProposals) {
  delivery_ = found(0.0, 0, 3, 1, 4);
  EXPECT_EQ(judged().verdict, GateVerdict::kFail);
}

TEST_F(Gate, FailsOnTwoStuckSignatures) {
  delivery_.signature_stuck_count = 1;
  EXPECT_TRUE(judged().passed());
  delivery_.signature_stuck_count = 2;
  EXPECT_FALSE(judged().passed());
}

TEST_F(Gate, FailsOnADeliveryFaultAndNamesIt) {
  delivery_.faults = {{5, "restarted", "", "new instance"}};
  const GateResult result = judged();
  EXPECT_EQ(result.verdict, GateVerdict::kFail);
  EXPECT_NE(result.reasons.at(0).find("iteration 5 restarted"), std::string::npos);
}

TEST_F(Gate, FailsARunThatIsShorterThanItsHeaderSays) {
  run_.header = journal::RunHeader{};
  run_.header->iterations = 8;
  EXPECT_TRUE(judged().passed());
  run_.header->iterations = 9;
  EXPECT_FALSE(judged().passed());
  EXPECT_EQ(check_of(judged(), "run_length").margin, -1);
}

TEST_F(Gate, DoesNotJudgeTheLengthOfARunThatGoesOn) {
  run_.header = journal::RunHeader{};
  run_.header->iterations = 9;
  run_.in_progress = true;
  EXPECT_TRUE(judged().passed());
  EXPECT_EQ(check_of(judged(), "run_length").status, CheckStatus::kNotJudged);
}

TEST_F(Gate, DoesNotCountALengthThatNobodyRecordedAsPassed) {
  EXPECT_EQ(check_of(judged(), "run_length").status, CheckStatus::kNotJudged);
}

TEST_F(Gate, CountsNoSkippedDeliveryCheckAsPassed) {
  const GateResult result =
      judge(run_, market_maker_profile(), analyze::take_snapshot(run_, market_maker_profile()), nullptr,
            {true, false, false});
  EXPECT_EQ(result.verdict, GateVerdict::kWarn);
  for (const char* name : {"full_apply_ratio", "signature_stuck_count", "fault_count"}) {
    EXPECT_EQ(check_of(result, name).status, CheckStatus::kSkipped) << name;
  }
}

TEST_F(Gate, IsInconclusiveOnlyWhereTheProfileAsksForMoreIterations) {
  analyze::Profile profile = market_maker_profile();
  profile.min_iterations = 8;
  EXPECT_EQ(judged_by(profile).verdict, GateVerdict::kPass);
  profile.min_iterations = 9;
  EXPECT_EQ(judged_by(profile).verdict, GateVerdict::kInconclusive);
  EXPECT_FALSE(judged_by(profile).passed());
  run_.iterations.resize(2);
  EXPECT_EQ(judged().verdict, GateVerdict::kFail);
}

TEST_F(Gate, FailsOnAFaultEvenWithTooFewIterations) {
  analyze::Profile profile = market_maker_profile();
  profile.min_iterations = 9;
  delivery_.faults = {{5, "ignored", "tail_age_ms", ""}};
  EXPECT_EQ(judged_by(profile).verdict, GateVerdict::kFail);
}

TEST_F(Gate, FailsARunWithoutIterations) {
  run_.iterations.clear();
  EXPECT_EQ(judged().verdict, GateVerdict::kFail);
}

TEST_F(Gate, WarnsAboutAnotherProfileThanTheRunsOwn) {
  run_.header = journal::RunHeader{};
  run_.header->kpi_profile = "custom";
  EXPECT_EQ(judged().verdict, GateVerdict::kWarn);
}

TEST_F(Gate, GivesEachCheckMeasuredThresholdAndMarginInJson) {
  const Json json = to_json(judged(), analyze::take_snapshot(run_, market_maker_profile()), &delivery_);
  EXPECT_EQ(json.at("verdict"), "PASS");
  EXPECT_EQ(json.at("checks").size(), 6U);
  for (const Json& check : json.at("checks")) {
    for (const char* key : {"name", "status", "measured", "threshold", "margin", "message"})
      EXPECT_TRUE(check.contains(key)) << key;
  }
  EXPECT_EQ(json.at("delivery").at("full_apply_ratio"), 1.0);
}

}  // namespace
}  // namespace soak::gate

#include <gtest/gtest.h>

#include "tuner/tuner.h"

namespace soak::tuner {
namespace {

ParamValues badly_set() {
  return {{"base_spread_bps", 1.0},  {"base_spread_bps_delta", 0.1}, {"impact_cap_ratio", 0.14},
          {"max_delta_ratio", 0.6},  {"risk_limit_ratio", 0.3},      {"replace_rate_per_min", 600},
          {"concurrency_limit", 12}, {"tail_age_ms", 250},           {"min_interval_ms", 30},
          {"max_age_ms", 3000}};
}

journal::Kpis kpis(double risk, double maker, double net, double latency) {
  return {{"risk_ratio", risk}, {"maker_taker_ratio", maker}, {"net_bps", net}, {"p95_latency_ms", latency}};
}

// A run of one parameter set, as the loop would hand it to the tuner at the end of an iteration.
class RulesTuner : public testing::Test {
 protected:
  RulesTuner() { history_.start(badly_set()); }
  Proposal propose(const journal::Kpis& kpi, bool steady = false, const ParamValues& current = badly_set()) {
    ++iteration_;
    history_.observe(iteration_, base::kMockEpoch + iteration_ * std::chrono::minutes(5), current, steady);
    TunerInput input;
    input.iteration = iteration_;
    input.registry = &Registry::builtin();
    input.history = &history_;
    input.current = current;
    recent_.push_back(kpi);
    input.recent = recent_;
    input.totals = totals_;
    input.pinned = pinned_;
    input.bad_values = &bad_values_;
    return tuner_->propose(input);
  }
  double value(const Proposal& proposal, const char* name) const {
    const auto found = proposal.proposed_deltas.find(name);
    return found == proposal.proposed_deltas.end() ? badly_set().at(name).get<double>()
                                                   : found->second.get<double>();
  }
  std::unique_ptr<Tuner> tuner_ = make_rules_tuner();
  guards::GuardHistory history_;
  std::deque<journal::Kpis> recent_;
  Json totals_;
  std::set<std::string> pinned_;
  BadValues bad_values_;
  std::int64_t iteration_ = 0;
};

TEST_F(RulesTuner, MakesOrdersSmallerWhereTheInventoryLimitBlocks) {
  const Proposal proposal = propose(kpis(0.5, 0.95, 5, 200));
  EXPECT_LT(value(proposal, "impact_cap_ratio"), 0.14);
  EXPECT_GT(value(proposal, "risk_limit_ratio"), 0.3);
}
TEST_F(RulesTuner, SendsLessWhereTheExchangeIsSlow) {
  const Proposal proposal = propose(kpis(0.1, 0.95, 5, 400));
  EXPECT_LT(value(proposal, "concurrency_limit"), 12);
  EXPECT_LT(value(proposal, "replace_rate_per_min"), 600);
  EXPECT_GT(value(proposal, "tail_age_ms"), 250);
}
TEST_F(RulesTuner, StandsWiderWhereTheEdgeDoesNotPay) {
  const Proposal proposal = propose(kpis(0.1, 0.95, 1, 200));
  EXPECT_GT(value(proposal, "base_spread_bps"), 1.0);
}
TEST_F(RulesTuner, CutsSizeWhereSlippageEatsTheEdge) {
  totals_ = {{"gross_bps", 5.0}, {"slippage_bps", 2.0}, {"adverse_bps", 0.1}};
  EXPECT_LT(value(propose(kpis(0.1, 0.95, 1, 200)), "impact_cap_ratio"), 0.14);
}
TEST_F(RulesTuner, StandsCloserWhereNothingTrades) {
  EXPECT_LT(value(propose({{"risk_ratio", 0.0}, {"p95_latency_ms", 100}}), "base_spread_bps"), 1.0);
}
TEST_F(RulesTuner, SaysWhyInItsConditions) {
  const Proposal proposal = propose(kpis(0.5, 0.95, 5, 200));
  ASSERT_EQ(proposal.conditions.size(), 1U);
  EXPECT_NE(proposal.conditions[0].find("risk_ratio 0.50"), std::string::npos) << proposal.conditions[0];
}
TEST_F(RulesTuner, ProposesNothingWhereEveryKpiIsWhereItShouldBe) {
  const Proposal proposal = propose(kpis(0.2, 0.95, 4, 265));
  EXPECT_TRUE(proposal.proposed_deltas.empty());
  EXPECT_FALSE(proposal.rationale.empty());
}
TEST_F(RulesTuner, QuotesALittleMoreWhereEverythingHasRoom) {
  const Proposal proposal = propose(kpis(0.05, 0.99, 6, 150));
  EXPECT_LT(value(proposal, "min_interval_ms"), 30);
  EXPECT_GT(value(proposal, "impact_cap_ratio"), 0.14);
}
TEST_F(RulesTuner, NeverWidensAndSpeedsUpAtOnceWhileRiskIsHigh) {
  const Proposal proposal = propose(kpis(0.7, 0.5, 0.5, 200));
  EXPECT_GT(value(proposal, "base_spread_bps"), 1.0);
  EXPECT_GE(value(proposal, "min_interval_ms"), 30);
  EXPECT_LE(value(proposal, "replace_rate_per_min"), 600);
  EXPECT_GE(value(proposal, "tail_age_ms"), 250);
}
TEST_F(RulesTuner, IsNotStoppedHalfWayByOneLuckyReading) {
  propose(kpis(0.1, 0.95, 2.0, 200));
  EXPECT_GT(value(propose(kpis(0.1, 0.95, 3.9, 200)), "base_spread_bps"), 1.0);
}
TEST_F(RulesTuner, LeavesAPinnedParameterAlone) {
  pinned_ = {"impact_cap_ratio"};
  EXPECT_FALSE(propose(kpis(0.5, 0.95, 5, 200)).proposed_deltas.contains("impact_cap_ratio"));
}
TEST_F(RulesTuner, NeverProposesAValueAgainThatWasFoundBad) {
  const Json spread = propose(kpis(0.1, 0.95, 1, 200)).proposed_deltas.at("base_spread_bps");
  bad_values_.add("base_spread_bps", spread);
  const Proposal again = propose(kpis(0.1, 0.95, 1, 200));
  EXPECT_FALSE(again.proposed_deltas.contains("base_spread_bps"));
  EXPECT_TRUE(again.proposed_deltas.contains("base_spread_bps_delta")) << "the others go on";
}
TEST_F(RulesTuner, StaysWithinFourFifthsOfAStepSoThatNoCooldownBegins) {
  const Proposal proposal = propose(kpis(0.9, 0.3, -5, 900));
  for (const auto& [name, target] : proposal.proposed_deltas) {
    const double now = badly_set().at(name).get<double>();
    const auto limit = step_limit_at(*Registry::builtin().find(name), now);
    EXPECT_LE(std::abs(target.get<double>() - now), 0.8 * *limit + 1e-9) << name;
  }
  EXPECT_GE(proposal.proposed_deltas.size(), 7U);
}
TEST_F(RulesTuner, HoldsBackWhileTheFreezeGuardIsSet) {
  propose(kpis(0.2, 0.95, 3, 400), true);
  const Proposal proposal = propose(kpis(0.2, 0.95, 3, 400), true);
  EXPECT_TRUE(proposal.proposed_deltas.empty());
  EXPECT_EQ(proposal.rationale, "steady: frozen");
}
TEST_F(RulesTuner, NeverProposesWhatAGuardWouldHold) {
  ParamValues current = badly_set();
  int proposed = 0;
  for (int i = 0; i < 40;
       ++i) {  // hours of bad news: velocity runs out, and nothing may be held all the same
    const Proposal proposal = propose(kpis(0.9, 0.3, -5, 900), false, current);
    const GuardFlags flags = guards::evaluate(history_, proposal.proposed_deltas, {}, Registry::builtin());
    if (proposal.proposed_deltas.empty()) continue;
    ++proposed;
    EXPECT_FALSE(flags.any()) << "iteration " << iteration_;
    for (const auto& [name, target] : proposal.proposed_deltas) current[name] = target;
    history_.applied(proposal.proposed_deltas, Registry::builtin(), {});
  }
  EXPECT_GT(proposed, 10);
}
TEST_F(RulesTuner, KeepsIntegersWholeAndInsideTheBounds) {
  ParamValues current = badly_set();
  current["concurrency_limit"] = 2;
  current["impact_cap_ratio"] = 0.011;
  history_.start(current);
  const Proposal proposal = propose(kpis(0.9, 0.3, -5, 900), false, current);
  EXPECT_TRUE(proposal.proposed_deltas.at("concurrency_limit").is_number_integer());
  EXPECT_EQ(proposal.proposed_deltas.at("concurrency_limit"), 1);
  EXPECT_DOUBLE_EQ(proposal.proposed_deltas.at("impact_cap_ratio").get<double>(), 0.01);
}
TEST_F(RulesTuner, KeepsQuietWithoutKpis) {
  EXPECT_TRUE(propose({}).proposed_deltas.empty());
}

}  // namespace
}  // namespace soak::tuner

#include "analyze/profile.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace soak::analyze {
namespace {

Profile parsed(const std::string& text) {
  Result<Profile> profile = parse_profile(text, "p.json");
  EXPECT_TRUE(profile.has_value()) << (profile ? "" : to_line(profile.error()));
  return profile ? *profile : Profile{};
}

std::string refused(const std::string& text) {
  const Result<Profile> profile = parse_profile(text, "p.json");
  EXPECT_FALSE(profile.has_value());
  if (profile) return "";
  EXPECT_EQ(profile.error().file, "p.json");
  return profile.error().parameter;
}

Profile one_kpi(const std::string& extra) {
  return parsed(R"({"name":"t","kpis":[{"name":"x","direction":"at_most","threshold":1)" + extra + "}]}");
}

constexpr char kGood[] = R"({"risk_ratio":0.42,"maker_taker_ratio":0.85,"net_bps":2.7,"p95_latency_ms":350})";
journal::Kpis good() {
  return Json::parse(kGood).get<journal::Kpis>();
}

TEST(MarketMakerProfile, PassesOnItsThresholds) {
  EXPECT_TRUE(iteration_passes(market_maker_profile(), 1, good()));
}

TEST(MarketMakerProfile, FailsJustBeyondEachThreshold) {
  for (const auto& [name, value] : std::map<std::string, double>{{"risk_ratio", 0.4200001},
                                                                 {"maker_taker_ratio", 0.8499999},
                                                                 {"net_bps", 2.6999999},
                                                                 {"p95_latency_ms", 350.001}}) {
    journal::Kpis kpis = good();
    kpis[name] = value;
    EXPECT_FALSE(iteration_passes(market_maker_profile(), 1, kpis)) << name;
  }
}

TEST(MarketMakerProfile, DoesNotPassWithoutOneOfItsKpis) {
  for (const auto& [name, value] : good()) {
    journal::Kpis kpis = good();
    kpis.erase(name);
    EXPECT_FALSE(iteration_passes(market_maker_profile(), 1, kpis)) << name;
  }
}

TEST(MarketMakerProfile, IsSteadyBelowRisk035AndFromNet27) {
  EXPECT_TRUE(is_steady(market_maker_profile(), {{"risk_ratio", 0.35}, {"net_bps", 2.7}}));
  EXPECT_FALSE(is_steady(market_maker_profile(), {{"risk_ratio", 0.3501}, {"net_bps", 2.7}}));
  EXPECT_FALSE(is_steady(market_maker_profile(), {{"risk_ratio", 0.35}, {"net_bps", 2.69}}));
  EXPECT_FALSE(is_steady(market_maker_profile(), {{"risk_ratio", 0.35}}));
}

TEST(KpisOfReport, TakesMakerShareFromVolumes) {
  std::string source;
  const Json report = {
      {"totals", {{"fills", {{"maker_volume", 90}, {"taker_volume", 10}}}, {"maker_share_pct", 50}}}};
  EXPECT_DOUBLE_EQ(kpis_of_report(market_maker_profile(), report, &source).at("maker_taker_ratio"), 0.9);
  EXPECT_EQ(source, "fills_volume");
}

TEST(KpisOfReport, FallsBackToTheSharePercentageWithoutFills) {
  std::string source;
  const Json report = {
      {"totals", {{"fills", {{"maker_volume", 0}, {"taker_volume", 0}}}, {"maker_share_pct", 87.5}}}};
  EXPECT_DOUBLE_EQ(kpis_of_report(market_maker_profile(), report, &source).at("maker_taker_ratio"), 0.875);
  EXPECT_EQ(source, "maker_share_pct");
}

TEST(KpisOfReport, TakesRiskFromTheBlockReasons) {
  const Json report = {{"totals", {{"block_reasons", {{"risk", {{"count", 3}, {"ratio", 0.3}}}}}}}};
  EXPECT_DOUBLE_EQ(kpis_of_report(market_maker_profile(), report).at("risk_ratio"), 0.3);
}

TEST(KpisOfReport, LeavesOutWhatIsNotANumber) {
  const Json report = {{"totals", {{"net_bps", "3.1"}, {"p95_latency_ms", nullptr}, {"risk_ratio", true}}}};
  EXPECT_TRUE(kpis_of_report(market_maker_profile(), report).empty());
}

TEST(KpisOfReport, LetAMakerWithoutTakerFillsPassButNotOneWhoseLatencyWasNeverMeasured) {
  Json report = {{"totals", Json::parse(kGood)}};
  report["totals"]["slippage_bps_p95"] = nullptr;
  const Profile profile = market_maker_profile();
  const auto kpis = kpis_of_report(profile, report);
  EXPECT_FALSE(kpis.contains("slippage_bps_p95"));
  EXPECT_TRUE(iteration_passes(profile, 1, kpis));
  report["totals"]["p95_latency_ms"] = nullptr;
  EXPECT_FALSE(iteration_passes(profile, 1, kpis_of_report(profile, report)));
}

TEST(KpisOfReport, LeavesOutARatioBeyondOne) {
  EXPECT_TRUE(kpis_of_report(market_maker_profile(), {{"totals", {{"risk_ratio", 1.2}}}}).empty());
}

TEST(KpisOfReport, FindsKpisOutsideTotals) {
  EXPECT_DOUBLE_EQ(kpis_of_report(market_maker_profile(), {{"net_bps", 3.5}}).at("net_bps"), 3.5);
}

TEST(KpisOfReport, IsEmptyForAReportThatIsNoObject) {
  EXPECT_TRUE(kpis_of_report(market_maker_profile(), nullptr).empty());
  EXPECT_TRUE(kpis_of_report(market_maker_profile(), Json::array({1})).empty());
}

TEST(Profile, IgnoresAMissingKpiWhereItsPolicySaysSo) {
  const Profile profile = parsed(R"({"name":"t","kpis":[{"name":"x","direction":"at_most","threshold":1},
      {"name":"y","direction":"at_most","threshold":1,"no_data":"ignore"}]})");
  EXPECT_TRUE(iteration_passes(profile, 1, {{"x", 1}}));
  EXPECT_FALSE(iteration_passes(profile, 1, {{"x", 1}, {"y", 2}}));
}

TEST(Profile, DoesNotPassWhereNothingWasJudged) {
  EXPECT_FALSE(iteration_passes(one_kpi(R"(,"no_data":"ignore")"), 1, {}));
  EXPECT_FALSE(iteration_passes(one_kpi(R"(,"warm_up":3)"), 3, {{"x", 0}}));
}

TEST(Profile, JudgesAKpiAfterItsWarmUp) {
  const Profile profile = one_kpi(R"(,"warm_up":3)");
  EXPECT_TRUE(judge_iteration(profile, 3, {{"x", 2}}).empty());
  EXPECT_EQ(judge_iteration(profile, 4, {{"x", 2}}).size(), 1U);
}

TEST(Profile, HoldsTheLastValueOfAMissingKpi) {
  const Profile profile = one_kpi(R"(,"no_data":"hold")");
  HeldKpis held(profile);
  EXPECT_TRUE(held.fill({}).empty());
  held.fill({{"x", 0.5}});
  EXPECT_DOUBLE_EQ(held.fill({}).at("x"), 0.5);
}

TEST(Profile, PassesByWeightButNeverWithoutAVetoKpi) {
  const Profile profile = parsed(R"({"name":"t","pass_weight":0.5,"kpis":[
      {"name":"x","direction":"at_most","threshold":1,"weight":3},{"name":"y","direction":"at_most","threshold":1},
      {"name":"z","direction":"at_least","threshold":1,"veto":true}]})");
  EXPECT_TRUE(iteration_passes(profile, 1, {{"x", 1}, {"y", 2}, {"z", 1}}));
  EXPECT_FALSE(iteration_passes(profile, 1, {{"x", 1}, {"y", 1}, {"z", 0}}));
  EXPECT_FALSE(iteration_passes(profile, 1, {{"x", 2}, {"y", 1}, {"z", 1}}));
}

// ---- worse than before a change ----

Profile limited() {
  return parsed(R"({"name":"t","kpis":[
      {"name":"ms","direction":"at_most","threshold":100,"regression_limit":20,"warm_up":1},
      {"name":"edge","direction":"at_least","threshold":3},
      {"name":"load","direction":"at_most","regression_limit":0.5},
      {"name":"spare","direction":"at_most","threshold":1,"no_data":"ignore"}]})");
}

TEST(Regression, IsMoreThanTheKpisLimitOnEitherSideOfItsThreshold) {
  EXPECT_FALSE(regression(limited(), 2, {{"ms", 50}}, {{"ms", 70}}));
  EXPECT_EQ(regression(limited(), 2, {{"ms", 50}}, {{"ms", 71}}),
            "ms went from 50 to 71: worse by 21, the limit is 20");
  EXPECT_FALSE(regression(limited(), 2, {{"ms", 95}}, {{"ms", 105}}))
      << "over the threshold, within the limit";
}
TEST(Regression, OfAKpiWithoutALimitIsToFailItsThresholdAfterPassingIt) {
  EXPECT_EQ(regression(limited(), 2, {{"edge", 3}}, {{"edge", 2.9}}),
            "edge went from 3 to 2.9: the threshold is 3");
  EXPECT_FALSE(regression(limited(), 2, {{"edge", 2.9}}, {{"edge", -9}})) << "failed before as well";
  EXPECT_FALSE(regression(limited(), 2, {{"edge", 9}}, {{"edge", 3}}));
}
TEST(Regression, LooksAtAKpiThatIsOnlyReportedWhereItHasALimit) {
  EXPECT_TRUE(regression(limited(), 2, {{"load", 1}}, {{"load", 2}}));
}
TEST(Regression, LeavesOutTheWarmUp) {
  EXPECT_FALSE(regression(limited(), 1, {{"ms", 50}}, {{"ms", 500}}));
}
TEST(Regression, IsAKpiThatIsGoneUnlessTheProfileIgnoresThat) {
  EXPECT_EQ(regression(limited(), 2, {{"edge", 5}}, {}), "edge was 5 and has no data any more");
  EXPECT_FALSE(regression(limited(), 2, {{"spare", 0.5}}, {}));
  EXPECT_FALSE(regression(limited(), 2, {}, {{"edge", -5}})) << "nothing to compare with";
}

TEST(Veto, NamesTheKpiThatFailed) {
  const Profile profile = parsed(R"({"name":"t","kpis":[{"name":"x","direction":"at_most","threshold":1},
      {"name":"z","direction":"at_least","threshold":1,"veto":true}]})");
  EXPECT_TRUE(has_veto(profile));
  EXPECT_EQ(veto(profile, judge_iteration(profile, 1, {{"x", 2}, {"z", 0.5}})), "z 0.5, at least 1");
  EXPECT_EQ(veto(profile, judge_iteration(profile, 1, {{"x", 2}})), "z has no data");
  EXPECT_FALSE(veto(profile, judge_iteration(profile, 1, {{"x", 2}, {"z", 1}}))) << "x has no veto";
  EXPECT_FALSE(has_veto(market_maker_profile()));
}

TEST(Profile, ExtendsTheBuiltInOneKeyByKey) {
  const Profile profile = parsed(
      R"({"extends":"market-maker","name":"wide","pass_at_least":4,"warn_at_least":3,"kpis":[{"name":"net_bps","threshold":1.5}]})");
  EXPECT_EQ(profile.kpis.size(), market_maker_profile().kpis.size());
  EXPECT_DOUBLE_EQ(find_kpi(profile, "net_bps")->threshold, 1.5);
  EXPECT_EQ(find_kpi(profile, "net_bps")->direction, Direction::kAtLeast);
  EXPECT_DOUBLE_EQ(find_kpi(profile, "risk_ratio")->threshold, 0.42);
  EXPECT_EQ(profile.pass_at_least, 4);
}

TEST(LoadProfile, NamesTheKeyThatIsWrong) {
  EXPECT_EQ(refused(R"({"kpis":[]})"), "name");
  EXPECT_EQ(refused(R"({"name":"t","kpis":[]})"), "kpis");
  EXPECT_EQ(refused(R"({"name":"t","kpis":[{"name":"x","treshold":1}]})"), "kpis[0].treshold");
  EXPECT_EQ(refused(R"({"name":"t","kpis":[{"name":"x","threshold":1}]})"), "kpis[0].direction");
  EXPECT_EQ(refused(R"({"name":"t","kpis":[{"name":"x","threshold":"1","direction":"at_most"}]})"),
            "kpis[0].threshold");
  EXPECT_EQ(refused(R"({"name":"t","kpis":[{"name":"x","threshold":1,"direction":"below"}]})"),
            "kpis[0].direction");
  EXPECT_EQ(
      refused(
          R"({"name":"t","kpis":[{"name":"x","threshold":1,"direction":"at_most","sources":["totals"]}]})"),
      "kpis[0].sources[0]");
  EXPECT_EQ(
      refused(
          R"({"name":"t","window":2,"pass_at_least":3,"kpis":[{"name":"x","threshold":1,"direction":"at_most"}]})"),
      "pass_at_least");
  EXPECT_EQ(refused(R"({"name":"t","steady":[{"kpi":"y","direction":"at_most","threshold":1}],
      "kpis":[{"name":"x","threshold":1,"direction":"at_most"}]})"),
            "steady[0].kpi");
  EXPECT_EQ(refused(R"({"name":"t","extends":"other"})"), "extends");
  EXPECT_EQ(
      refused(
          R"({"name":"t","kpis":[{"name":"x","direction":"at_most","threshold":1,"regression_limit":-1}]})"),
      "kpis[0].regression_limit");
  EXPECT_EQ(
      refused(
          R"({"name":"t","kpis":[{"name":"x","direction":"at_most","threshold":1},{"name":"y","regression_limit":1}]})"),
      "kpis[1].direction");
}

TEST(LoadProfile, RefusesTheSameKpiTwice) {
  EXPECT_EQ(refused(R"({"name":"t","kpis":[{"name":"x","threshold":1,"direction":"at_most"},{"name":"x"}]})"),
            "kpis[1].name");
}

TEST(LoadProfile, SaysWhichFileIsMissing) {
  const Result<Profile> profile = load_profile("/nonexistent/profile.json");
  ASSERT_FALSE(profile.has_value());
  EXPECT_EQ(profile.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(profile.error().file, "/nonexistent/profile.json");
}

TEST(LoadProfile, ReadsTheTextOfTheBuiltInOne) {
  EXPECT_EQ(parsed(market_maker_text()).kpis.size(), market_maker_profile().kpis.size());
}

TEST(ProfileLimits, AThousandEntriesOfAnyListAndNotOneMore) {
  Json pointers = Json::array(), kpis = Json::array();
  for (int k = 0; k < 1001; ++k) {
    pointers.push_back("/x");
    kpis.push_back({{"name", "k" + std::to_string(k)}, {"direction", "at_most"}, {"threshold", 1}});
  }
  Json sources = {{"name", "p"}, {"kpis", {kpis[0]}}}, quotient = sources;
  sources["kpis"][0]["sources"] = pointers;
  quotient["kpis"][0]["sources"] = {{{"numerator", pointers}}};
  const Json many = {{"name", "p"}, {"kpis", kpis}};
  Json extended = many;
  extended["extends"] = "market-maker";
  for (const Json& profile : {many, sources, quotient, extended}) {
    const auto parsed = parse_profile(profile.dump(), "p.json");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::kLimitExceeded);
    EXPECT_NE(parsed.error().message.find("more than 1000 entries"), std::string::npos);
    EXPECT_EQ(parsed.error().file, "p.json");
  }
  kpis.erase(0);
  EXPECT_TRUE(parse_profile(Json({{"name", "p"}, {"kpis", kpis}}).dump(), "p.json"));
}

}  // namespace
}  // namespace soak::analyze

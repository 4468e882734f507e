#include "serve/live_metrics.h"

#include <gmock/gmock.h>

#include "base/testing.h"
#include "verify/faults.h"

namespace soak::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LiveMetrics : public ::testing::Test {
 protected:
  // Two iterations of an old run: the first proposed a value that is not in effect in the second.
  void SetUp() override {
    for (const int iteration : {1, 2}) {
      const Json summary = {
          {"iteration", iteration},
          {"summary", {{"net_bps", 3.0 + iteration}, {"risk_ratio", 0.25}}},
          {"tuning", {{"proposed_deltas", Json::object()}, {"applied", false}}},
          {"runtime_overrides", {{"engine", {{"min_interval_ms", 60}}}}},
          {"target", {{"faults", {{{"iteration", iteration}, {"kind", "ignored"}, {"parameter", "p"}}}}}}};
      base::write_bytes(folder_.file("ITER_SUMMARY_" + std::to_string(iteration) + ".json"), summary.dump());
    }
    base::write_bytes(folder_.file("TUNING_REPORT.json"),
                      R"([{"iteration":1,"proposed_deltas":{"min_interval_ms":75},"applied":true},)"
                      R"({"iteration":2,"proposed_deltas":{"min_interval_ms":80},"applied":false,)"
                      R"("skip_reason":{"cooldown":true}}])");
    ASSERT_TRUE(view_.refresh());
    item_.id = "a \"run\"";
    item_.target = "simulated";
    source_ = {&item_, &view_, nullptr, nullptr, "0.1"};
  }
  // The sample of that name and those labels, its value; the label `run` is on all.
  std::string value(const std::string& name, const std::string& labels = "") const {
    const std::string text = metrics_text(source_);
    const std::string run = R"(run="a \"run\"")";  // labels are in order of their names
    const std::string all = labels.empty() ? run : labels < run ? labels + "," + run : run + "," + labels;
    const std::string start = name + "{" + all + "} ";
    const std::size_t at = text.find(start);
    if (at == std::string::npos) return "none";
    const std::size_t from = at + start.size();
    return text.substr(from, text.find('\n', from) - from);
  }

  base::TempFolder folder_;
  Defaults defaults_{Registry::builtin(), analyze::market_maker_profile()};
  RunView view_{folder_.path(), true, defaults_};
  RunItem item_;
  MetricsSource source_;
};

TEST_F(LiveMetrics, CountIterationsProposalsAndEachKindOfFaultFromNothing) {
  EXPECT_EQ(value("soak_iterations_total"), "2");
  EXPECT_EQ(value("soak_proposals_total"), "2");
  EXPECT_EQ(value("soak_proposals_applied_total"), "1");
  for (const std::string_view kind : verify::kFaultKinds) {
    const std::string expected = kind == "ignored" ? "2" : "0";
    EXPECT_EQ(value("soak_delivery_faults_total", "kind=\"" + std::string(kind) + "\""), expected) << kind;
  }
}
TEST_F(LiveMetrics, TellProposedAppliedAndEffectiveValuesApart) {
  EXPECT_EQ(value("soak_parameter_effective", R"(parameter="min_interval_ms")"), "60");
  EXPECT_EQ(value("soak_parameter_applied", R"(parameter="min_interval_ms")"), "75");
  EXPECT_EQ(value("soak_parameter_proposed", R"(parameter="min_interval_ms")"), "80");
}
TEST_F(LiveMetrics, HaveTheLastKpisAndTheirThresholds) {
  EXPECT_EQ(value("soak_kpi", R"(kpi="net_bps")"), "5");
  EXPECT_EQ(value("soak_kpi_threshold", R"(direction="at_least",kpi="net_bps")"), "2.7");
  EXPECT_NE(value("soak_last_iteration_timestamp_seconds"), "none");
}
TEST_F(LiveMetrics, OfARunThatIsNotJudgedYetHaveNoVerdictAndNoneOfTheOldNames) {
  const std::string text = metrics_text(source_);
  EXPECT_THAT(text, Not(HasSubstr("soak_gate_verdict")));
  EXPECT_THAT(text, Not(HasSubstr("soak_delta_")));
}
TEST_F(LiveMetrics, OfAJudgedRunHaveItsVerdictAndTheOldNames) {
  const Judgement judgement = judge_run_folder(folder_.path(), defaults_.profile, defaults_.registry);
  ASSERT_FALSE(judgement.error);
  source_.judgement = &judgement;
  EXPECT_EQ(value("soak_gate_verdict", R"(verdict="FAIL")"), "1");
  EXPECT_EQ(value("soak_gate_verdict", R"(verdict="PASS")"), "0");
  EXPECT_EQ(value("soak_delta_fail_count"), "1");
}
TEST_F(LiveMetrics, HaveTheTimesOfAppliesWhereTheyAreKnown) {
  EXPECT_EQ(value("soak_apply_duration_seconds_count"), "none");
  ApplyTimes times;
  times.observe(std::chrono::milliseconds(3));
  source_.apply_times = &times;
  EXPECT_EQ(value("soak_apply_duration_seconds_count"), "1");
  EXPECT_THAT(metrics_text(source_),
              HasSubstr(R"(soak_apply_duration_seconds_bucket{run="a \"run\"",le="0.002"} 0)"));
  EXPECT_THAT(metrics_text(source_),
              HasSubstr(R"(soak_apply_duration_seconds_bucket{run="a \"run\"",le="0.005"} 1)"));
}

}  // namespace
}  // namespace soak::serve

#include "cli/progress.h"

#include <gmock/gmock.h>

#include "cli/log.h"

namespace soak::cli {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SparklineText, DrawsTheLeastAndTheGreatestAtTheEdges) {
  Sparkline line;
  for (const double value : {0.0, 7.0, 3.5}) line.add(value);
  EXPECT_EQ(line.text(), "▁█▅");
}
TEST(SparklineText, OfACourseThatDoesNotChangeIsLevel) {
  Sparkline line;
  for (int k = 0; k < 3; ++k) line.add(2.5);
  EXPECT_EQ(line.text(), "▅▅▅");
  EXPECT_EQ(Sparkline().text(), "");
}
TEST(SparklinePoints, AreMeansOfEquallyManyValuesOnceThereAreMoreThanFit) {
  Sparkline line;
  for (std::size_t k = 0; k < Sparkline::kPointsMax + 1; ++k) line.add(static_cast<double>(k));
  const std::vector<double> points = line.points();
  ASSERT_EQ(points.size(), Sparkline::kPointsMax / 2 + 1);
  EXPECT_EQ(points[0], 0.5);
  EXPECT_EQ(points[15], 30.5);
  EXPECT_EQ(points.back(), 32);  // alone in its point so far
  line.add(34);
  EXPECT_EQ(line.points().back(), 33);
}
TEST(SparklinePoints, StayFewHoweverManyValuesThereAre) {
  Sparkline line;
  for (int k = 0; k < 100'000; ++k) line.add(k);
  EXPECT_LE(line.points().size(), Sparkline::kPointsMax);
}

class ProgressTest : public ::testing::Test {
 protected:
  ProgressTest() {
    options_.planned = 10;
    options_.columns = 200;
    options_.profile = &analyze::market_maker_profile();
    options_.now = [this] { return now_; };
  }
  void TearDown() override { set_log({}); }
  journal::IterationRecord record(std::int64_t iteration, double net_bps) {
    journal::IterationRecord record;
    record.iteration = iteration;
    record.summary.kpis = {{"net_bps", net_bps}, {"risk_ratio", 0.3}};
    record.kpi_verdict = net_bps >= 2.7 ? "PASS" : "FAIL";
    return record;
  }
  std::string shown(const Progress& progress, const journal::IterationRecord& record) {
    testing::internal::CaptureStderr();
    progress.show(record);
    clear_status();
    return testing::internal::GetCapturedStderr();
  }

  ProgressOptions options_;
  steady_clock::time_point now_;
};

TEST_F(ProgressTest, LineOnATerminalSaysHowFarHowLongAndHowWell) {
  Progress progress(options_);
  now_ += seconds(30);
  progress.take(record(1, 2));
  auto second = record(2, 3);
  second.tuning.guards.cooldown_active = true;
  second.tuning.proposed_deltas = {{"min_interval_ms", 60}};
  second.tuning.applied = true;
  now_ += seconds(10);
  progress.take(second);
  EXPECT_EQ(progress.status_line(),
            "[2/10] 20 % · 2:40 min left · PASS · risk_ratio 0.3 · maker_taker_ratio - · net_bps 3 · "
            "p95_latency_ms - · guards: cooldown · applied 1 of 1 · faults 0");
}
TEST_F(ProgressTest, LineOnATerminalNeverWraps) {
  options_.columns = 40;
  Progress progress(options_);
  now_ += seconds(1);
  progress.take(record(1, 2));
  EXPECT_EQ(progress.status_line(), "[1/10] 10 % · 9 s left · FAIL");
}
TEST_F(ProgressTest, VerdictIsColoredOnlyWhereColorIsWanted) {
  options_.color = true;
  Progress colored(options_);
  colored.take(record(1, 3));
  EXPECT_THAT(colored.status_line(), HasSubstr("\033[32mPASS\033[0m"));
  options_.color = false;
  Progress plain(options_);
  plain.take(record(1, 3));
  EXPECT_THAT(plain.status_line(), Not(HasSubstr("\033")));
}
TEST_F(ProgressTest, ElsewhereEachIterationIsALineOfItsOwn) {
  Progress progress(options_);
  auto faulty = record(3, 2);
  faulty.tuning.rationale = "holding";
  faulty.target.faults = {{3, "restarted", "", ""}};
  progress.take(faulty);
  EXPECT_EQ(shown(progress, faulty),
            "[3/10] FAIL  risk_ratio 0.3  maker_taker_ratio -  net_bps 2  p95_latency_ms -  | holding  ! "
            "restarted \n");
}
TEST_F(ProgressTest, JsonLogHasTheIterationsFields) {
  set_log({LogLevel::kInfo, true});
  Progress progress(options_);
  progress.take(record(3, 2));
  const Json line = Json::parse(shown(progress, record(3, 2)));
  EXPECT_EQ(line["event"], "iteration");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["iteration"], 3);
  EXPECT_EQ(line["kpis"]["net_bps"], 2.0);
  EXPECT_THAT(line["time"].get<std::string>(), ::testing::EndsWith("Z"));
}
TEST_F(ProgressTest, LogLevelAboveInformationShowsNothing) {
  set_log({LogLevel::kWarning, false});
  options_.terminal = true;
  Progress progress(options_);
  progress.take(record(3, 2));
  EXPECT_EQ(shown(progress, record(3, 2)), "");
}
TEST_F(ProgressTest, TableHasARowForEachJudgedKpiThatWasMeasured) {
  Progress progress(options_);
  progress.take(record(1, 2));
  progress.take(record(2, 3));
  EXPECT_EQ(progress.table(false),
            "KPI         first  mean  last  threshold  passed  over the run\n"
            "risk_ratio    0.3   0.3   0.3     ≤ 0.42     2/2  ▅▅\n"
            "net_bps         2   2.5     3      ≥ 2.7     1/2  ▁█\n");
  EXPECT_EQ(Progress(options_).table(false), "");
}

TEST(LogLine, OfAWarningSaysSoAndStaysOneLine) {
  testing::internal::CaptureStderr();
  log_warning("two\nlines");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "soak: warning: two lines\n");
}
TEST(LogLine, TakesTheTerminalsLineAway) {
  testing::internal::CaptureStderr();
  show_status("[1/2]");
  log_warning("now");
  clear_status();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\033[K[1/2]\r\033[Ksoak: warning: now\n");
}
TEST(LogLine, BelowTheLevelIsLeftOut) {
  set_log({LogLevel::kError, false});
  testing::internal::CaptureStderr();
  log_warning("not this");
  log_line(LogLevel::kError, "error", "this");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "soak: this\n");
  set_log({LogLevel::kOff, false});
  testing::internal::CaptureStderr();
  log_line(LogLevel::kError, "error", "not even this");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  set_log({});
}

}  // namespace
}  // namespace soak::cli

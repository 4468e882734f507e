// A target by the real clock, as the loop sees it: another instance after each start, reports that no second
// run repeats, edits that its watch sees, and its end.

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "loop/loop_fixture.h"
#include "loop/run.h"
#include "verify/verify.h"

namespace soak::loop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Program final : public HonestTarget {
 public:
  explicit Program(std::string instance) : instance_(std::move(instance)) {}

  Result<target::IterationOutcome> run_iteration(const target::IterationRequest& request) override {
    auto outcome = HonestTarget::run_iteration(request);
    if (!outcome) return outcome;
    if (request.stop != nullptr && *request.stop != 0) outcome->interrupted = true;
    outcome->started = std::exchange(fresh_, false);
    outcome->end = base::kMockEpoch + std::chrono::hours(1) +
                   std::chrono::milliseconds(1234 * request.iteration) - set_back;
    for (journal::SeenReport& report : outcome->reports) {
      report.seq = report.report["seq"] = ++seq_;
      report.report["effective"]["instance_id"] = instance_;
    }
    return outcome;
  }
  void stop() override { ++stops; }
  void restart_by_itself(const std::string& instance) {
    instance_ = instance;
    seq_ = 0;
  }
  int stops = 0;
  std::chrono::milliseconds set_back{0};  // by how much its clock is behind that of other starts

 private:
  std::string instance_;
  std::int64_t seq_ = 0;
  bool fresh_ = true;
};

class ExternalRun : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    plan_.real_clock = true;
  }
  Result<RunOutcome> run(Program& program, const std::string& fail_at = {}, std::int64_t iteration = 0) {
    RunTools with = tools();
    with.target = &program;
    with.stop = &stop_;
    with.before_step = [&, fail_at, iteration](std::string_view step) -> Result<void> {
      const bool there = !program.requests.empty() && program.requests.back().iteration == iteration;
      return there && step == fail_at ? fail(ErrorCode::kIoError, "killed") : Result<void>();
    };
    plan_.start += std::chrono::minutes(7);  // each start has its own
    return run_soak(plan_, with);
  }
  verify::VerifyResult verified() {
    const auto run = journal::read_run(folder_, Registry::builtin());
    EXPECT_TRUE(run) << run.error().file << ": " << run.error().message;
    return verify::verify_run(*run, Registry::builtin());
  }
  std::vector<std::string> kinds() {
    std::vector<std::string> found;
    for (const journal::Fault& fault : verified().faults)
      found.push_back(std::to_string(fault.iteration) + " " + fault.kind);
    return found;
  }
  std::vector<std::string> recorded(std::int64_t iteration) {
    std::vector<std::string> found;
    const Json whole = summary(iteration);
    for (const Json& fault : whole["target"]["faults"]) found.push_back(fault["kind"]);
    return found;
  }
  std::sig_atomic_t stop_ = 0;
};

TEST_F(ExternalRun, HasTheTargetsTimesAndStopsItAtTheEnd) {
  Program program("a");
  const auto outcome = run(program);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(program.stops, 1);
  EXPECT_EQ(summary(2)["summary"]["runtime_utc"], "2026-01-01T01:00:02.468Z");
  EXPECT_EQ(verified().full_apply_count, 2);  // and a guard held the third
  EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(ExternalRun, IsResumedWithAnotherInstanceAndAccusesNobody) {
  for (const char* step : {"target", "report", "observed", "apply_intent", "apply_outcome", "iteration"}) {
    use_folder(std::string("at-") + step);
    Program first("a");
    ASSERT_FALSE(run(first, step, 3)) << step;
    Program second("b");
    const auto outcome = run(second);
    ASSERT_TRUE(outcome) << step << ": " << outcome.error().message;
    EXPECT_EQ(outcome->iterations, 6) << step;
    EXPECT_EQ(outcome->faults, 0) << step;
    EXPECT_THAT(kinds(), IsEmpty()) << step;
    EXPECT_EQ(verified().fail_count, 0) << step;
    EXPECT_EQ(verified().full_apply_count, 2) << step;  // and a guard held the third
    // And what is replayed counts the same.
    Program third("c");
    const auto again = run(third);
    ASSERT_TRUE(again) << step << ": " << again.error().message;
    EXPECT_EQ(again->faults, 0) << step;
    EXPECT_EQ(third.starts, 0) << step;
  }
}

TEST_F(ExternalRun, NamesAnInstanceThatChangesWithoutTheRunsDoing) {
  Program program("a");
  program.before_report = [&](const target::IterationRequest& request) {
    if (request.iteration == 4) program.restart_by_itself("b");
  };
  ASSERT_TRUE(run(program));
  EXPECT_THAT(kinds(), ElementsAre("4 restarted"));
}

TEST_F(ExternalRun, NamesAnEditThatWasUndoneBeforeTheLoopLooked) {
  Program program("a");
  program.outcomes[2].edits = {{"2026-01-01T00:00:01Z", std::string(64, 'e')},
                               {"2026-01-01T00:00:02Z", std::string(64, 'e')}};
  ASSERT_TRUE(run(program));
  EXPECT_THAT(recorded(2), ElementsAre("foreign_edit"));
  EXPECT_THAT(kinds(), ElementsAre("2 foreign_edit"));
}

TEST_F(ExternalRun, NamesAnEditThatStayedOnce) {
  Program program("a");
  const Json edited = {{"engine", {{"min_interval_ms", 777}, {"tail_age_ms", 400}}}};
  program.outcomes[2].edits = {{"2026-01-01T00:00:01Z", compute_json_hash(edited)}};
  program.before_report = [&](const target::IterationRequest& request) {
    if (request.iteration == 2) write_runtime(edited);
  };
  ASSERT_TRUE(run(program));
  const auto kinds_recorded = recorded(2);
  EXPECT_EQ(std::count(kinds_recorded.begin(), kinds_recorded.end(), "foreign_edit"), 1);
}

TEST_F(ExternalRun, ATargetThatEndsWithoutAReportIsNotStaleAsWell) {
  Program program("a");
  program.outcomes[3].ended = true;
  program.outcomes[3].faults = {{3, "crashed", "", "ended with exit status 3"}};
  const auto outcome = run(program);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->end, RunEnd::kTargetEnded);
  EXPECT_THAT(outcome->end_reason, HasSubstr("exit status 3"));
  EXPECT_THAT(recorded(3), ElementsAre("crashed"));
  EXPECT_THAT(kinds(), ElementsAre("3 crashed"));
  EXPECT_EQ(program.stops, 1);
}

TEST_F(ExternalRun, InterruptedGivesUpTheIterationAndIsResumed) {
  Program first("a");
  first.before_report = [&](const target::IterationRequest& request) {
    stop_ = request.iteration == 3 ? 1 : 0;
  };
  const auto broken = run(first);
  ASSERT_TRUE(broken) << broken.error().message;
  EXPECT_EQ(broken->end, RunEnd::kInterrupted);
  EXPECT_EQ(broken->iterations, 2);
  stop_ = 0;
  Program second("b");
  const auto outcome = run(second);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->iterations, 6);
  EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(ExternalRun, ResumedByAClockThatWasSetBackGoesOnFromTheLastIteration) {
  Program first("a");
  ASSERT_FALSE(run(first, "iteration", 3));
  Program second("b");
  second.set_back = std::chrono::hours(1);
  ASSERT_TRUE(run(second));
  std::string last;
  for (int i = 1; i <= 6; ++i) {
    const std::string end = summary(i)["summary"]["runtime_utc"];
    EXPECT_GE(end, last) << i;
    last = end;
  }
}

}  // namespace
}  // namespace soak::loop

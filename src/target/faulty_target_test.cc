#include "target/faulty_target.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "base/sha256.h"
#include "base/testing.h"
#include "target/simulated_target.h"

namespace soak::target {
namespace {

using testing::Contains;
using testing::Not;
using testing::SizeIs;

class FaultyTargetTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.seed = 7;
    options_.iteration = 2;
    options_.echoed = "min_interval_ms";
    options_.scratch_path = folder_.file("values");
  }
  std::string runtime_path() const { return folder_.file("runtime.json"); }
  void put(const Json& runtime) {
    ASSERT_TRUE(base::write_file_atomic_not_durable(runtime_path(), canonical_json(runtime)));
  }
  // The iterations from 1 to `last`; from the second on with two values changed.
  std::vector<IterationOutcome> run(std::int64_t last = 2) {
    auto made = make_faulty_target(options_);
    EXPECT_TRUE(made) << made.error().message;
    target_ = std::move(*made);
    Json runtime = default_runtime();
    std::vector<IterationOutcome> outcomes;
    for (std::int64_t i = 1; i <= last; ++i) {
      if (i == 2) {
        runtime["engine"]["min_interval_ms"] = 240;
        runtime["risk"]["base_spread_bps"] = 2.3;
      }
      if (i <= 2) put(runtime);
      IterationRequest request;
      request.iteration = i;
      request.runtime_path = runtime_path();
      request.start = base::kMockEpoch + options_.iteration_length * (i - 1);
      request.length = options_.iteration_length;
      request.settle = options_.iteration_length / 10;
      auto outcome = target_->run_iteration(request);
      EXPECT_TRUE(outcome) << outcome.error().message;
      outcomes.push_back(outcome ? *outcome : IterationOutcome());
    }
    given_ = runtime;
    return outcomes;
  }
  static std::vector<journal::SeenReport> settled(const IterationOutcome& outcome) {
    std::vector<journal::SeenReport> reports;
    std::copy_if(outcome.reports.begin(), outcome.reports.end(), std::back_inserter(reports),
                 [](const journal::SeenReport& report) { return report.settled; });
    return reports;
  }
  static Json interval(const journal::SeenReport& seen) {
    return seen.report["effective"]["params"]["engine"]["min_interval_ms"];
  }

  base::TempFolder folder_;
  FaultyTargetOptions options_;
  std::unique_ptr<FaultyTarget> target_;
  Json given_;
};

TEST_F(FaultyTargetTest, WithoutAFaultReportsSeveralTimesWhatTheFileSays) {
  options_.kind = FaultKind::kNone;
  std::int64_t seq = 0;
  std::size_t reports = 0;
  for (const IterationOutcome& outcome : run(8)) {
    std::string seen_utc;
    for (const journal::SeenReport& seen : outcome.reports) {
      EXPECT_GT(seen.seq, std::exchange(seq, seen.seq));
      EXPECT_LE(std::exchange(seen_utc, seen.seen_utc), seen.seen_utc);
      EXPECT_EQ(seen.report["seq"], seen.seq);
      ++reports;
    }
    EXPECT_THAT(settled(outcome), Not(SizeIs(0)));
    EXPECT_FALSE(outcome.ended);
  }
  EXPECT_GT(reports, 8U + 4U);
  EXPECT_TRUE(target_->committed().empty());
}

TEST_F(FaultyTargetTest, AReportIsSettledFromTheSettleTimeOn) {
  options_.kind = FaultKind::kNone;
  std::size_t early = 0;
  std::int64_t iteration = 0;
  for (const IterationOutcome& outcome : run(8)) {
    const std::string from = base::format_utc(base::kMockEpoch + options_.iteration_length * iteration++ +
                                              options_.iteration_length / 10);
    for (const journal::SeenReport& seen : outcome.reports) {
      EXPECT_EQ(seen.settled, seen.seen_utc >= from) << seen.seen_utc;
      early += !seen.settled;
    }
  }
  EXPECT_GT(early, 0U);
}

TEST_F(FaultyTargetTest, ASlowReloadGoesOnWithTheOldValuesWithinTheSettleTimeOnly) {
  options_.kind = FaultKind::kNone;
  options_.slow_reload = true;
  std::size_t slow = 0;
  for (options_.seed = 1; options_.seed <= 8; ++options_.seed) {
    const IterationOutcome outcome = run().back();
    for (const journal::SeenReport& seen : outcome.reports) {
      EXPECT_EQ(interval(seen), seen.settled ? 240 : 30);
      slow += !seen.settled;
    }
  }
  EXPECT_GT(slow, 0U);
}

TEST_F(FaultyTargetTest, InFloat32ItRunsWithTheRoundedValueAndSaysSo) {
  options_.kind = FaultKind::kNone;
  options_.float32 = true;
  const journal::SeenReport seen = settled(run().back()).front();
  EXPECT_EQ(seen.report["effective"]["precision"], "float32");
  EXPECT_EQ(seen.report["effective"]["params"]["risk"]["base_spread_bps"], static_cast<double>(2.3F));
}

TEST_F(FaultyTargetTest, AnEchoSaysTheNewValueAndMeasuresTheOldOne) {
  options_.kind = FaultKind::kNoEffect;
  const std::vector<journal::SeenReport> echoed = settled(run().back());
  EXPECT_THAT(target_->committed(), SizeIs(1));
  for (const journal::SeenReport& seen : echoed) {
    EXPECT_EQ(interval(seen), 240);
    EXPECT_EQ(seen.report["effective"]["state_hash"], base::sha256_hex(canonical_json(given_)));
    EXPECT_LT(seen.report["evidence"]["min_interval_ms"]["at_least"], 240);
    EXPECT_GE(seen.report["evidence"]["min_interval_ms"]["at_least"], 30);
  }
}

TEST_F(FaultyTargetTest, AWrongValueIsReallyUsed) {
  options_.kind = FaultKind::kWrongValue;
  for (options_.seed = 1;; ++options_.seed) {  // until the interval is what goes wrong
    ASSERT_LT(options_.seed, 50U);
    const std::vector<journal::SeenReport> reports = settled(run().back());
    if (target_->committed().at(0).parameter != "min_interval_ms") continue;
    for (const journal::SeenReport& seen : reports) {
      EXPECT_THAT(interval(seen), Not(testing::AnyOf(Json(30), Json(240))));
      EXPECT_GE(seen.report["evidence"]["min_interval_ms"]["at_least"], interval(seen));
    }
    return;
  }
}

TEST_F(FaultyTargetTest, RestartedWithDefaultsItCountsAnewAsAnotherInstance) {
  options_.kind = FaultKind::kRestarted;
  const std::vector<IterationOutcome> outcomes = run();
  const journal::SeenReport& last = outcomes.back().reports.back();
  EXPECT_NE(last.report["effective"]["instance_id"],
            outcomes.front().reports.back().report["effective"]["instance_id"]);
  EXPECT_LE(last.seq, static_cast<std::int64_t>(outcomes.back().reports.size()));
}

TEST_F(FaultyTargetTest, ASilentOneIsGivenUpWithinTwoIterationsAndNotSooner) {
  options_.kind = FaultKind::kHung;
  const std::vector<IterationOutcome> outcomes = run(4);
  const auto ended = std::find_if(outcomes.begin(), outcomes.end(),
                                  [](const IterationOutcome& outcome) { return outcome.ended; });
  ASSERT_NE(ended, outcomes.end());
  EXPECT_GE(ended - outcomes.begin(), 2);
  EXPECT_EQ(ended->faults.at(0).kind, "hung");
  EXPECT_EQ(ended->faults, std::vector<journal::Fault>{ended->faults.at(0)});
  EXPECT_EQ(target_->committed().at(0).iteration, ended - outcomes.begin() + 1);
}

TEST_F(FaultyTargetTest, EveryKindThatConcernsAnApplyNeedsOne) {
  options_.kind = FaultKind::kIgnored;
  options_.iteration = 3;  // nothing was changed before it
  auto made = make_faulty_target(options_);
  ASSERT_TRUE(made);
  put(default_runtime());
  IterationRequest request;
  request.runtime_path = runtime_path();
  for (request.iteration = 1; request.iteration < 3; ++request.iteration)
    ASSERT_TRUE((*made)->run_iteration(request));
  const auto outcome = (*made)->run_iteration(request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(FaultyTargetTest, AFaultNeedsAnIterationThatHasOneBefore) {
  options_.kind = FaultKind::kCrashed;
  options_.iteration = 1;
  EXPECT_FALSE(make_faulty_target(options_));
}

TEST_F(FaultyTargetTest, SameOptionsSameReports) {
  for (const FaultKind kind : kFaultKinds) {
    options_.kind = kind;
    const std::vector<IterationOutcome> once = run(3);
    const std::vector<journal::Fault> committed = target_->committed();
    const std::vector<IterationOutcome> again = run(3);
    EXPECT_EQ(committed, target_->committed());
    for (std::size_t i = 0; i < once.size(); ++i) {
      ASSERT_EQ(once[i].reports.size(), again[i].reports.size()) << fault_kind_name(kind);
      for (std::size_t k = 0; k < once[i].reports.size(); ++k)
        EXPECT_EQ(once[i].reports[k].report, again[i].reports[k].report) << fault_kind_name(kind);
    }
  }
}

TEST(FaultKinds, AreFoundByName) {
  for (const FaultKind kind : kFaultKinds) EXPECT_EQ(fault_kind_of(fault_kind_name(kind)), kind);
  EXPECT_FALSE(fault_kind_of("none"));
  EXPECT_FALSE(fault_kind_of("sleepy"));
}

}  // namespace
}  // namespace soak::target

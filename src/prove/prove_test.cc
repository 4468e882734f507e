#include "prove/prove.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/file.h"
#include "base/testing.h"
#include "journal/write_artifacts.h"
#include "verify/faults.h"

namespace soak::prove {
namespace {

using target::FaultKind;
using testing::HasSubstr;
using testing::Not;

ProveOptions all_kinds() {
  ProveOptions options;
  options.kinds.assign(target::kFaultKinds.begin(), target::kFaultKinds.end());
  options.threads = 2;
  return options;
}

ProveResult prove(const ProveOptions& options) {
  auto result = run_matrix(options);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : ProveResult();
}

// Between the loop and the target; what it does to the reports is told.
class Censor final : public target::Target {
 public:
  using Change = std::function<void(target::IterationOutcome&)>;
  Censor(target::Target& behind, Change change) : behind_(behind), change_(std::move(change)) {}
  Result<void> start() override { return behind_.start(); }
  std::string name() const override { return behind_.name(); }
  Result<target::IterationOutcome> run_iteration(const target::IterationRequest& request) override {
    auto outcome = behind_.run_iteration(request);
    if (outcome) change_(*outcome);
    return outcome;
  }

 private:
  target::Target& behind_;
  Change change_;
};

Wrap censored(Censor::Change change) {
  return [change](target::FaultyTarget& behind) { return std::make_unique<Censor>(behind, change); };
}

TEST(Prove, KindsAreThoseOfTheVerifierInItsOrder) {
  std::size_t rank = 0;
  for (const FaultKind kind : target::kFaultKinds)
    EXPECT_EQ(verify::kind_rank(target::fault_kind_name(kind)), rank++);
}

TEST(Prove, NamesEveryFaultAndAccusesNobodyElse) {
  ProveOptions options = all_kinds();
  options.seeds = 2;
  options.healthy = 8;
  const ProveResult result = prove(options);
  EXPECT_TRUE(result.passed()) << to_text(result);
  ASSERT_EQ(result.rows.size(), 15U);
  for (const Row& row : result.rows) {
    if (row.kind == FaultKind::kNone) continue;
    EXPECT_EQ(row.detected, 2) << target::fault_kind_name(row.kind);
    EXPECT_EQ(row.named_as.at(std::string(target::fault_kind_name(row.kind))), 2);
  }
  EXPECT_EQ(result.rows.back().runs, 8);
  EXPECT_EQ(result.rows.back().detected, 0);
}

TEST(Prove, GivesTheSameResultOnAnyNumberOfThreads) {
  ProveOptions options = all_kinds();
  options.seeds = 1;
  options.healthy = 1;
  options.first_seed = 40;
  const Json two = to_json(prove(options));
  options.threads = 1;
  EXPECT_EQ(two, to_json(prove(options)));
}

// ---- a matrix that must fail ----

TEST(Prove, WithoutEvidenceAnEchoGoesUnseenAndTheMatrixFails) {
  ProveOptions options;
  options.kinds = {FaultKind::kNoEffect, FaultKind::kIgnored};
  options.seeds = 2;
  options.healthy = 1;
  options.wrap = censored([](target::IterationOutcome& outcome) {
    for (journal::SeenReport& seen : outcome.reports) seen.report.erase("evidence");
  });
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  EXPECT_EQ(result.rows[0].detected, 0);
  EXPECT_EQ(result.rows[0].named_as.at("nothing"), 2);
  EXPECT_EQ(result.rows[1].detected, 2);  // the values tell that one
  EXPECT_TRUE(result.rows[2].bad.empty());
  EXPECT_THAT(to_text(result),
              HasSubstr("again: soak prove --kind no_effect --seeds 1 --healthy 0 --seed 2 --keep DIR"));
  EXPECT_THAT(to_text(result), HasSubstr("verify passes"));
  const Json json = to_json(result);
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["kinds"][0]["missed"], 2);
  EXPECT_EQ(json["bad"].size(), 2U);
}

TEST(Prove, OneWhoReadsOnlyTheLastReportMissesWhatHappenedBetween) {
  ProveOptions options;
  options.kinds = {FaultKind::kLate, FaultKind::kRolledBack};
  options.seeds = 6;
  options.healthy = 0;
  options.wrap = censored([](target::IterationOutcome& outcome) {
    if (outcome.reports.size() > 1) outcome.reports.erase(outcome.reports.begin(), outcome.reports.end() - 1);
  });
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  EXPECT_LT(result.rows[0].detected, 6);  // late within the iteration: never seen
  EXPECT_EQ(result.rows[1].detected, 0);  // what was never seen in effect passes for another fault
  EXPECT_EQ(result.rows[1].named_as.count("rolled_back"), 0U);
  EXPECT_THAT(to_text(result), HasSubstr("not named: iteration"));
}

TEST(Prove, AHealthyRunThatIsAccusedFailsTheMatrix) {
  ProveOptions options;
  options.healthy = 2;
  options.wrap = censored([](target::IterationOutcome& outcome) {
    for (journal::SeenReport& seen : outcome.reports)
      seen.report["effective"]["state_hash"] = std::string(64, '0');
  });
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  EXPECT_EQ(result.rows.at(0).detected, 2);
  EXPECT_THAT(to_text(result), HasSubstr("falsely accused: iteration 1: wrong_hash"));
  EXPECT_THAT(to_text(result), HasSubstr("2 healthy runs: 2 accused"));
  EXPECT_THAT(to_text(result), HasSubstr("again: soak prove --seeds 0 --healthy 1 --seed 1 --keep DIR"));
}

TEST(Prove, ATargetThatCannotRunIsNoPass) {
  ProveOptions options;
  options.healthy = 1;
  options.wrap = [](target::FaultyTarget&) -> std::unique_ptr<target::Target> {
    class Broken final : public target::Target {
     public:
      Result<void> start() override { return fail(ErrorCode::kTargetFailed, "does not start"); }
      Result<target::IterationOutcome> run_iteration(const target::IterationRequest&) override {
        return target::IterationOutcome{};
      }
      std::string name() const override { return "broken"; }
    };
    return std::make_unique<Broken>();
  };
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(to_text(result), HasSubstr("the run failed: "));
}

// ---- what is left behind ----

TEST(Prove, KeepsTheArtifactsOfEachRunAndNeverReplacesThem) {
  const base::TempFolder folder;
  ProveOptions options;
  options.kinds = {FaultKind::kWrongHash};
  options.seeds = 1;
  options.healthy = 1;
  options.keep = folder.file("kept");
  EXPECT_TRUE(prove(options).passed());
  for (const char* name : {"wrong_hash-1", "healthy-1"})
    EXPECT_TRUE(base::file_exists(options.keep + "/" + name + "/" + journal::kTuningReportName)) << name;
  EXPECT_EQ(base::list_folder(options.keep)->size(), 2U);
  const auto again = run_matrix(options);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
}

TEST(Prove, StopsBetweenTwoRunsAndThenNothingIsProven) {
  volatile std::sig_atomic_t stop = 0;
  ProveOptions options;
  options.healthy = 3;
  options.stop = &stop;
  options.progress = [&](std::int64_t done, std::int64_t all) {
    EXPECT_EQ(all, 3);
    if (done == 1) stop = 1;
  };
  const ProveResult result = prove(options);
  EXPECT_EQ(result.rows.at(0).runs, 1);
  EXPECT_TRUE(result.stopped);
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(to_text(result), HasSubstr("stopped before all runs were made"));
}

}  // namespace
}  // namespace soak::prove

// Reading artifact folders: the forms that the old tool wrote, and what stands in for what.

#include "journal/artifacts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/testing.h"
#include "journal/write_artifacts.h"

namespace soak::journal {
namespace {

using base::TempFolder;
using base::write_bytes;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Artifacts : public testing::Test {
 protected:
  void summary(int iteration, const std::string& text) {
    write_bytes(folder_.file(iteration_summary_name(iteration)), text);
  }
  void report(const std::string& text) { write_bytes(folder_.file("TUNING_REPORT.json"), text); }
  RunArtifacts read() {
    auto run = read_run(folder_.path(), Registry::builtin());
    EXPECT_TRUE(run) << to_line(run.error());
    return run ? std::move(*run) : RunArtifacts();
  }
  Error error() {
    auto run = read_run(folder_.path(), Registry::builtin());
    EXPECT_FALSE(run);
    return run ? Error{} : run.error();
  }
  const IterationFacts& only(const RunArtifacts& run) {
    EXPECT_EQ(run.iterations.size(), 1U);
    return run.iterations.at(0);
  }

  TempFolder folder_;
};

TEST_F(Artifacts, TakesABareListForAReport) {
  summary(1, R"({"iteration": 1, "summary": {}, "tuning": {}})");
  report(R"([{"iteration": 1, "proposed_deltas": {"tail_age_ms": 610}, "applied": true}])");
  const RunArtifacts run = read();
  EXPECT_EQ(only(run).record.tuning.proposed_deltas.at("tail_age_ms"), 610);
  EXPECT_TRUE(only(run).record.tuning.applied);
  EXPECT_TRUE(run.foreign);
}

TEST_F(Artifacts, TakesSuggestedDeltasWhereNothingIsCalledProposed) {
  summary(1, R"({"tuning": {}})");
  report(R"({"iterations": [{"iteration": 1, "suggested_deltas": {"tail_age_ms": 610}}]})");
  EXPECT_EQ(only(read()).record.tuning.proposed_deltas.size(), 1U);
}

TEST_F(Artifacts, PrefersProposedDeltasWhateverTheOrder) {
  summary(1, "{}");
  summary(2, "{}");
  report(R"([{"iteration": 1, "suggested_deltas": {"tail_age_ms": 1}, "proposed_deltas": {}},
             {"iteration": 2, "proposed_deltas": {"tail_age_ms": 2}, "suggested_deltas": {"tail_age_ms": 1}}])");
  const RunArtifacts run = read();
  EXPECT_TRUE(run.iterations.at(0).record.tuning.proposed_deltas.empty());
  EXPECT_EQ(run.iterations.at(1).record.tuning.proposed_deltas.at("tail_age_ms"), 2);
}

TEST_F(Artifacts, BelievesAReportThatProposesNothing) {
  summary(1, R"({"tuning": {"proposed_deltas": {"tail_age_ms": 1}}})");
  report(R"([{"iteration": 1, "proposed_deltas": {}}])");
  EXPECT_TRUE(only(read()).record.tuning.proposed_deltas.empty());
}

TEST_F(Artifacts, CountsTheReportsProposalAndNotTheSummarys) {
  summary(1, R"({"tuning": {"proposed_deltas": {"tail_age_ms": 1}}})");
  report(R"([{"iteration": 1, "proposed_deltas": {"min_interval_ms": 65}}])");
  EXPECT_EQ(only(read()).record.tuning.proposed_deltas, (ParamValues{{"min_interval_ms", 65}}));
}

TEST_F(Artifacts, CountsTheSummarysProposalWhereTheReportHasNoEntryAndSaysSo) {
  summary(1, R"({"tuning": {"proposed_deltas": {"tail_age_ms": 1}}})");
  report("[]");
  const RunArtifacts run = read();
  EXPECT_EQ(only(run).record.tuning.proposed_deltas.size(), 1U);
  EXPECT_THAT(run.notes, Contains(HasSubstr("no entry for iteration 1")));
}

TEST_F(Artifacts, IsAppliedWhereOneOfTheTwoSaysSo) {
  summary(1, R"({"tuning": {"applied": false}})");
  summary(2, R"({"tuning": {"applied": true}})");
  summary(3, R"({"tuning": null})");
  report(R"([{"iteration": 1, "applied": true}, {"iteration": 2}, {"iteration": 3, "applied": null}])");
  const RunArtifacts run = read();
  EXPECT_TRUE(run.iterations.at(0).record.tuning.applied);
  EXPECT_TRUE(run.iterations.at(1).record.tuning.applied);
  EXPECT_FALSE(run.iterations.at(2).record.tuning.applied);
}

TEST_F(Artifacts, ReadsAFlatSummary) {
  summary(
      1,
      R"({"iteration": 1, "risk_ratio": 0.3, "net_bps": 3, "state_hash": "abc", "runtime_utc": "t", "tuning": {}})");
  report("[]");
  const RunArtifacts run = read();
  const Summary& flat = only(run).record.summary;
  EXPECT_EQ(flat.kpis, (Kpis{{"net_bps", 3.0}, {"risk_ratio", 0.3}}));
  EXPECT_EQ(flat.state_hash, "abc");
  EXPECT_EQ(flat.runtime_utc, "t");
}

TEST_F(Artifacts, TakesRuntimeAndConfigForRuntimeOverrides) {
  summary(1, R"({"runtime": {"risk": {"base_spread_bps": 0.2}}})");
  summary(2, R"({"config": {"risk": {"base_spread_bps": 0.3}}, "runtime_overrides": null})");
  summary(
      3,
      R"({"config": {"risk": {"base_spread_bps": 9}}, "runtime_overrides": {"risk": {"base_spread_bps": 0.4}}})");
  report("[]");
  const RunArtifacts run = read();
  EXPECT_EQ(run.iterations.at(0).effective.at("base_spread_bps"), 0.2);
  EXPECT_EQ(run.iterations.at(1).effective.at("base_spread_bps"), 0.3);
  EXPECT_EQ(run.iterations.at(2).effective.at("base_spread_bps"), 0.4);
}

TEST_F(Artifacts, NestsFlatOverrides) {
  summary(1, R"({"runtime_overrides": {"base_spread_bps": 0.2, "tail_age_ms": 600}})");
  report("[]");
  const RunArtifacts run = read();
  EXPECT_EQ(only(run).effective.at("tail_age_ms"), 600);
  EXPECT_EQ(only(run).record.runtime_overrides,
            Json::parse(R"({"risk": {"base_spread_bps": 0.2}, "engine": {"tail_age_ms": 600}})"));
}

TEST_F(Artifacts, DoesNotTakeAValueFromASectionWhereNoTargetWouldReadIt) {
  summary(1, R"({"runtime_overrides": {"engine": {"base_spread_bps": 0.2, "own": 1}}})");
  report("[]");
  const RunArtifacts run = read();
  EXPECT_FALSE(only(run).effective.contains("base_spread_bps"));
  EXPECT_EQ(only(run).effective.at("own"), 1);
}

TEST_F(Artifacts, SaysThatNothingWasObservedWhereOverridesAreEmpty) {
  summary(1, R"({"runtime_overrides": {}})");
  report("[]");
  EXPECT_FALSE(only(read()).has_effective);
}

TEST_F(Artifacts, FindsTheSkipReasonInEitherPlace) {
  summary(1, R"({"tuning": {"skip_reason": {"velocity": true, "note": "v"}}})");
  summary(2, R"({"tuning": {"skip_reason": null}})");
  report(
      R"([{"iteration": 1, "skip_reason": {"cooldown": false}}, {"iteration": 2, "skip_reason": {"freeze": true}}])");
  const RunArtifacts run = read();
  EXPECT_TRUE(run.iterations.at(0).record.tuning.skip_reason->velocity);
  EXPECT_TRUE(run.iterations.at(0).summary_has_skip_reason);
  EXPECT_TRUE(run.iterations.at(1).record.tuning.skip_reason->freeze);
  EXPECT_FALSE(run.iterations.at(1).summary_has_skip_reason);
}

TEST_F(Artifacts, TakesEmptyTextForNoSkipReason) {
  summary(1, "{}");
  report(R"([{"iteration": 1, "skip_reason": ""}])");
  EXPECT_FALSE(only(read()).record.tuning.skip_reason);
}

TEST_F(Artifacts, KeepsTheSummarysGuardFlagsApartFromTheReports) {
  summary(1, R"({"tuning": {"cooldown_active": true, "cooldown_iters_left": 2}})");
  report(R"([{"iteration": 1, "freeze_triggered": true}])");
  const RunArtifacts run = read();
  EXPECT_TRUE(only(run).summary_guards.cooldown_active);
  EXPECT_FALSE(only(run).summary_guards.freeze_triggered);
  EXPECT_TRUE(only(run).record.tuning.guards.freeze_triggered);
  EXPECT_EQ(only(run).record.tuning.guards.cooldown_iters_left, 2);
}

TEST_F(Artifacts, SaysWhichIterationsAreMissing) {
  summary(0, "{}");
  summary(1, "{}");
  summary(3, "{}");
  summary(6, "{}");
  report(R"([{"iteration": 0}, {"iteration": 1}, {"iteration": 3}, {"iteration": 6}])");
  const RunArtifacts run = read();
  EXPECT_THAT(run.gaps, ElementsAre(2, 4, 5));
  EXPECT_THAT(run.notes, ElementsAre(HasSubstr("no summary of iterations 2, 4-5")));
}

TEST_F(Artifacts, ListsAWideGapOnlyUpToALimit) {
  summary(1, "{}");
  write_bytes(folder_.file("ITER_SUMMARY_9000000000000000000.json"), "{}");
  report("[]");
  EXPECT_EQ(read().gaps.size(), 10'000U);
}

TEST_F(Artifacts, IgnoresAReportEntryWithoutASummaryAndSaysSo) {
  summary(1, "{}");
  report(R"([{"iteration": 1}, {"iteration": 999, "proposed_deltas": {"tail_age_ms": 1}, "applied": true}])");
  const RunArtifacts run = read();
  EXPECT_EQ(run.iterations.size(), 1U);
  EXPECT_THAT(run.without_summary, ElementsAre(999));
  EXPECT_THAT(run.notes, ElementsAre(HasSubstr("999")));
}

TEST_F(Artifacts, CountsTheLastOfTwoEntriesAndSaysSo) {
  summary(1, "{}");
  report(
      R"([{"iteration": 1, "proposed_deltas": {"tail_age_ms": 1}}, {"iteration": 1, "proposed_deltas": {"tail_age_ms": 2}}])");
  const RunArtifacts run = read();
  EXPECT_EQ(only(run).record.tuning.proposed_deltas.at("tail_age_ms"), 2);
  EXPECT_THAT(run.notes, ElementsAre(HasSubstr("more than one entry for iteration 1")));
}

TEST_F(Artifacts, LetsTheLastOfTwoEqualKeysWin) {
  summary(1, R"({"summary": {"net_bps": 1, "net_bps": 2}, "tuning": {"applied": true, "applied": false}})");
  report("[]");
  const RunArtifacts run = read();
  EXPECT_EQ(only(run).record.summary.kpis.at("net_bps"), 2.0);
  EXPECT_FALSE(only(run).record.tuning.applied);
}

TEST_F(Artifacts, IgnoresFilesThatOnlyLookLikeSummaries) {
  summary(1, "{}");
  for (const char* name : {"ITER_SUMMARY_.json", "ITER_SUMMARY_2.json.tmp", "ITER_SUMMARY_x.json",
                           "xITER_SUMMARY_3.json", "ITER_SUMMARY_-4.json"}) {
    write_bytes(folder_.file(name), "torn");
  }
  report("[]");
  EXPECT_EQ(read().iterations.size(), 1U);
}

TEST_F(Artifacts, ReadsAThousandSummariesInOrder) {
  std::string entries;
  for (int i = 1; i <= 1000; ++i) {
    summary(i, fmt::format(R"({{"iteration": {}, "summary": {{"net_bps": {}}}}})", i, i));
    entries += fmt::format(R"({}{{"iteration": {}, "proposed_deltas": {{"tail_age_ms": {}}}}})",
                           i > 1 ? "," : "", i, i);
  }
  report(fmt::format("[{}]", entries));
  const RunArtifacts run = read();
  ASSERT_EQ(run.iterations.size(), 1000U);
  for (int i = 1; i <= 1000; ++i) {
    const IterationRecord& record = run.iterations.at(static_cast<std::size_t>(i - 1)).record;
    ASSERT_EQ(record.iteration, i);
    ASSERT_EQ(record.summary.kpis.at("net_bps"), i);
    ASSERT_EQ(record.tuning.proposed_deltas.at("tail_age_ms"), i);
  }
}

TEST_F(Artifacts, NamesTheFirstOfSeveralTornSummaries) {
  for (int i = 1; i <= 1000; ++i) summary(i, i == 700 || i == 300 || i == 301 ? "{\"summ" : "{}");
  report("[]");
  const Error problem = error();
  EXPECT_EQ(problem.code, ErrorCode::kInvalidJson);
  EXPECT_THAT(problem.file, testing::EndsWith("/ITER_SUMMARY_300.json"));
}

TEST_F(Artifacts, NamesATornReport) {
  summary(1, "{}");
  report(R"({"iterations": [)");
  EXPECT_THAT(error().file, testing::EndsWith("/TUNING_REPORT.json"));
}

TEST_F(Artifacts, RefusesAnEmptyFile) {
  summary(1, "");
  report("[]");
  EXPECT_EQ(error().code, ErrorCode::kInvalidJson);
}

TEST_F(Artifacts, RefusesWhatHasNotTheShapeOfAnArtifact) {
  const char* const kSummaries[] = {"[]",
                                    R"({"tuning": 3})",
                                    R"({"summary": "x"})",
                                    R"({"tuning": {"applied": "yes"}})",
                                    R"({"tuning": {"proposed_deltas": [1]}})",
                                    R"({"runtime_overrides": 7})",
                                    R"({"iteration": 1.5})"};
  report("[]");
  for (const char* text : kSummaries) {
    summary(1, text);
    const Error problem = error();
    EXPECT_EQ(problem.code, ErrorCode::kInvalidValue) << text;
    EXPECT_THAT(problem.file, HasSubstr("ITER_SUMMARY_1.json")) << text;
  }
  summary(1, "{}");
  for (const char* text : {"3", "{}", R"({"iterations": {}})", "[7]", R"([{"applied": true}])",
                           R"([{"iteration": 1, "applied": 7}])"}) {
    report(text);
    const Error problem = error();
    EXPECT_EQ(problem.code, ErrorCode::kInvalidValue) << text;
    EXPECT_THAT(problem.file, HasSubstr("TUNING_REPORT.json")) << text;
  }
}

TEST_F(Artifacts, RefusesANumberThatIsNotFinite) {
  summary(1, R"({"summary": {"net_bps": 1e400}})");
  report("[]");
  EXPECT_EQ(error().code, ErrorCode::kInvalidJson);
}

TEST_F(Artifacts, RefusesASummaryUnderTheNumberOfAnother) {
  summary(3, R"({"iteration": 4})");
  report("[]");
  const Error problem = error();
  EXPECT_EQ(problem.code, ErrorCode::kInvalidValue);
  EXPECT_THAT(problem.message, HasSubstr("iteration 4"));
}

TEST_F(Artifacts, RefusesTwoNamesForOneIteration) {
  summary(7, "{}");
  write_bytes(folder_.file("ITER_SUMMARY_07.json"), "{}");
  report("[]");
  EXPECT_EQ(error().code, ErrorCode::kInvalidValue);
}

TEST_F(Artifacts, NamesAFolderThatStandsWhereASummaryBelongs) {
  std::filesystem::create_directory(folder_.file("ITER_SUMMARY_1.json"));
  report("[]");
  EXPECT_EQ(error().code, ErrorCode::kNotAFile);
}

TEST_F(Artifacts, CannotBeReadWithoutAFolderASummaryOrAReport) {
  EXPECT_EQ(read_run(folder_.file("absent"), Registry::builtin()).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(error().code, ErrorCode::kNotFound);
  summary(1, "{}");
  EXPECT_THAT(error().file, HasSubstr("TUNING_REPORT.json"));
  EXPECT_EQ(error().code, ErrorCode::kNotFound);
}

TEST_F(Artifacts, AreRefusedWhereAnyJsonFileOfTheFolderIsTorn) {
  summary(1, R"({"tuning": {}})");
  report("[]");
  for (const char* name : {kEdgeReportName, kKpiGateName, kRuntimeName}) {
    for (const char* text : {"", "{", "{\"a\": 1", "NaN", "{} {}"}) {
      write_bytes(folder_.file(name), text);
      const Error problem = error();
      EXPECT_EQ(problem.code, ErrorCode::kInvalidJson) << text;
      EXPECT_EQ(problem.file, folder_.file(name));
    }
    write_bytes(folder_.file(name), "{\"any\": [1, 2]}");
    EXPECT_EQ(read().iterations.size(), 1U);
  }
}

TEST_F(Artifacts, RefusesWhatIsLargerThanAnArtifactCanBeWithoutReadingIt) {
  report("[]");
  summary(1, "{}");
  std::filesystem::resize_file(folder_.file(iteration_summary_name(1)), std::uintmax_t{5} << 30);
  const Error refused = error();
  EXPECT_EQ(refused.code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(refused.file, folder_.file(iteration_summary_name(1)));
}

TEST_F(Artifacts, RefusesWhatIsNoPlainFile) {
  report("[]");
  ASSERT_EQ(::mkfifo(folder_.file(iteration_summary_name(1)).c_str(), 0600), 0);
  EXPECT_EQ(error().code, ErrorCode::kNotAFile);
  std::filesystem::remove(folder_.file(iteration_summary_name(1)));
  std::filesystem::create_symlink("/dev/zero", folder_.file(iteration_summary_name(1)));
  EXPECT_EQ(error().code, ErrorCode::kNotAFile);
}

}  // namespace
}  // namespace soak::journal

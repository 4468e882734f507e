#include "prove/program.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/testing.h"
#include "journal/write_artifacts.h"
#include "prove/honest_program.h"

namespace soak::prove {
namespace {

using std::chrono::milliseconds;
using target::FaultKind;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

ProgramOptions options_for(HonestProgram::Edit edit = {}) {
  ProgramOptions options;
  options.start_runtime = {{"engine", {{"min_interval_ms", 60}, {"tail_age_ms", 500}}}};
  options.iteration_length = milliseconds(40);
  options.settle = milliseconds(8);
  options.threads = 6;
  options.make_target = [edit = std::move(edit)](const target::ExternalTargetOptions& program) {
    return std::make_unique<HonestProgram>(program.runtime_path, edit);
  };
  return options;
}

ProveResult prove(const ProgramOptions& options) {
  auto result = prove_program(options);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : ProveResult();
}

std::vector<FaultKind> kinds_of(const ProveResult& result) {
  std::vector<FaultKind> kinds;
  for (const Row& row : result.rows) kinds.push_back(row.kind);
  return kinds;
}

TEST(ProveProgram, AnHonestProgramShowsAllThatWasDoneToItAndNothingElse) {
  const ProveResult result = prove(options_for());
  EXPECT_TRUE(result.passed()) << to_text(result);
  EXPECT_THAT(kinds_of(result),
              ElementsAre(FaultKind::kIgnored, FaultKind::kHalfApplied, FaultKind::kLate,
                          FaultKind::kRestarted, FaultKind::kForeignEdit, FaultKind::kNone));
  for (const Row& row : result.rows) {
    if (row.kind == FaultKind::kNone) continue;
    EXPECT_EQ(row.runs, row.kind == FaultKind::kLate ? 2 : 1);
    EXPECT_EQ(row.detected, row.runs);
    EXPECT_EQ(row.named_as.at(std::string(fault_kind_name(row.kind))), row.runs);
    EXPECT_THAT(row.consequences, IsEmpty());
  }
  EXPECT_EQ(result.rows.back().runs, 1);
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST(ProveProgram, OneThatGoesItsOwnWayIsAccusedAndNotTriedFurther) {
  ProgramOptions options = options_for(
      [](Json& report) { report["effective"]["params"]["engine"]["tail_age_ms"] = 500; });  // and stays there
  std::vector<std::string> runs;
  options.on_trial = [&](const Trial& trial, std::int64_t done, std::int64_t all) {
    runs.push_back(trial.name);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(all, 7);
  };
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  EXPECT_FALSE(result.stopped);
  EXPECT_THAT(runs, ElementsAre("healthy-1"));
  EXPECT_EQ(result.rows.back().detected, 1);
  const std::string text = to_text(result);
  EXPECT_THAT(text, HasSubstr("accused of what was not done to it: iteration 2: half_applied: tail_age_ms"));
  EXPECT_THAT(text, HasSubstr("they were not made\nFAIL\n"));
  EXPECT_THAT(text, HasSubstr("1 healthy run: 1 accused\nhealthy-1:\n"));
  EXPECT_EQ(to_json(result)["notes"].size(), 1U);
}

TEST(ProveProgram, WhatAHealthyProgramDoesNotReportIsNotProven) {
  const ProveResult result =
      prove(options_for([](Json& report) { report["effective"]["params"]["engine"].erase("tail_age_ms"); }));
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(to_text(result), AllOf(HasSubstr("strict verify fails a healthy run"),
                                     HasSubstr("tail_age_ms: proposed 600, observed nothing")));
}

TEST(ProveProgram, WithoutAnInstanceARestartIsUnseen) {
  ProgramOptions options = options_for([](Json& report) { report["effective"].erase("instance_id"); });
  options.kinds = {FaultKind::kRestarted};
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  ASSERT_THAT(result.rows, SizeIs(2));
  EXPECT_EQ(result.rows[0].detected, 0);
  EXPECT_EQ(result.rows[1].detected, 0);
  EXPECT_THAT(to_text(result),
              AllOf(HasSubstr("not named: iteration 3 restarted"),
                    HasSubstr("unseen: the program reports no instance_id"), Not(HasSubstr("accused of")),
                    HasSubstr("again: the same command with --kind restarted --keep DIR")));
  const Json json = to_json(result);
  EXPECT_EQ(json["bad"][0]["run"], "restarted-1");
  EXPECT_TRUE(json["bad"][0]["seed"].is_null());
}

TEST(ProveProgram, TakesThePlanAndSaysWhatItLeavesOut) {
  ProgramOptions options = options_for();
  options.plan = {{1, {{"min_interval_ms", 70}}}, {3, {{"min_interval_ms", 80}}}};
  const ProveResult result = prove(options);
  EXPECT_TRUE(result.passed()) << to_text(result);
  EXPECT_THAT(kinds_of(result), Not(testing::Contains(FaultKind::kHalfApplied)));
  EXPECT_THAT(result.notes, ElementsAre("half_applied was not tried: the change after iteration 3 is of one "
                                        "parameter alone"));
  options.kinds = {FaultKind::kHalfApplied};
  EXPECT_EQ(prove_program(options).error().code, ErrorCode::kInvalidArgument);
}

TEST(ProveProgram, WithNothingToMoveItSaysWhatToGive) {
  ProgramOptions options = options_for();
  options.start_runtime = {{"market", {{"tick_size", 0.1}}}};
  const auto result = prove_program(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("--overrides FILE"), HasSubstr("--plan FILE")));
}

TEST(ProveProgram, RefusesAProgramThatThereIsNotAndATunerThatIsNone) {
  ProgramOptions options = options_for();
  options.start_runtime["tuner"] = 7;
  EXPECT_EQ(prove_program(options).error().code, ErrorCode::kInvalidValue);
  options.make_target = {};
  options.program.command = {"no-such-program"};
  EXPECT_EQ(prove_program(options).error().code, ErrorCode::kNotFound);
}

TEST(ProveProgram, JudgesByTheKpisOfAProfileToo) {
  ProgramOptions options = options_for();
  options.kinds = {FaultKind::kIgnored};
  const std::string text = R"({"name": "mine", "window": 5, "pass_at_least": 4, "warn_at_least": 3,
    "steady": [{"kpi": "net_bps", "direction": "at_least", "threshold": 0}],
    "kpis": [{"name": "net_bps", "direction": "at_least", "threshold": )";
  auto good = analyze::parse_profile(text + "0.5}]}", "profile.json");
  ASSERT_TRUE(good) << good.error().message;
  options.profile = *good;
  EXPECT_TRUE(prove(options).passed());  // steady all the time, and yet nothing is frozen
  auto bad = analyze::parse_profile(text + "1.5}]}", "profile.json");
  ASSERT_TRUE(bad);
  options.profile = *bad;
  EXPECT_THAT(to_text(prove(options)), HasSubstr("the gate fails a healthy run: verdict"));
  options.profile->warn_at_least = 6;
  const auto refused = prove_program(options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("give --iterations 6"));
}

TEST(ProveProgram, SaysBeforehandHowLongItTakes) {
  ProgramOptions options = options_for();
  options.threads = 4;
  std::vector<std::int64_t> told;
  volatile std::sig_atomic_t stop = 0;
  options.on_begin = [&](std::int64_t runs, milliseconds about) {
    told = {runs, about.count()};
    stop = 1;
  };
  options.stop = &stop;
  const ProveResult result = prove(options);
  EXPECT_THAT(told, ElementsAre(7, 600));  // 5 iterations of 40 ms: one run, then 6 in two turns
  EXPECT_TRUE(result.stopped);
  EXPECT_FALSE(result.passed());
}

TEST(ProveProgram, KeepsTheArtifactsOfEachRunAndNeverReplacesThem) {
  const base::TempFolder folder;
  ProgramOptions options = options_for();
  options.kinds = {FaultKind::kIgnored};
  options.keep = folder.file("kept");
  EXPECT_TRUE(prove(options).passed());
  for (const char* name : {"ignored-1", "healthy-1"})
    EXPECT_TRUE(base::file_exists(options.keep + "/" + name + "/" + journal::kTuningReportName)) << name;
  EXPECT_EQ(prove_program(options).error().code, ErrorCode::kAlreadyExists);
}

TEST(ProveProgram, ARunThatFailsIsNoPass) {
  ProgramOptions options = options_for();
  options.make_target = [](const target::ExternalTargetOptions&) -> std::unique_ptr<target::Target> {
    return std::make_unique<HonestProgram>("/nowhere/runtime.json");
  };
  const ProveResult result = prove(options);
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(to_text(result), HasSubstr("the run failed: "));
}

}  // namespace
}  // namespace soak::prove

#include "prove/injected_target.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <vector>

#include "base/file.h"
#include "base/testing.h"
#include "prove/honest_program.h"
#include "prove/other_hand.h"

namespace soak::prove {
namespace {

using std::chrono::milliseconds;
using target::FaultKind;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Three parameters that move before each iteration: in iteration i each has the value i.
class InjectedTarget : public testing::Test {
 protected:
  static Json runtime_of(std::int64_t iteration) {
    return {{"engine", {{"min_interval_ms", iteration}, {"tail_age_ms", iteration}}},
            {"risk", {{"base_spread_bps", iteration}}}};
  }
  std::string run_runtime() const { return folder_.file("runtime.json"); }
  std::string program_runtime() const { return folder_.file("program/runtime.json"); }
  void put(const Json& runtime) {
    ASSERT_TRUE(base::write_file_atomic_not_durable(run_runtime(), canonical_json(runtime)));
  }
  Json program_file() const { return Json::parse(base::bytes_of(program_runtime())); }

  void start(Injection injection, HonestProgram::Edit edit = {}) {
    put(runtime_of(1));
    auto program = std::make_unique<HonestProgram>(program_runtime(), std::move(edit));
    program_ = program.get();
    target_ = make_injected_target(std::move(program),
                                   {injection, run_runtime(), program_runtime(), &Registry::builtin()});
    ASSERT_TRUE(target_->start());
  }
  target::IterationOutcome iterate(std::int64_t iteration, const Json& runtime,
                                   milliseconds length = milliseconds(0)) {
    put(runtime);
    target::IterationRequest request;
    request.iteration = iteration;
    request.runtime_path = run_runtime();
    request.runtime_hash = compute_json_hash(runtime);
    request.length = length;
    request.settle = length / 5;
    auto outcome = target_->run_iteration(request);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *outcome : target::IterationOutcome();
  }
  target::IterationOutcome iterate(std::int64_t iteration) {
    return iterate(iteration, runtime_of(iteration));
  }
  // What one parameter was, report by report.
  static std::vector<std::int64_t> values(const target::IterationOutcome& outcome) {
    std::vector<std::int64_t> found;
    for (const journal::SeenReport& seen : outcome.reports)
      found.push_back(seen.report["effective"]["params"]["engine"]["tail_age_ms"]);
    return found;
  }
  std::vector<std::string> committed() const {
    std::vector<std::string> found;
    for (const journal::Fault& fault : target_->committed())
      found.push_back(std::to_string(fault.iteration) + " " + fault.kind +
                      (fault.parameter.empty() ? "" : " ") + fault.parameter);
    return found;
  }

  base::TempFolder folder_;
  HonestProgram* program_ = nullptr;
  std::unique_ptr<target::FaultyTarget> target_;
};

TEST_F(InjectedTarget, WithoutAnInjectionTheProgramHasTheRunsBytes) {
  start({});
  for (const std::int64_t i : {1, 2, 3}) {
    EXPECT_THAT(values(iterate(i)), Each(i));
    EXPECT_EQ(base::bytes_of(program_runtime()), base::bytes_of(run_runtime()));
    EXPECT_EQ(program_->requests.back().runtime_hash, compute_json_hash(runtime_of(i)));
    EXPECT_EQ(program_->requests.back().runtime_path, program_runtime());
  }
  EXPECT_THAT(committed(), IsEmpty());
  EXPECT_THAT(program_->calls, ElementsAre("start", "run", "run", "run"));
}

TEST_F(InjectedTarget, ALostWriteNeverArrivesAndTheFileIsNotTouched) {
  start({FaultKind::kIgnored, 3, false});
  iterate(1);
  iterate(2);
  struct stat before {
  }, after{};
  ASSERT_EQ(::stat(program_runtime().c_str(), &before), 0);
  EXPECT_THAT(values(iterate(3)), Each(2));
  ASSERT_EQ(::stat(program_runtime().c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(program_->requests.back().runtime_hash, compute_json_hash(runtime_of(2)));  // so no SIGHUP either
  EXPECT_THAT(committed(),
              ElementsAre("3 ignored base_spread_bps", "3 ignored min_interval_ms", "3 ignored tail_age_ms"));
  // Only a newer value arrives.
  Json next = runtime_of(3);
  next["engine"]["min_interval_ms"] = 4;
  EXPECT_THAT(values(iterate(4, next)), Each(2));
  EXPECT_EQ(program_file()["engine"]["min_interval_ms"], 4);
  EXPECT_EQ(program_file()["risk"]["base_spread_bps"], 2);
  EXPECT_THAT(values(iterate(5)), Each(5));
  EXPECT_EQ(base::bytes_of(program_runtime()), base::bytes_of(run_runtime()));
}

TEST_F(InjectedTarget, AParameterThatTheFileDidNotHaveIsKeptOutOfIt) {
  start({FaultKind::kIgnored, 2, false});
  iterate(1);
  Json more = runtime_of(1);
  more["market"]["tick_size"] = 0.5;
  iterate(2, more);
  EXPECT_THAT(committed(), ElementsAre("2 ignored tick_size"));
  EXPECT_EQ(program_file(), runtime_of(1));  // no empty section either: the file was not touched
}

TEST_F(InjectedTarget, OfHalfAWriteTheOtherHalfArrives) {
  start({FaultKind::kHalfApplied, 2, false});
  iterate(1);
  EXPECT_THAT(values(iterate(2)), Each(2));
  EXPECT_THAT(committed(), ElementsAre("2 half_applied base_spread_bps"));
  EXPECT_EQ(program_file()["risk"]["base_spread_bps"], 1);
}

TEST_F(InjectedTarget, ALateWriteArrivesInTheMiddleOfTheReportsThatCount) {
  start({FaultKind::kLate, 2, false});
  iterate(1);
  const auto outcome = iterate(2, runtime_of(2), milliseconds(50));
  ASSERT_THAT(outcome.reports, SizeIs(2 * HonestProgram::kReports));
  EXPECT_EQ(values(outcome).front(), 1);
  EXPECT_EQ(values(outcome)[HonestProgram::kReports - 1], 1);
  EXPECT_EQ(values(outcome)[HonestProgram::kReports], 2);
  EXPECT_FALSE(outcome.reports.front().settled);
  EXPECT_TRUE(outcome.reports[HonestProgram::kReports - 1].settled);
  ASSERT_THAT(program_->requests, SizeIs(3));
  EXPECT_EQ(program_->requests[1].length, milliseconds(30));  // 10 of settling, and half of 40
  EXPECT_EQ(program_->requests[2].length, milliseconds(20));
  EXPECT_EQ(program_->requests[1].runtime_hash, compute_json_hash(runtime_of(1)));
  EXPECT_EQ(program_->requests[2].runtime_hash, compute_json_hash(runtime_of(2)));
  EXPECT_THAT(committed(),
              ElementsAre("2 late base_spread_bps", "2 late min_interval_ms", "2 late tail_age_ms"));
}

TEST_F(InjectedTarget, AnIterationLateIsLateInTheNextOne) {
  start({FaultKind::kLate, 2, true});
  iterate(1);
  EXPECT_THAT(values(iterate(2)), Each(1));
  EXPECT_THAT(values(iterate(3, runtime_of(2))), Each(2));
  EXPECT_THAT(committed(),
              ElementsAre("3 late base_spread_bps", "3 late min_interval_ms", "3 late tail_age_ms"));
}

TEST_F(InjectedTarget, ARestartIsAnotherInstanceWithinTheIterationAndNotTheRunsDoing) {
  start({FaultKind::kRestarted, 2, false});
  EXPECT_TRUE(iterate(1).started);
  const auto outcome = iterate(2);
  EXPECT_THAT(program_->calls, ElementsAre("start", "run", "run", "stop", "start", "run"));
  EXPECT_EQ(outcome.reports.front().report["effective"]["instance_id"], "instance-1");
  EXPECT_EQ(outcome.reports.back().report["effective"]["instance_id"], "instance-2");
  EXPECT_FALSE(outcome.started);
  EXPECT_THAT(committed(), ElementsAre("2 restarted"));
  EXPECT_THAT(target_->committed()[0].detail, Not(HasSubstr("unseen")));
}

TEST_F(InjectedTarget, AnEditBefallsBothFilesWhileTheIterationRuns) {
  start({FaultKind::kForeignEdit, 2, false});
  iterate(1);
  const auto outcome = iterate(2, runtime_of(2), milliseconds(50));
  EXPECT_EQ(base::bytes_of(program_runtime()), base::bytes_of(run_runtime()));
  EXPECT_EQ(program_file()["risk"]["base_spread_bps"], 1);  // as it was before
  EXPECT_EQ(program_file()["engine"]["tail_age_ms"], 2);
  EXPECT_EQ(outcome.reports.front().report["effective"]["params"]["risk"]["base_spread_bps"], 2);
  EXPECT_THAT(committed(), ElementsAre("2 foreign_edit"));
}

TEST_F(InjectedTarget, AnEditOfWhatHasNoOldValueIsAKeyOfItsOwn) {
  start({FaultKind::kForeignEdit, 2, false});
  iterate(1);
  iterate(2, runtime_of(1), milliseconds(20));
  EXPECT_EQ(program_file()["edited_by"], "another hand");
  EXPECT_EQ(base::bytes_of(program_runtime()), base::bytes_of(run_runtime()));
}

TEST_F(InjectedTarget, AProgramThatEndsBeforeTheMiddleIsLeftAlone) {
  start({FaultKind::kRestarted, 2, false});
  iterate(1);
  program_->ends_in = 2;
  EXPECT_TRUE(iterate(2).ended);
  EXPECT_THAT(program_->calls, ElementsAre("start", "run", "run"));
  EXPECT_THAT(committed(), IsEmpty());
}

// ---- what nobody can see ----

TEST_F(InjectedTarget, ARestartOfWhoHasNoInstanceIsUnseenAndHisSilenceAConsequence) {
  start({FaultKind::kRestarted, 2, false}, [](Json& report) { report["effective"].erase("instance_id"); });
  iterate(1);
  iterate(2);
  ASSERT_THAT(target_->committed(), SizeIs(1));
  EXPECT_THAT(target_->committed()[0].detail, HasSubstr("unseen: the program reports no instance_id"));
  EXPECT_TRUE(target_->is_consequence({3, "stale_report", "", ""}));
  EXPECT_FALSE(target_->is_consequence({1, "stale_report", "", ""}));
  EXPECT_FALSE(target_->is_consequence({3, "drifted", "", ""}));
}

TEST_F(InjectedTarget, ARestartOfWhoIsAlwaysTheSameIsUnseenAndHisSilenceIsNot) {
  start({FaultKind::kRestarted, 2, false}, [](Json& report) { report["effective"]["instance_id"] = "me"; });
  iterate(1);
  iterate(2);
  EXPECT_THAT(target_->committed()[0].detail, HasSubstr("unseen: the program's instance_id is the same"));
  EXPECT_FALSE(target_->is_consequence({3, "stale_report", "", ""}));
}

TEST_F(InjectedTarget, AParameterThatIsNotReportedIsUnseen) {
  start({FaultKind::kIgnored, 2, false},
        [](Json& report) { report["effective"]["params"]["engine"].erase("tail_age_ms"); });
  iterate(1);
  iterate(2);
  ASSERT_THAT(target_->committed(), SizeIs(3));
  EXPECT_THAT(target_->committed()[0].detail, Not(HasSubstr("unseen")));
  EXPECT_THAT(target_->committed()[2].detail,
              HasSubstr("unseen: the program does not report this parameter"));
}

TEST_F(InjectedTarget, ALateWriteWithoutReportsAroundItIsUnseen) {
  start({FaultKind::kLate, 2, false});
  iterate(1);
  iterate(2, runtime_of(2), milliseconds(0));
  EXPECT_THAT(target_->committed()[0].detail, Not(HasSubstr("unseen")));
  start({FaultKind::kLate, 2, false}, [](Json& report) { report["effective"]["params"]["x"] = 1; });
  iterate(1);
  program_->reports = 0;
  iterate(2);
  EXPECT_THAT(target_->committed()[0].detail,
              HasSubstr("unseen: no report between the settle time and its arrival"));
}

TEST_F(InjectedTarget, WhatTheProgramHasInEffectAlreadyCannotBeKeptFromIt) {
  start({FaultKind::kIgnored, 2, false},
        [](Json& report) { report["effective"]["params"]["engine"]["tail_age_ms"] = 2; });
  iterate(1);
  iterate(2);
  EXPECT_THAT(committed(), ElementsAre("2 ignored base_spread_bps", "2 ignored min_interval_ms"));
}

// ---- the other hand ----

TEST(OtherHand, ActsWhenItIsDueAndNotBefore) {
  int acted = 0;
  const auto act = [&]() -> Result<void> {
    ++acted;
    return {};
  };
  OtherHand later(std::chrono::hours(1), act);
  EXPECT_FALSE(*later.finish());
  EXPECT_EQ(acted, 0);
  OtherHand now(milliseconds(0), act);
  EXPECT_TRUE(*now.finish());
  EXPECT_EQ(acted, 1);
}

TEST(OtherHand, SaysWhatWentWrong) {
  OtherHand hand(milliseconds(0), []() -> Result<void> { return fail(ErrorCode::kIoError, "no"); });
  EXPECT_FALSE(hand.finish());
}

}  // namespace
}  // namespace soak::prove

#include "guards/guards.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace soak::guards {
namespace {

using std::chrono::minutes;

// A run in miniature: iterations of five minutes, a target that obeys.
class MiniRun {
 public:
  explicit MiniRun(ParamValues start = {{"tail_age_ms", 500},
                                        {"min_interval_ms", 60},
                                        {"base_spread_bps", 1.0}})
      : values_(std::move(start)) {
    history_.start(values_);
  }
  MiniRun& end_iteration(bool steady = false) {
    ++iteration_;
    now_ += iteration_length;
    history_.observe(iteration_, now_, values_, steady);
    return *this;
  }
  GuardFlags flags(const ParamValues& proposal) const {
    return evaluate(history_, proposal, settings, Registry::builtin());
  }
  MiniRun& apply(const std::string& name, const Json& value) {
    history_.applied({{name, value}}, Registry::builtin(), settings);
    values_[name] = value;
    return *this;
  }
  // A value of the target's own, which the runtime file does not have.
  MiniRun& defaults_to(const std::string& name, const Json& value) {
    values_[name] = value;
    return *this;
  }
  MiniRun& roll_back(const ParamValues& restored) {
    for (const auto& [name, value] : restored) values_[name] = value;
    history_.rolled_back(restored);
    return *this;
  }
  GuardHistory& history() { return history_; }

  GuardSettings settings;
  std::chrono::milliseconds iteration_length = minutes(5);

 private:
  GuardHistory history_;
  ParamValues values_;
  std::int64_t iteration_ = 0;
  base::UtcTime now_ = base::kMockEpoch;
};

// Which of the iterations 1, 2, ... have the freeze flag, as a text of '-' and 'F'.
std::string freezes(const std::string& steady) {
  MiniRun run;
  std::string flags;
  for (const char c : steady) flags += run.end_iteration(c == 's').flags({}).freeze_triggered ? 'F' : '-';
  return flags;
}

TEST(Freeze, HoldsFourProposalsFromTheSecondSteadyIterationOn) {
  EXPECT_EQ(freezes("uss......"), "--FFFF---");
}
TEST(Freeze, NeedsTwoSteadyIterationsInARow) {
  EXPECT_EQ(freezes("s.s.s.ss"), "-------F");
}
TEST(Freeze, CountsAnewOnlyAfterItsLastIteration) {
  EXPECT_EQ(freezes("ssssssssssssss"), "-FFFF-FFFF-FFF");
}
TEST(Freeze, DoesNotCountASteadyIterationWithinTheFreezeBefore) {
  EXPECT_EQ(freezes("ssssss."), "-FFFF--");
}
TEST(Freeze, TakesAMissingIterationForUnsteady) {
  GuardHistory history;
  history.start({});
  history.observe(1, base::kMockEpoch, {}, true);
  history.observe(3, base::kMockEpoch, {}, true);
  EXPECT_FALSE(frozen(history));
}

TEST(Oscillation, CatchesTheWayBackToTheStart) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550).end_iteration();
  EXPECT_TRUE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
}
TEST(Oscillation, EqualsWithinABillionth) {
  MiniRun run;
  run.end_iteration().apply("base_spread_bps", 1.1).end_iteration();
  EXPECT_TRUE(run.flags({{"base_spread_bps", 1.0000000005}}).oscillation_detected);
  EXPECT_FALSE(run.flags({{"base_spread_bps", 1.000000002}}).oscillation_detected);
}
TEST(Oscillation, LooksBackAsManyValuesAsTheWindow) {
  MiniRun run;
  for (const int value : {510, 520, 530, 540}) run.end_iteration().apply("tail_age_ms", value);
  run.end_iteration();
  EXPECT_TRUE(run.flags({{"tail_age_ms", 510}}).oscillation_detected);
  EXPECT_FALSE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
}
TEST(Oscillation, CountsValuesAndNotIterations) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550);
  for (int i = 0; i < 20; ++i) run.end_iteration();
  EXPECT_TRUE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
}
TEST(Oscillation, IsNotTheValueThatIsAlreadyThere) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550).end_iteration();
  EXPECT_FALSE(run.flags({{"tail_age_ms", 550}}).oscillation_detected);
}
TEST(Oscillation, IsNotTheCurrentValueEvenWhereTheRunHasBeenThereBefore) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550).end_iteration().apply("tail_age_ms", 500).end_iteration();
  EXPECT_FALSE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
  EXPECT_TRUE(run.flags({{"tail_age_ms", 550}}).oscillation_detected);
}
TEST(Oscillation, IsNotSetWhereNothingIsProposed) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550).end_iteration();
  EXPECT_FALSE(run.flags({}).oscillation_detected);
}
TEST(Oscillation, IsOffWithAWindowOfZeroAndSeesOneValueWithAWindowOfOne) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550).end_iteration();
  run.settings.oscillation_window = 0;
  EXPECT_FALSE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
  run.settings.oscillation_window = 1;
  EXPECT_TRUE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
}
TEST(Oscillation, SeesThroughATargetThatReportsFloat32) {
  GuardHistory history;
  history.start({{"base_spread_bps", 0.1}});
  const auto at = [](double value) {
    return ParamValues{{"base_spread_bps", static_cast<double>(static_cast<float>(value))}};
  };
  history.observe(1, base::kMockEpoch, at(0.1), false);
  EXPECT_FALSE(evaluate(history, {{"base_spread_bps", 0.1}}, {}, Registry::builtin()).oscillation_detected);
  history.applied({{"base_spread_bps", 0.11}}, Registry::builtin(), {});
  history.observe(2, base::kMockEpoch + minutes(5), at(0.11), false);
  EXPECT_TRUE(evaluate(history, {{"base_spread_bps", 0.1}}, {}, Registry::builtin()).oscillation_detected);
}

TEST(Velocity, AllowsFourStepLimitsAnHourAndNotMore) {
  MiniRun run;
  run.settings.cooldown_iters = 0;
  for (const int value : {600, 700, 800}) run.end_iteration().apply("tail_age_ms", value);
  run.end_iteration();
  EXPECT_FALSE(run.flags({{"tail_age_ms", 900}}).velocity_violation);
  EXPECT_TRUE(run.flags({{"tail_age_ms", 901}}).velocity_violation);
}
TEST(Velocity, AddsUpChangesInBothDirections) {
  MiniRun run;
  for (const int value : {600, 500, 600, 500}) run.end_iteration().apply("tail_age_ms", value);
  EXPECT_TRUE(run.end_iteration().flags({{"tail_age_ms", 510}}).velocity_violation);
}
TEST(Velocity, ForgetsAChangeExactlyAnHourLater) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 900);  // at 5 minutes; four step limits
  for (int i = 0; i < 11; ++i) run.end_iteration();
  EXPECT_TRUE(run.flags({{"tail_age_ms", 901}}).velocity_violation);
  run.end_iteration();  // an hour after the change: (t - 1 h, t] no longer holds it
  EXPECT_FALSE(run.flags({{"tail_age_ms", 901}}).velocity_violation);
}
TEST(Velocity, MeasuresEachChangeAtTheValueThatItStartedFrom) {
  MiniRun run;
  // 25 % up twice is two step limits, though the second is larger than the first.
  run.end_iteration()
      .apply("base_spread_bps", 1.25)
      .end_iteration()
      .apply("base_spread_bps", 1.5625)
      .end_iteration();
  EXPECT_FALSE(run.flags({{"base_spread_bps", 1.5625 * 1.5}}).velocity_violation);
  EXPECT_TRUE(run.flags({{"base_spread_bps", 1.5625 * 1.501}}).velocity_violation);
}
TEST(Velocity, HoldsASingleProposalThatIsTooLarge) {
  MiniRun run;
  EXPECT_TRUE(run.end_iteration().flags({{"min_interval_ms", 161}}).velocity_violation);
}
TEST(Velocity, DoesNotMeasureAParameterThatHadNoValue) {
  MiniRun run;
  EXPECT_FALSE(run.end_iteration().flags({{"max_age_ms", 600000}}).any());
  run.apply("max_age_ms", 600000).end_iteration();
  EXPECT_FALSE(run.flags({{"max_age_ms", 600000 * 1.5}}).any());
}
TEST(Velocity, MeasuresFromTheTargetsDefaultWhereTheFileHasNoValue) {
  MiniRun run;
  run.defaults_to("max_age_ms", 1000).end_iteration();
  EXPECT_FALSE(run.flags({{"max_age_ms", 2000}}).velocity_violation);
  EXPECT_TRUE(run.flags({{"max_age_ms", 2001}}).velocity_violation);
  EXPECT_DOUBLE_EQ(*velocity_allowance(run.history(), "max_age_ms", {}, Registry::builtin()), 1000);
  run.apply("max_age_ms", 1500).end_iteration().end_iteration();  // two step limits of 250
  EXPECT_FALSE(run.flags({{"max_age_ms", 1500 + 2 * 375}}).velocity_violation);
  EXPECT_TRUE(run.flags({{"max_age_ms", 1500 + 2 * 375 + 1}}).velocity_violation);
}
TEST(Velocity, MeasuresFromTheFileWhereTheTargetHasNotFollowedYet) {
  GuardHistory history;
  history.start({{"tail_age_ms", 500}});
  history.observe(1, base::kMockEpoch, {{"tail_age_ms", 500}}, false);
  history.applied({{"tail_age_ms", 700}}, Registry::builtin(), {});
  history.observe(2, base::kMockEpoch + minutes(5), {{"tail_age_ms", 500}}, false);
  EXPECT_FALSE(evaluate(history, {{"tail_age_ms", 900}}, {}, Registry::builtin()).velocity_violation);
  EXPECT_TRUE(evaluate(history, {{"tail_age_ms", 901}}, {}, Registry::builtin()).velocity_violation);
}
TEST(Velocity, MeasuresFromWhatAnotherHandLeftInTheFile) {
  GuardHistory history;
  history.start({{"tail_age_ms", 500}, {"min_interval_ms", 60}});
  history.observe(1, base::kMockEpoch, {{"tail_age_ms", 500}, {"min_interval_ms", 60}}, false);
  history.edited({{"tail_age_ms", 1500}});
  EXPECT_FALSE(evaluate(history, {{"tail_age_ms", 1900}}, {}, Registry::builtin()).velocity_violation);
  EXPECT_TRUE(evaluate(history, {{"tail_age_ms", 1901}}, {}, Registry::builtin()).velocity_violation);
  // Gone from the file, and still in effect.
  EXPECT_TRUE(evaluate(history, {{"min_interval_ms", 161}}, {}, Registry::builtin()).velocity_violation);
}
TEST(Velocity, DoesNotMeasureAParameterWithoutAStepLimit) {
  MiniRun run({{"tick_size", 0.01}});
  EXPECT_FALSE(run.end_iteration().flags({{"tick_size", 100}}).any());
}
TEST(Velocity, StaysBoundedOverManyTinyChanges) {
  MiniRun run;
  run.iteration_length = std::chrono::milliseconds(1);
  for (int i = 0; i < 5000; ++i)
    run.end_iteration().apply("base_spread_bps", 1.0 + 0.0001 * (i % 2 == 0 ? 1 : -1));
  run.end_iteration();
  // 5,000 changes of about 0.0002 at a step limit of 0.25 are four step limits.
  EXPECT_NEAR(*velocity_allowance(run.history(), "base_spread_bps", {}, Registry::builtin()), 0, 0.001);
}

TEST(Cooldown, HoldsAParameterAfterALargeChangeForOneIteration) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 581).end_iteration();
  const GuardFlags flags = run.flags({{"tail_age_ms", 590}});
  EXPECT_TRUE(flags.cooldown_active);
  EXPECT_EQ(flags.cooldown_iters_left, 1);
  EXPECT_FALSE(run.end_iteration().flags({{"tail_age_ms", 590}}).cooldown_active);
}
TEST(Cooldown, IsNotStartedByExactlyEightyPercentOfAStepLimit) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 580).end_iteration();
  EXPECT_FALSE(run.flags({{"tail_age_ms", 590}}).cooldown_active);
}
TEST(Cooldown, CountsDownWithTheCurrentIterationIncluded) {
  MiniRun run;
  run.settings.cooldown_iters = 3;
  run.end_iteration().apply("tail_age_ms", 600);
  std::vector<int> left;
  for (int i = 0; i < 4; ++i)
    left.push_back(*run.end_iteration().flags({{"tail_age_ms", 610}}).cooldown_iters_left);
  EXPECT_EQ(left, (std::vector<int>{3, 2, 1, 0}));
}
TEST(Cooldown, LeavesOtherParametersFree) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 600).end_iteration();
  EXPECT_FALSE(run.flags({{"min_interval_ms", 65}}).any());
}
TEST(Cooldown, IsReportedWhereNothingIsProposed) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 600).end_iteration();
  EXPECT_TRUE(run.flags({}).cooldown_active);
}

TEST(Cooldown, StartsWithALargeChangeOfTheTargetsDefaultToo) {
  MiniRun run;
  run.defaults_to("max_age_ms", 1000).end_iteration().apply("max_age_ms", 1201).end_iteration();
  EXPECT_TRUE(run.flags({{"max_age_ms", 1210}}).cooldown_active);
  EXPECT_EQ(holding_guard(run.history(), "max_age_ms", 1210, run.settings, Registry::builtin()),
            Guard::kCooldown);
}
TEST(Cooldown, IsNotStartedByAParameterThatHadNoValueAnywhere) {
  MiniRun run;
  run.end_iteration().apply("max_age_ms", 600000).end_iteration();
  EXPECT_FALSE(run.flags({{"max_age_ms", 610000}}).any());
}

TEST(Guards, HoldTheWholeProposalWhenOneParameterCoolsDown) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 600).end_iteration();
  EXPECT_TRUE(run.flags({{"min_interval_ms", 65}, {"tail_age_ms", 610}}).cooldown_active);
}
TEST(Guards, NameTheHighestOneThatHoldsAParameter) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 900).end_iteration();
  const auto holding = [&](const char* name, const Json& value) {
    return holding_guard(run.history(), name, value, run.settings, Registry::builtin());
  };
  EXPECT_EQ(holding("tail_age_ms", 500), Guard::kOscillation);
  EXPECT_EQ(holding("tail_age_ms", 910), Guard::kVelocity);
  EXPECT_EQ(holding("tail_age_ms", 900), Guard::kCooldown);
  EXPECT_EQ(holding("min_interval_ms", 65), Guard::kNone);
  EXPECT_EQ(holding("max_age_ms", 65), Guard::kNone);
  run.end_iteration(true).end_iteration(true);
  EXPECT_EQ(holding("min_interval_ms", 65), Guard::kFreeze);
}
TEST(Guards, SayHowFarVelocityStillLetsAParameterMove) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 650).end_iteration();
  EXPECT_DOUBLE_EQ(*velocity_allowance(run.history(), "tail_age_ms", {}, Registry::builtin()), 250);
  EXPECT_EQ(velocity_allowance(run.history(), "max_age_ms", {}, Registry::builtin()), std::nullopt);
}
TEST(Guards, SayHowLongCooldownHoldsAParameter) {
  MiniRun run;
  run.settings.cooldown_iters = 2;
  run.end_iteration().apply("tail_age_ms", 600).end_iteration();
  EXPECT_EQ(cooldown_iters_left(run.history(), "tail_age_ms"), 2);
  EXPECT_EQ(cooldown_iters_left(run.history(), "min_interval_ms"), 0);
}

TEST(Rollback, LeavesNoTraceInAnyGuard) {
  MiniRun run;
  run.end_iteration()
      .apply("tail_age_ms", 900)
      .end_iteration()
      .roll_back({{"tail_age_ms", 500}, {"min_interval_ms", 60}});
  run.end_iteration();
  EXPECT_FALSE(run.flags({{"tail_age_ms", 900}}).any());
  EXPECT_EQ(*velocity_allowance(run.history(), "tail_age_ms", {}, Registry::builtin()), 400);
}
TEST(Rollback, KeepsWhatWasThereBefore) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 550).end_iteration().apply("tail_age_ms", 560).end_iteration();
  run.roll_back({{"tail_age_ms", 550}}).end_iteration();
  EXPECT_TRUE(run.flags({{"tail_age_ms", 500}}).oscillation_detected);
  EXPECT_FALSE(run.flags({{"tail_age_ms", 560}}).oscillation_detected);
  EXPECT_DOUBLE_EQ(*velocity_allowance(run.history(), "tail_age_ms", {}, Registry::builtin()), 350);
}
TEST(Rollback, WorksBeforeTheTargetHasShownTheValue) {
  MiniRun run;
  run.end_iteration().apply("tail_age_ms", 600).roll_back({{"tail_age_ms", 500}}).end_iteration();
  EXPECT_FALSE(run.flags({{"tail_age_ms", 600}}).any());
}

TEST(GuardSettings, ComeFromTheRuntimesTunerSection) {
  const auto settings = guard_settings(
      *parse_json(R"({"tuner":{"cooldown_iters":3.0,"velocity_cap":0.5,"oscillation_window":0}})"));
  EXPECT_EQ(settings.cooldown_iters, 3);
  EXPECT_EQ(settings.velocity_cap, 0.5);
  EXPECT_EQ(settings.oscillation_window, 0);
}
TEST(GuardSettings, AreTheDefaultsWhereTheRuntimeSaysNothingUsable) {
  for (const char* text :
       {"{}", "[]", R"({"tuner":5})",
        R"({"tuner":{"cooldown_iters":-1,"velocity_cap":"4","oscillation_window":2.5}})"}) {
    const auto settings = guard_settings(*parse_json(text));
    EXPECT_EQ(settings.cooldown_iters, 1) << text;
    EXPECT_EQ(settings.velocity_cap, 4) << text;
    EXPECT_EQ(settings.oscillation_window, 3) << text;
  }
}
TEST(GuardSettings, AreCutToWhatTheHistoryRemembers) {
  const auto settings =
      guard_settings(*parse_json(R"({"tuner":{"cooldown_iters":1e18,"oscillation_window":1e18}})"));
  EXPECT_EQ(settings.oscillation_window, kOscillationWindowMax);
  EXPECT_GT(settings.cooldown_iters, 1000);
}

}  // namespace
}  // namespace soak::guards

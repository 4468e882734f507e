#include "prove/moves.h"

#include <gmock/gmock.h>

namespace soak::prove {
namespace {

using testing::HasSubstr;

Moves moves_of(const Json& runtime, std::int64_t iterations = 5) {
  return step_and_back(runtime, Registry::builtin(), iterations);
}

TEST(Moves, GoByOneStepAndBackAndNotAfterTheLastIteration) {
  const Moves moves =
      moves_of({{"engine", {{"tail_age_ms", 500}}}, {"risk", {{"base_spread_bps_delta", 0.2}}}});
  ASSERT_EQ(moves.size(), 4U);
  for (const std::int64_t there : {1, 3})
    EXPECT_EQ(moves.at(there), (ParamValues{{"tail_age_ms", 600}, {"base_spread_bps_delta", 0.3}}));
  for (const std::int64_t back : {2, 4})
    EXPECT_EQ(moves.at(back), (ParamValues{{"tail_age_ms", 500}, {"base_spread_bps_delta", 0.2}}));
}

TEST(Moves, GoDownWhereTheBoundIsInTheWay) {
  EXPECT_EQ(moves_of({{"engine", {{"tail_age_ms", 60000}}}}).at(1).at("tail_age_ms"), 59900);
}

TEST(Moves, AreWholeStepsOfWholeNumbers) {
  // A quarter of 10 is 2.5, and of 1 less than one.
  EXPECT_EQ(moves_of({{"engine", {{"concurrency_limit", 10}}}}).at(1).at("concurrency_limit"), 12);
  EXPECT_EQ(moves_of({{"engine", {{"concurrency_limit", 1}}}}).at(1).at("concurrency_limit"), 2);
}

TEST(Moves, LeaveAloneWhatHasNoStepAndWhatIsNoNumber) {
  Registry registry;
  Parameter choice;
  choice.name = "mode";
  choice.section = "engine";
  choice.type = ParamType::kChoice;
  choice.step.absolute = 1;
  choice.choices = {1, 2};
  registry.add_or_replace(choice);
  EXPECT_TRUE(step_and_back({{"engine", {{"mode", 1}}}}, registry, 5).empty());
  EXPECT_TRUE(moves_of({{"market", {{"tick_size", 0.1}}}, {"tuner", {{"cooldown_iters", 1}}}}).empty());
  EXPECT_TRUE(moves_of(Json::object()).empty());
}

TEST(Moves, LeaveAloneWhatItsBoundsHoldOnBothSides) {
  Registry registry;
  Parameter narrow;
  narrow.name = "narrow";
  narrow.section = "engine";
  narrow.min = 1;
  narrow.max = 1.5;
  narrow.step.absolute = 1;
  registry.add_or_replace(narrow);
  EXPECT_TRUE(step_and_back({{"engine", {{"narrow", 1.2}}}}, registry, 5).empty());
}

// ---- when a fault has an occasion ----

const Json kRuntime = {{"engine", {{"min_interval_ms", 60}}}};

Result<Occasion> occasion_of(const Moves& moves, std::int64_t iterations = 5) {
  return find_occasion(moves, kRuntime, Registry::builtin(), iterations);
}

TEST(Occasion, IsTheSecondChangeSoThatOneWasDeliveredBefore) {
  const auto occasion = occasion_of({{1, {{"min_interval_ms", 70}}},
                                     {2, {{"min_interval_ms", 80}, {"tail_age_ms", 9}}},
                                     {3, {{"min_interval_ms", 90}}}});
  ASSERT_TRUE(occasion);
  EXPECT_EQ(occasion->iteration, 3);
  EXPECT_EQ(occasion->changes, 2U);
}

TEST(Occasion, DoesNotCountWhatChangesNothing) {
  const auto occasion =
      occasion_of({{1, {{"min_interval_ms", 60.0}}}, {2, {{"min_interval_ms", 70}, {"tail_age_ms", 9}}}});
  ASSERT_TRUE(occasion);
  EXPECT_EQ(occasion->iteration, 3);
  EXPECT_EQ(occasion->changes, 2U);
}

TEST(Occasion, IsTheOnlyChangeWhereThereIsOneAlone) {
  const auto occasion = occasion_of({{3, {{"min_interval_ms", 70}}}});
  ASSERT_TRUE(occasion);
  EXPECT_EQ(occasion->iteration, 4);
}

TEST(Occasion, LeavesAnIterationForWhatComesLate) {
  const auto none = occasion_of({{4, {{"min_interval_ms", 70}}}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(none.error().message, HasSubstr("a change after iteration 1 to 3"));
  EXPECT_FALSE(occasion_of({{1, {{"min_interval_ms", 60}}}}));
}

}  // namespace
}  // namespace soak::prove

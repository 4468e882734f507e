#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "tuner/tuner.h"

namespace soak::tuner {
namespace {

using ::testing::HasSubstr;

class PlanTuner : public ::testing::Test {
 protected:
  Result<PlannedTuner> read(const std::string& text, std::int64_t iterations) {
    base::write_bytes(path(), text);
    return make_plan_tuner(path(), iterations);
  }
  Result<std::unique_ptr<Tuner>> plan(const std::string& text) {
    auto planned = read(text, 100);
    if (!planned) return tl::unexpected(planned.error());
    return std::move(planned->tuner);
  }
  void expect_refused(const std::string& text, ErrorCode code, const std::string& what) {
    const auto tuner = plan(text);
    ASSERT_FALSE(tuner) << text;
    EXPECT_EQ(tuner.error().code, code) << text;
    EXPECT_EQ(tuner.error().file, path()) << text;
    EXPECT_THAT(tuner.error().message, HasSubstr(what)) << text;
  }
  static Proposal propose_after(const Tuner& tuner, std::int64_t iteration) {
    TunerInput input;
    input.iteration = iteration;
    return tuner.propose(input);
  }
  std::string path() const { return folder_.file("plan.jsonl"); }
  base::TempFolder folder_;
};

TEST_F(PlanTuner, ProposesExactlyWhatStandsThere) {
  const auto tuner =
      plan("{\"iteration\":2,\"proposed_deltas\":{\"min_interval_ms\":65.0,\"base_spread_bps\":0.3}}\n");
  ASSERT_TRUE(tuner) << tuner.error().message;
  EXPECT_TRUE(propose_after(**tuner, 1).proposed_deltas.empty());
  const ParamValues expected = {{"min_interval_ms", 65.0}, {"base_spread_bps", 0.3}};
  EXPECT_EQ(propose_after(**tuner, 2).proposed_deltas, expected);
  EXPECT_TRUE(propose_after(**tuner, 3).proposed_deltas.empty());
}

TEST_F(PlanTuner, LeavesAPinnedParameterOut) {
  const auto tuner = plan("{\"iteration\":1,\"proposed_deltas\":{\"tail_age_ms\":500,\"max_age_ms\":900}}\n");
  ASSERT_TRUE(tuner);
  TunerInput input;
  input.iteration = 1;
  input.pinned = {"max_age_ms"};
  EXPECT_EQ((*tuner)->propose(input).proposed_deltas, (ParamValues{{"tail_age_ms", 500}}));
}

TEST_F(PlanTuner, SkipsBlankLinesAndTakesALastLineWithoutNewline) {
  const auto tuner = plan("\n  \r\n{\"iteration\":1,\"proposed_deltas\":{\"tail_age_ms\":500}}");
  ASSERT_TRUE(tuner);
  EXPECT_EQ(propose_after(**tuner, 1).proposed_deltas.size(), 1U);
}

TEST_F(PlanTuner, NamesFileAndLineOfAnUnknownParameter) {
  expect_refused(
      "{\"iteration\":1,\"proposed_deltas\":{}}\n{\"iteration\":2,\"proposed_deltas\":{\"min_intervall_ms\":"
      "5}}\n",
      ErrorCode::kUnknownParameter, "line 2: min_intervall_ms");
}

TEST_F(PlanTuner, NamesTheParameterWhoseValueIsNotOfItsType) {
  expect_refused("{\"iteration\":1,\"proposed_deltas\":{\"min_interval_ms\":\"fast\"}}",
                 ErrorCode::kInvalidValue, "line 1: min_interval_ms");
}

TEST_F(PlanTuner, RefusesALineThatIsNotJson) {
  expect_refused("{\"iteration\":1,", ErrorCode::kInvalidJson, "line 1: ");
}

TEST_F(PlanTuner, RefusesALineThatIsNoObject) {
  expect_refused("[1]", ErrorCode::kInvalidValue, "line 1: is not a JSON object");
}

TEST_F(PlanTuner, RefusesIterationsBelowOne) {
  expect_refused("{\"iteration\":0,\"proposed_deltas\":{}}", ErrorCode::kInvalidValue, "iteration must be");
  expect_refused("{\"iteration\":1.5,\"proposed_deltas\":{}}", ErrorCode::kInvalidValue, "iteration must be");
}

TEST_F(PlanTuner, RefusesALineWithoutProposal) {
  expect_refused("{\"iteration\":1}", ErrorCode::kInvalidValue, "proposed_deltas must be");
}

TEST_F(PlanTuner, RefusesAKeyThatNoPlanHas) {
  expect_refused("{\"iteration\":1,\"proposed_deltas\":{}}\n{\"iteration\":2,\"deltas\":{}}",
                 ErrorCode::kInvalidValue, "line 2: \"deltas\" is no key of a plan");
  expect_refused("{\"iteration\":1,\"proposed_deltas\":{},\"applied\":true}", ErrorCode::kInvalidValue,
                 "line 1: \"applied\"");
}

TEST_F(PlanTuner, SaysWhichIterationsARunNeverComesTo) {
  const std::string text =
      "{\"iteration\":9,\"proposed_deltas\":{}}\n{\"iteration\":3,\"proposed_deltas\":{}}\n"
      "{\"iteration\":4,\"proposed_deltas\":{}}";
  EXPECT_THAT(read(text, 4)->never_used, ::testing::ElementsAre(4, 9));
  EXPECT_THAT(read(text, 10)->never_used, ::testing::IsEmpty());
}

TEST_F(PlanTuner, RefusesLinesOfWhichNoneCanBeUsed) {
  const auto planned = read("{\"iteration\":5,\"proposed_deltas\":{}}", 5);
  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().code, ErrorCode::kInvalidValue);
  EXPECT_EQ(planned.error().file, path());
  EXPECT_THAT(planned.error().message, HasSubstr("iteration 5"));
  EXPECT_TRUE(read("", 5));  // says that nothing is proposed, and means it
}

TEST_F(PlanTuner, RefusesAnIterationNamedTwice) {
  expect_refused("{\"iteration\":1,\"proposed_deltas\":{}}\n{\"iteration\":1,\"proposed_deltas\":{}}",
                 ErrorCode::kInvalidValue, "line 2: iteration 1");
}

TEST_F(PlanTuner, NamesAMissingFile) {
  const auto tuner = make_plan_tuner(folder_.file("absent"), 100);
  ASSERT_FALSE(tuner);
  EXPECT_EQ(tuner.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(tuner.error().file, folder_.file("absent"));
}

TEST(NoTuner, NeverProposes) {
  EXPECT_TRUE(make_no_tuner()->propose({}).proposed_deltas.empty());
}

}  // namespace
}  // namespace soak::tuner

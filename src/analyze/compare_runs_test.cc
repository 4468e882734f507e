// Against values that others have published or that can be worked out by hand.

#include "analyze/compare_runs.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace soak::analyze {
namespace {

TEST(MannWhitneyTest, ExampleOfScipy) {  // documentation of scipy.stats.mannwhitneyu: U 17 of males, p 1/9
  const std::vector<double> males{19, 22, 16, 29, 24};
  const std::vector<double> females{20, 11, 17, 12};
  const auto result = mann_whitney(females, males);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->exact);
  EXPECT_EQ(result->u, 17);
  EXPECT_NEAR(result->p_value, 1.0 / 9, 1e-12);
  EXPECT_NEAR(mann_whitney(males, females)->p_value, 1.0 / 9, 1e-12);
}

TEST(MannWhitneyTest, SeparatedSamplesHaveOneOrderOfTheBinomial) {  // 2 ÷ C(8, 4)
  EXPECT_NEAR(mann_whitney({1, 2, 3, 4}, {5, 6, 7, 8})->p_value, 2.0 / 70, 1e-12);
}

TEST(MannWhitneyTest, TiesAreCorrectedFor) {
  // By hand: ranks 1, 3 3 3, 5.5 5.5, 7, 8; U 13.5; variance 16/12 · (9 − 30/56); z (5.5 − 0.5)/3.35942.
  const auto result = mann_whitney({1, 2, 2, 3}, {2, 3, 4, 5});
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->exact);
  EXPECT_EQ(result->u, 13.5);
  EXPECT_NEAR(result->p_value, 0.136657, 1e-5);
}

TEST(MannWhitneyTest, EqualValuesShowNothing) {
  EXPECT_EQ(mann_whitney({1, 1, 1}, {1, 1, 1, 1})->p_value, 1);
}

TEST(MannWhitneyTest, AnEmptySampleHasNoTest) {
  EXPECT_FALSE(mann_whitney({}, {1}));
  EXPECT_FALSE(mann_whitney({1}, {}));
}

TEST(MannWhitneyTest, ApproximationAndExactAgreeAtTheLimit) {
  std::vector<double> a, b;
  for (int k = 0; k < 20; ++k) {
    a.push_back(k);
    b.push_back(k + 4.5);
  }
  const double exact = mann_whitney(a, b)->p_value;
  a.push_back(20);
  b.push_back(24.5);
  const auto approximate = mann_whitney(a, b);
  EXPECT_FALSE(approximate->exact);
  EXPECT_NEAR(exact, approximate->p_value, 0.015);
}

std::vector<double> normal_sample(std::uint64_t seed, std::size_t count, double mean, double carried) {
  base::Rng rng(seed);
  std::vector<double> values;
  double state = 0;
  for (std::size_t k = 0; k < count; ++k) {
    state = carried * state + rng.normal();
    values.push_back(mean + state);
  }
  return values;
}

TEST(BootstrapTest, IntervalOfIndependentValuesIsNearTheNormalOne) {
  const auto a = normal_sample(1, 400, 0, 0);
  const auto b = normal_sample(2, 400, 0, 0);
  const auto interval = bootstrap_difference(a, b, 7);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->high - interval->low, 2 * 1.96 * std::sqrt(2.0 / 400), 0.05);
}

TEST(BootstrapTest, CoversTheTruthAboutAsOftenAsItSays) {
  int covered = 0, covered_carried = 0;
  for (std::uint64_t k = 0; k < 200; ++k) {
    const auto plain =
        bootstrap_difference(normal_sample(2 * k, 120, 0, 0), normal_sample(2 * k + 1, 120, 0, 0), k);
    const auto carried =
        bootstrap_difference(normal_sample(2 * k, 400, 0, 0.5), normal_sample(2 * k + 1, 400, 0, 0.5), k);
    covered += plain->low <= 0 && plain->high >= 0 ? 1 : 0;
    covered_carried += carried->low <= 0 && carried->high >= 0 ? 1 : 0;
  }
  EXPECT_GE(covered, 180);          // of 190
  EXPECT_GE(covered_carried, 170);  // blocks of 8 do not carry all of it; single values would cover 74 %
}

TEST(BootstrapTest, SameSeedSameBits) {
  const auto a = normal_sample(1, 50, 0, 0);
  const auto b = normal_sample(2, 50, 1, 0);
  EXPECT_EQ(bootstrap_difference(a, b, 3)->low, bootstrap_difference(a, b, 3)->low);
  EXPECT_NE(bootstrap_difference(a, b, 3)->low, bootstrap_difference(a, b, 4)->low);
}

TEST(CompareSamples, VerdictFollowsTheDirection) {
  const auto low = normal_sample(1, 60, 0, 0);
  const auto high = normal_sample(2, 60, 2, 0);
  EXPECT_EQ(compare_samples(low, high, Direction::kAtLeast, 1).verdict, ComparisonVerdict::kBetter);
  EXPECT_EQ(compare_samples(low, high, Direction::kAtMost, 1).verdict, ComparisonVerdict::kWorse);
  EXPECT_EQ(compare_samples(high, low, Direction::kAtMost, 1).verdict, ComparisonVerdict::kBetter);
  EXPECT_EQ(compare_samples(low, low, Direction::kAtMost, 1).verdict, ComparisonVerdict::kSame);
}

TEST(CompareSamples, FewerThanTwoValuesAreNoData) {
  const auto result = compare_samples({1}, {2, 3}, Direction::kAtMost, 1);
  EXPECT_EQ(comparison_verdict_name(result.verdict), "no_data");
  EXPECT_FALSE(result.interval);
  EXPECT_FALSE(result.p_value);
  EXPECT_EQ(result.difference, 1.5);
  EXPECT_FALSE(compare_samples({}, {1}, Direction::kAtMost, 1).difference);
}

TEST(CompareSamples, ThreeAgainstThreeNeverSuffice) {
  EXPECT_EQ(compare_samples({1, 2, 3}, {10, 11, 12}, Direction::kAtLeast, 1).verdict,
            ComparisonVerdict::kSame);
}

}  // namespace
}  // namespace soak::analyze

#include "base/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace soak::base {
namespace {

// Published first values of splitmix64 for seed 1234567 and 0.
TEST(SplitMix64, MatchesThePublishedValues) {
  std::uint64_t state = 1234567;
  EXPECT_EQ(splitmix64(state), 6457827717110365317ULL);
  EXPECT_EQ(splitmix64(state), 3203168211198807973ULL);
  std::uint64_t zero = 0;
  EXPECT_EQ(splitmix64(zero), 0xe220a8397b1dcdafULL);
}

// Computed by an independent xoshiro256** in another language, seeded through splitmix64.
TEST(Rng, HasTheSameFirstValuesEverywhere) {
  Rng rng(42);
  EXPECT_EQ(rng.next(), 0x15780b2e0c2ec716ULL);
  EXPECT_EQ(rng.next(), 0x6104d9866d113a7eULL);
  EXPECT_EQ(rng.next(), 0xae17533239e499a1ULL);
  EXPECT_EQ(rng.next(), 0xecb8ad4703b360a1ULL);
}

TEST(Rng, MakesUniformsFromTheUpper53Bits) {
  Rng rng(42);
  EXPECT_EQ(rng.uniform(), 0.08386297105988216);
  EXPECT_EQ(rng.uniform(), 0.3789802506626686);
}

TEST(Rng, GivesTheSameStreamForTheSameSeed) {
  Rng first(7);
  Rng second(7);
  Rng other(8);
  bool differs = false;
  for (int i = 0; i < 1000; ++i) {
    const double value = first.normal();
    ASSERT_EQ(value, second.normal());
    differs = differs || value != other.normal();
  }
  EXPECT_TRUE(differs);
}

TEST(Rng, StaysBelowTheBoundAndReachesEveryValue) {
  Rng rng(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(rng.below(6));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, DrawsExponentialsOfMeanOneAndStandardNormals) {
  Rng rng(3);
  constexpr int kDraws = 200'000;
  double exponential = 0;
  double normal = 0;
  double square = 0;
  for (int i = 0; i < kDraws; ++i) {
    exponential += rng.exponential();
    const double x = rng.normal();
    normal += x;
    square += x * x;
  }
  EXPECT_NEAR(exponential / kDraws, 1, 0.01);
  EXPECT_NEAR(normal / kDraws, 0, 0.01);
  EXPECT_NEAR(square / kDraws, 1, 0.02);
}

TEST(MixSeed, SeparatesStreamsByIndexAndPurpose) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t index = 0; index < 30; ++index) {
    for (std::uint64_t purpose = 0; purpose < 30; ++purpose) seeds.insert(mix_seed(42, index, purpose));
  }
  EXPECT_EQ(seeds.size(), 900U);
}

TEST(PortableLog, AgreesWithTheCLibrary) {
  for (double x = 1e-300; x < 1e300; x *= 3.7)
    EXPECT_NEAR(portable_log(x), std::log(x), 1e-13 * (1 + std::abs(std::log(x)))) << x;
}

TEST(PortableExp, AgreesWithTheCLibrary) {
  for (double x = -600; x < 600; x += 0.37) EXPECT_NEAR(portable_exp(x) / std::exp(x), 1, 1e-13) << x;
}

}  // namespace
}  // namespace soak::base

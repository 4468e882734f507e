#include "sim/import_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/rng.h"

namespace soak::sim {
namespace {

TEST(DecimalOf, FindsTheNumberThatWasWritten) {
  EXPECT_EQ(decimal_of(0.0), (Decimal{0, 0}));
  EXPECT_EQ(decimal_of(3.0), (Decimal{3, 0}));
  EXPECT_EQ(decimal_of(61737.63), (Decimal{6173763, 2}));
  EXPECT_EQ(decimal_of(0.00001), (Decimal{1, 5}));
  EXPECT_EQ(decimal_of(1e15), (Decimal{1'000'000'000'000'000, 0}));
  EXPECT_EQ(decimal_of(123456.78901234), (Decimal{12345678901234, 8}));
}

TEST(DecimalOf, LooksThroughTheNoiseOfArithmetic) {
  EXPECT_NE(3 * 0.1, 0.3);
  EXPECT_EQ(decimal_of(3 * 0.1), (Decimal{3, 1}));
  EXPECT_EQ(decimal_of(0.1 + 0.2), (Decimal{3, 1}));
  for (int ticks = 1; ticks < 300'000; ++ticks) {
    const auto value = decimal_of(ticks * 0.1);
    ASSERT_TRUE(value);
    ASSERT_EQ(to_steps(*value, Decimal{1, 1}), ticks);
  }
}

TEST(DecimalOf, RoundsBackToTheSameDouble) {
  base::Rng rng(7);
  for (int k = 0; k < 100'000; ++k) {
    const auto digits = static_cast<std::int64_t>(rng.below(1'000'000'000'000));
    const std::string text = format_decimal({digits, static_cast<std::uint8_t>(rng.below(9))});
    const double value = std::strtod(text.c_str(), nullptr);
    const auto found = decimal_of(value);
    ASSERT_TRUE(found) << text;
    ASSERT_EQ(*found, *parse_decimal(text)) << text;
    ASSERT_EQ(to_double(*found), value) << text;
  }
}

TEST(DecimalOf, RefusesWhatHasNoDecimals) {
  EXPECT_FALSE(decimal_of(-1.0));
  EXPECT_FALSE(decimal_of(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(decimal_of(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(decimal_of(1e19));
  EXPECT_FALSE(decimal_of(1e-20));
}

TEST(MultipleOf, TakesTheNearestStepAndNothingBetween) {
  EXPECT_EQ(multiple_of(3 * 0.1, Decimal{1, 1}), (Decimal{3, 1}));
  EXPECT_EQ(multiple_of(1.0000000001, Decimal{5, 1}), (Decimal{10, 1}));
  EXPECT_EQ(multiple_of(0.0, Decimal{5, 1}), (Decimal{0, 1}));
  EXPECT_FALSE(multiple_of(0.55, Decimal{1, 1}));
  EXPECT_FALSE(multiple_of(-0.5, Decimal{1, 1}));
  EXPECT_FALSE(multiple_of(std::nan(""), Decimal{1, 1}));
  EXPECT_FALSE(multiple_of(1e300, Decimal{1, 1}));
}

}  // namespace
}  // namespace soak::sim

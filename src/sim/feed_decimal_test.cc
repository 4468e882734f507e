#include "sim/feed_decimal.h"

#include <gtest/gtest.h>

namespace soak::sim {
namespace {

TEST(FeedDecimal, DropsTrailingZerosBehindThePointOnly) {
  EXPECT_EQ(parse_decimal("61737.63000000"), (Decimal{6173763, 2}));
  EXPECT_EQ(parse_decimal("3.00"), (Decimal{3, 0}));
  EXPECT_EQ(parse_decimal("100"), (Decimal{100, 0}));
  EXPECT_EQ(parse_decimal("0.00000000"), (Decimal{0, 0}));
  EXPECT_EQ(parse_decimal("0.00000001"), (Decimal{1, 8}));
}

TEST(FeedDecimal, RefusesWhatIsNotAPlainDecimal) {
  for (const char* text :
       {"", ".", "1.", ".5", "-1", "+1", "1e5", " 1", "1 ", "1.2.3", "nan", "0x1", "1,5"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

TEST(FeedDecimal, RefusesMoreDigitsThanFit63Bits) {
  EXPECT_EQ(parse_decimal("9223372036854775807")->mantissa, INT64_MAX);
  EXPECT_FALSE(parse_decimal("9223372036854775808"));
  EXPECT_FALSE(parse_decimal("0.0000000000000000001"));
}

TEST(FeedDecimal, CountsStepsExactlyOrNotAtAll) {
  EXPECT_EQ(to_steps({6173763, 2}, {1, 2}), 6173763);
  EXPECT_EQ(to_steps({3, 0}, {1, 2}), 300);
  EXPECT_EQ(to_steps({525, 2}, {25, 2}), 21);  // 5.25 in quarters
  EXPECT_FALSE(to_steps({526, 2}, {25, 2}));
  EXPECT_FALSE(to_steps({1, 3}, {1, 2}));
  EXPECT_FALSE(to_steps({1, 0}, {0, 0}));
  EXPECT_FALSE(to_steps({INT64_MAX, 0}, {1, 18}));  // would not fit
}

TEST(FeedDecimal, PrintsWhatItRead) {
  for (const char* text : {"0.01", "61737.63", "3", "0.00000001", "0"}) {
    EXPECT_EQ(format_decimal(*parse_decimal(text)), text);
  }
}

}  // namespace
}  // namespace soak::sim

#include <gtest/gtest.h>

#include "sim/fee_flat.h"
#include "sim/fee_tiered.h"

namespace soak::sim {
namespace {

TEST(FlatFee, TellsMakerFromTaker) {
  const FlatFee fee{-50, 400};
  EXPECT_EQ(fee.rate_ppm(true), -50);
  EXPECT_EQ(fee.rate_ppm(false), 400);
}

TEST(TieredFee, TakesTheTierOfWhatWasTradedBeforeTheFill) {
  TieredFee fee({{0, 0.001, 0.002}, {1000, 0.0005, 0.001}, {2000, -0.0001, 0.0005}});
  EXPECT_DOUBLE_EQ(fee.fill(999, true), 0.999);
  EXPECT_DOUBLE_EQ(fee.fill(1, false), 0.002);
  EXPECT_DOUBLE_EQ(fee.fill(1000, true), 0.5) << "the tier begins at its amount";
  EXPECT_DOUBLE_EQ(fee.fill(1000, true), -0.1) << "a rebate";
  EXPECT_DOUBLE_EQ(fee.fill(1000, false), 0.5);
}

TEST(TieredFee, OfOneTierIsFlat) {
  TieredFee fee({{0, -0.00005, 0.0004}});
  for (int k = 0; k < 3; ++k) EXPECT_DOUBLE_EQ(fee.fill(1e6, true), -50);
}

}  // namespace
}  // namespace soak::sim

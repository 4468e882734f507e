#include "sim/taken_liquidity.h"

#include <gtest/gtest.h>

namespace soak::sim {
namespace {

TEST(TakenLiquidity, IsOfItsSideAndPriceAlone) {
  TakenLiquidity taken;
  taken.take(Side::kSell, 100, 4);
  EXPECT_EQ(taken.left_lots(Side::kSell, 100, 10), 6);
  EXPECT_EQ(taken.left_lots(Side::kBuy, 100, 10), 10);
  EXPECT_EQ(taken.left_lots(Side::kSell, 101, 10), 10);
  taken.renewed(Side::kBuy, 100);
  taken.renewed(Side::kSell, 101);
  EXPECT_EQ(taken.left_lots(Side::kSell, 100, 10), 6);
  taken.renewed(Side::kSell, 100);
  EXPECT_EQ(taken.left_lots(Side::kSell, 100, 10), 10);
}

TEST(TakenLiquidity, AddsUpAndLeavesNothingBelowNothing) {
  TakenLiquidity taken;
  taken.take(Side::kBuy, 100, 4);
  taken.take(Side::kBuy, 100, 3);
  EXPECT_EQ(taken.left_lots(Side::kBuy, 100, 10), 3);
  EXPECT_EQ(taken.left_lots(Side::kBuy, 100, 5), 0);
}

TEST(TakenLiquidity, AClearedSideIsRenewedAndTheOtherIsNot) {
  TakenLiquidity taken;
  taken.take(Side::kBuy, 100, 4);
  taken.take(Side::kSell, 102, 4);
  taken.side_cleared(Side::kBuy);
  EXPECT_EQ(taken.left_lots(Side::kBuy, 100, 10), 10);
  EXPECT_EQ(taken.left_lots(Side::kSell, 102, 10), 6);
}

}  // namespace
}  // namespace soak::sim

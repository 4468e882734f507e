#include "sim/taken_liquidity.h"

#include <gtest/gtest.h>

namespace soak::sim {
namespace {

constexpr std::int32_t kBid = 10, kAsk = 30;  // slots

TEST(TakenLiquidity, IsOfItsLevelAlone) {
  TakenLiquidity taken;
  taken.take(1, kAsk, 4);
  EXPECT_EQ(taken.left_lots(kAsk, 10), 6);
  EXPECT_EQ(taken.left_lots(kBid, 10), 10);
  EXPECT_EQ(taken.left_lots(kAsk + 1, 10), 10);
  EXPECT_FALSE(taken.renewed(kBid));
  EXPECT_FALSE(taken.renewed(kAsk + 1));
  EXPECT_EQ(taken.left_lots(kAsk, 10), 6);
  EXPECT_TRUE(taken.renewed(kAsk));
  EXPECT_EQ(taken.left_lots(kAsk, 10), 10);
}

TEST(TakenLiquidity, AddsUpAndNeverLeavesLessThanNothing) {
  TakenLiquidity taken;
  taken.take(1, kAsk, 4);
  taken.take(1, kAsk, 9);
  EXPECT_EQ(taken.left_lots(kAsk, 20), 7);
  EXPECT_EQ(taken.left_lots(kAsk, 10), 0);
}

TEST(TakenLiquidity, IsForgottenOnTheSideThatIsCleared) {
  TakenLiquidity taken;
  taken.take(1, kAsk, 4);
  taken.take(0, kBid, 3);
  EXPECT_EQ(taken.side_cleared(1), std::vector<std::int32_t>{kAsk});
  EXPECT_EQ(taken.left_lots(kAsk, 10), 10);
  EXPECT_EQ(taken.left_lots(kBid, 10), 7);
}

}  // namespace
}  // namespace soak::sim

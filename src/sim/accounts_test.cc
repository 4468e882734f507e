#include "sim/accounts.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kUnit = kMoneyUnitsPerHalfTickLot;

TEST(Accounts, MakerBuyBelowTheMidEarnsTheDistanceAsGross) {
  Accounts accounts(5 * kSecond);
  accounts.mid_moved(0, 2000);                       // mid at 1000 ticks
  accounts.filled(1, Side::kBuy, true, 998, 10, 0);  // two ticks below: four half ticks
  const Totals totals = accounts.close(kSecond);
  EXPECT_EQ(static_cast<std::int64_t>(totals.gross), 4 * 10 * kUnit);
  EXPECT_EQ(static_cast<std::int64_t>(totals.net), 4 * 10 * kUnit);
  EXPECT_TRUE(totals.balanced());
}

TEST(Accounts, AMoveWithinTheHorizonIsAdverseAndAfterItInventory) {
  Accounts accounts(5 * kSecond);
  accounts.mid_moved(0, 2000);
  accounts.filled(kSecond, Side::kBuy, true, 999, 10, 0);
  accounts.mid_moved(2 * kSecond, 1990);   // within five seconds of the fill
  accounts.mid_moved(10 * kSecond, 1980);  // after them
  const Totals totals = accounts.close(20 * kSecond);
  EXPECT_EQ(static_cast<std::int64_t>(totals.adverse), 10 * 10 * kUnit);
  EXPECT_EQ(static_cast<std::int64_t>(totals.inventory), 10 * 10 * kUnit);
  EXPECT_TRUE(totals.balanced());
}

TEST(Accounts, ATakerPaysSlippageAndNoGross) {
  Accounts accounts(5 * kSecond);
  accounts.mid_moved(0, 2000);
  accounts.filled(1, Side::kSell, false, 997, 4, 500);
  const Totals totals = accounts.close(kSecond);
  EXPECT_EQ(static_cast<std::int64_t>(totals.gross), 0);
  EXPECT_EQ(static_cast<std::int64_t>(totals.slippage), 6 * 4 * kUnit);
  EXPECT_EQ(static_cast<std::int64_t>(totals.fees), 2 * 997 * 4 * 500);  // half-tick lots × millionths
  EXPECT_TRUE(totals.balanced());
}

TEST(Accounts, AMakersRebateIsANegativeFee) {
  Accounts accounts(5 * kSecond);
  accounts.mid_moved(0, 2000);
  accounts.filled(1, Side::kBuy, true, 1000, 1, -50);
  EXPECT_LT(accounts.close(kSecond).fees, 0);
}

TEST(Accounts, TheIdentityHoldsToTheLastUnitOnARandomTape) {
  base::Rng random(11);
  for (int tape = 0; tape < 50; ++tape) {
    Accounts accounts(static_cast<std::int64_t>(random.below(4)) * kSecond);
    std::int64_t now = 0;
    std::int64_t mid = 12'000'001;
    accounts.mid_moved(now, mid);
    for (int i = 0; i < 2000; ++i) {
      now += static_cast<std::int64_t>(random.below(3)) * 100'000'000;  // several things at one moment, too
      mid += static_cast<std::int64_t>(random.below(41)) - 20;
      if (random.below(2) == 0) accounts.mid_moved(now, mid);
      const Side side = random.below(2) == 0 ? Side::kBuy : Side::kSell;
      const bool maker = random.below(4) != 0;
      const auto price = static_cast<std::int32_t>(mid / 2 + static_cast<std::int64_t>(random.below(9)) - 4);
      accounts.filled(now, side, maker, price, 1 + static_cast<std::int64_t>(random.below(1'000'000)),
                      maker ? -37 : 411);
    }
    EXPECT_TRUE(accounts.close(now).balanced()) << "tape " << tape;
  }
}

}  // namespace
}  // namespace soak::sim

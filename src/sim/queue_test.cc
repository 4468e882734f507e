#include <gtest/gtest.h>

#include <cmath>

#include "sim/queue_probability.h"
#include "sim/queue_probability_functions.h"
#include "sim/queue_risk_averse.h"

namespace soak::sim {
namespace {

TEST(RiskAverseQueue, IsReachedBelowZeroAheadAndNotAtZero) {
  const RiskAverseQueue queue;
  auto position = queue.enter(10);
  queue.on_trade(position, 10);
  EXPECT_EQ(queue.take_reached_lots(position), 0);
  queue.on_trade(position, 3);
  EXPECT_EQ(queue.take_reached_lots(position), 3);
  EXPECT_EQ(queue.take_reached_lots(position), 0) << "each lot is given once";
}

TEST(RiskAverseQueue, ComesForwardByCancellationsOnlyWhereTheLevelShrinksBelowWhatIsAhead) {
  const RiskAverseQueue queue;
  auto position = queue.enter(10);
  queue.on_depth(position, 10, 30);
  queue.on_depth(position, 30, 12);
  EXPECT_EQ(position.ahead_lots, 10);
  queue.on_depth(position, 12, 4);
  EXPECT_EQ(position.ahead_lots, 4);
}

TEST(QueueProbability, OfTheMiddleOfALevelIsOneHalfWhereTheFunctionIsSymmetric) {
  EXPECT_DOUBLE_EQ(PowerProbability{}(5, 5), 0.5);
  EXPECT_DOUBLE_EQ(LogProbability{}(5, 5), 0.5);
}

TEST(QueueProbability, FollowsItsFormula) {
  EXPECT_DOUBLE_EQ(PowerProbability{}(1, 2), 8.0 / 9);
  EXPECT_DOUBLE_EQ(PowerProbability2{}(1, 2), 8.0 / 27);
  EXPECT_DOUBLE_EQ(PowerProbability3{}(1, 2), 1 - 1.0 / 27);
  EXPECT_DOUBLE_EQ(LogProbability{}(1, 2), std::log(3.0) / (std::log(3.0) + std::log(2.0)));
  EXPECT_DOUBLE_EQ(LogProbability2{}(1, 2), std::log(3.0) / std::log(4.0));
}

TEST(ProbabilityQueue, TakesFromAheadThePartThatDidNotStandBehind) {
  const ProbabilityQueue<PowerProbability> queue(1);
  auto position = queue.enter(10);
  queue.on_depth(position, 10, 20);  // ten joined behind
  EXPECT_DOUBLE_EQ(position.ahead, 10);
  queue.on_depth(position, 20, 16);  // four left: half of them stood ahead
  EXPECT_DOUBLE_EQ(position.ahead, 8);
}

TEST(ProbabilityQueue, DoesNotCountATradeTwiceWhenTheLevelIsToldAfterIt) {
  const ProbabilityQueue<PowerProbability> queue(1);
  auto position = queue.enter(10);
  queue.on_trade(position, 4);
  queue.on_depth(position, 10, 6);
  EXPECT_DOUBLE_EQ(position.ahead, 6);
}

TEST(ProbabilityQueue, TakesAnEmptyLevelForNoQueue) {
  const ProbabilityQueue<PowerProbability> queue(1);
  auto position = queue.enter(0);
  queue.on_depth(position, 0, 0);  // 0 / 0 is no probability
  EXPECT_DOUBLE_EQ(position.ahead, 0);
}

TEST(ProbabilityQueue, GivesWholeLotsOfABaseUnit) {
  const ProbabilityQueue<LogProbability> queue(0.001);
  auto position = queue.enter(500);
  EXPECT_DOUBLE_EQ(position.ahead, 0.5);
  queue.on_trade(position, 507);
  EXPECT_EQ(queue.take_reached_lots(position), 7);
  EXPECT_DOUBLE_EQ(position.ahead, 0);
}

}  // namespace
}  // namespace soak::sim

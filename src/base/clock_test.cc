#include "base/clock.h"

#include <gtest/gtest.h>

namespace soak::base {
namespace {

TEST(Clock, MockRunsBeginAtTheStartOf2026) {
  EXPECT_EQ(format_utc(SimulatedClock().now()), "2026-01-01T00:00:00Z");
}

TEST(Clock, ASimulatedClockMovesOnlyWhenTold) {
  SimulatedClock clock;
  clock.advance(std::chrono::seconds(300));
  EXPECT_EQ(format_utc(clock.now()), "2026-01-01T00:05:00Z");
}

TEST(FormatUtc, PrintsMillisecondsOnlyWhereThereAreSome) {
  EXPECT_EQ(format_utc(kMockEpoch + std::chrono::milliseconds(7)), "2026-01-01T00:00:00.007Z");
}

TEST(FormatUtc, KnowsLeapDaysAndTimesBefore1970) {
  EXPECT_EQ(format_utc(UtcTime(std::chrono::milliseconds(1709164800000))), "2024-02-29T00:00:00Z");
  EXPECT_EQ(format_utc(UtcTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(Clock, TheRealClockIsThisCenturys) {
  EXPECT_GT(RealClock().now(), UtcTime(std::chrono::milliseconds(1'700'000'000'000)));
}

TEST(Clock, TheRealClockNeverGoesBack) {
  UtcTime last = RealClock().now();
  for (int k = 0; k < 1000; ++k) {
    const UtcTime now = RealClock().now();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace soak::base

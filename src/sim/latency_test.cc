#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing.h"
#include "sim/latency_constant.h"
#include "sim/latency_interpolated.h"

namespace soak::sim {
namespace {

using testing::HasSubstr;

TEST(ConstantLatency, IsTheSameAtAnyTime) {
  const ConstantLatency latency{5, 7};
  EXPECT_EQ(latency.entry_ns(0), 5);
  EXPECT_EQ(latency.entry_ns(1'000), 5);
  EXPECT_EQ(latency.response_ns(3), 7);
}

TEST(InterpolatedLatency, LiesOnTheLineBetweenTwoRowsAndStaysAtTheEnds) {
  const InterpolatedLatency latency({{1000, 1100, 1150}, {2000, 2300, 2500}});
  EXPECT_EQ(latency.entry_ns(0), 100);
  EXPECT_EQ(latency.entry_ns(1000), 100);
  EXPECT_EQ(latency.entry_ns(1500), 200);
  EXPECT_EQ(latency.entry_ns(9999), 300);
  EXPECT_EQ(latency.response_ns(1100), 50);
  EXPECT_EQ(latency.response_ns(1700), 125);
  EXPECT_EQ(latency.response_ns(9999), 200);
}

TEST(InterpolatedLatency, KnowsTheLongestRoundTripWhereverInTheTableItsTwoWaysAre) {
  const InterpolatedLatency latency({{0, 50, 60}, {1000, 1010, 1080}, {2000, 2020, 2030}});
  EXPECT_EQ(latency.round_trip_ns_max(), 50 + 70);
}

class LatencyTable : public testing::Test {
 protected:
  Result<InterpolatedLatency> read(const std::string& text) {
    base::write_bytes(folder.file("latency.csv"), text);
    return InterpolatedLatency::read(folder.file("latency.csv"));
  }
  base::TempFolder folder;
};

TEST_F(LatencyTable, IsReadWithOrWithoutNames) {
  for (const std::string names : {"", "sent_ns,exchange_ns,received_ns\n"}) {
    const auto latency = read(names + "10,20,40\n110,140,150\r\n");
    ASSERT_TRUE(latency) << to_line(latency.error());
    EXPECT_EQ(latency->entry_ns(60), 20);
  }
}

TEST_F(LatencyTable, NamesTheLineThatMakesNoSense) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"10,20,40\n110,140\n", "line 2: is not"},
      {"10,20,40\n110,x,150\n", "line 2: is not"},
      {"10,20,40\n110,140,150,1\n", "line 2: is not"},
      {"10,20,40\n10,140,150\n", "line 2: times do not grow"},
      {"10,20,40\n15,20,150\n", "line 2: times do not grow"},
      {"10,20,40\n110,140,139\n", "line 2: a time comes"},
      {"1O,20,40\n110,120,150\n", "line 1: is not"},
      {"-5,20,40\n", "line 1: a time is not between"},
      {"-9000000000000000000,9000000000000000000,9000000000000000000\n", "line 1: a time is not between"},
      {"0,1,3600000000001\n", "line 1: an order takes more than an hour"},
      {"10,20,40\n110,100,150\n", "line 2: a time comes"},
      {"", "holds no latency"}};
  for (const auto& [text, message] : bad) {
    const auto latency = read(text);
    ASSERT_FALSE(latency) << text;
    EXPECT_THAT(latency.error().message, HasSubstr(message));
    EXPECT_EQ(latency.error().file, folder.file("latency.csv"));
  }
}

}  // namespace
}  // namespace soak::sim

#include "cli/run_request.h"

#include <gtest/gtest.h>

namespace soak::cli {
namespace {

TEST(ParseDuration, TakesSecondsMinutesHoursAndDays) {
  EXPECT_EQ(parse_duration("90"), 90);
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("1.5m"), 90);
  EXPECT_EQ(parse_duration("2h"), 7200);
  EXPECT_EQ(parse_duration("1d"), 86400);
}
TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "h", "10x", "1m30s", "1 h", "nan", "inf", "1e999"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(CheckTuner, KnowsItsThreeForms) {
  for (const char* text : {"rules", "none", "plan:x.jsonl"}) EXPECT_EQ(check_tuner(text), "") << text;
  for (const char* text : {"", "plan:", "rule"}) EXPECT_NE(check_tuner(text), "") << text;
}

}  // namespace
}  // namespace soak::cli

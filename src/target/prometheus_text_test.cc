// The text format as exporters write it, and lines that are none of it.

#include "target/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace soak::target {
namespace {

using ::testing::HasSubstr;

Result<std::vector<Sample>> parsed(std::string_view text) {
  return parse_prometheus(text, {"m", "http_requests_total", "a:b"});
}

TEST(PrometheusText, ReadsSamplesWithLabelsValuesAndTimestamps) {
  const auto samples = parsed(
      "# HELP http_requests_total The total.\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
      "\n"
      "other 1\n"
      "  m 1.5e+06\r\n"
      "a:b{} -4");
  ASSERT_TRUE(samples) << samples.error().message;
  ASSERT_EQ(samples->size(), 3U);
  EXPECT_EQ((*samples)[0].labels.at("code"), "200");
  EXPECT_EQ((*samples)[0].value, 1027);
  EXPECT_EQ((*samples)[1].value, 1.5e6);
  EXPECT_EQ((*samples)[2].value, -4);
}

TEST(PrometheusText, ReadsWhatGoPrintsOfNumbersThatAreNone) {
  const auto samples = parsed("m +Inf\nm -Inf\nm NaN\n");
  ASSERT_TRUE(samples);
  EXPECT_EQ((*samples)[0].value, INFINITY);
  EXPECT_EQ((*samples)[1].value, -INFINITY);
  EXPECT_TRUE(std::isnan((*samples)[2].value));
}

TEST(PrometheusText, UndoesEscapesInLabels) {
  const auto samples = parsed(R"(m{path="C:\\DIR\\\"x\"",say="a\nb}",} 1)");
  ASSERT_TRUE(samples) << samples.error().message;
  EXPECT_EQ((*samples)[0].labels.at("path"), R"(C:\DIR\"x")");
  EXPECT_EQ((*samples)[0].labels.at("say"), "a\nb}");
}

TEST(PrometheusText, NamesTheLineThatIsNoneOfTheFormat) {
  for (const char* text : {"m", "m{", "m{a}", "m{a=\"b} 1", "m{a=\"b\" 1", "m x", "m 1 2 3", "{} 1", "<html>",
                           "m{a=\"b\"} 1 x", "m +-1", "m 1e999"}) {
    const auto samples = parsed(std::string("m 1\n") + text + "\n");
    ASSERT_FALSE(samples) << text;
    EXPECT_EQ(samples.error().code, ErrorCode::kInvalidValue);
    EXPECT_THAT(samples.error().message, HasSubstr("line 2")) << text;
  }
}

// A label's text goes into a report, and JSON holds UTF-8 alone: writing such a report ended the program.
TEST(PrometheusText, RefusesBytesThatAreNoUtf8) {
  const auto samples = parsed("m{a=\"caf\xc3\xa9\"} 1\nm{a=\"caf\xe9\"} 1\n");
  ASSERT_FALSE(samples);
  EXPECT_EQ(samples.error().message, "line 2 is not UTF-8");
}

TEST(PrometheusText, KeepsNoMoreSamplesThanItsBound) {
  std::string text;
  for (std::size_t i = 0; i <= kSamplesMax; ++i) text += "m 1\n";
  const auto samples = parsed(text);
  ASSERT_FALSE(samples);
  EXPECT_EQ(samples.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace soak::target

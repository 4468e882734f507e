// What a target's report file may hold, and what is told about one that it may not.

#include "target/check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace soak::target {
namespace {

using ::testing::HasSubstr;

std::string message_of(std::string_view bytes, ErrorCode code) {
  const auto checked = check_report(bytes);
  if (checked) return "(taken)";
  EXPECT_EQ(checked.error().code, code) << checked.error().message;
  return checked.error().message;
}

TEST(CheckReport, TakesTheReportOfTheContract) {
  const auto checked = check_report(
      R"({"seq":7,"totals":{"net_bps":1},"effective":{"state_hash":"a","params":{"x":1},"instance_id":"i"},"evidence":{}})");
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->seq, 7);
  EXPECT_EQ(checked->report["totals"]["net_bps"], 1);
}

TEST(CheckReport, TakesAWholeNumberThatIsWrittenAsAFraction) {
  EXPECT_EQ(check_report(R"({"seq":7.0})")->seq, 7);
}

TEST(CheckReport, RefusesEveryBeginningOfAReport) {
  const std::string whole = R"({"seq":7,"totals":{"net_bps":1.5}})";
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(message_of(whole.substr(0, length), ErrorCode::kInvalidJson), HasSubstr("torn")) << length;
}

// The message goes to the journal and to `--json`, both of which hold UTF-8 alone.
TEST(CheckReport, SaysWhatIsWrongInUtf8AndInShort) {
  const std::string long_name(5000, 'x');
  for (const char* end : {"", "\xff"}) {
    const std::string message = message_of("{\"seq\":7,\"" + long_name + end, ErrorCode::kInvalidJson);
    EXPECT_LT(message.size(), 700U);
    EXPECT_EQ(Json::parse(Json(message).dump()), message);
  }
}

TEST(CheckReport, RefusesNaN) {
  EXPECT_THAT(message_of(R"({"seq":7,"totals":{"net_bps":NaN}})", ErrorCode::kInvalidJson),
              HasSubstr("JSON"));
}

TEST(CheckReport, RefusesWhatCannotBeToldFromAnOldReport) {
  for (const char* text : {"{}", R"({"seq":"7"})", R"({"seq":7.5})", R"({"seq":-1})", R"({"seq":1e300})"})
    EXPECT_THAT(message_of(text, ErrorCode::kInvalidValue), HasSubstr("seq")) << text;
}

TEST(CheckReport, NamesTheMemberOfTheWrongType) {
  EXPECT_THAT(message_of("[1]", ErrorCode::kInvalidValue), HasSubstr("object"));
  EXPECT_THAT(message_of(R"({"seq":1,"totals":1})", ErrorCode::kInvalidValue), HasSubstr("totals"));
  EXPECT_THAT(message_of(R"({"seq":1,"effective":[]})", ErrorCode::kInvalidValue), HasSubstr("effective"));
  EXPECT_THAT(message_of(R"({"seq":1,"effective":{"params":1}})", ErrorCode::kInvalidValue),
              HasSubstr("params"));
  EXPECT_THAT(message_of(R"({"seq":1,"effective":{"instance_id":1}})", ErrorCode::kInvalidValue),
              HasSubstr("instance_id"));
}

TEST(CheckReport, RefusesWhatIsTooLargeOrTooDeep) {
  const std::string large = R"({"seq":1,"x":")" + std::string(kReportBytesMax, 'x') + "\"}";
  EXPECT_THAT(message_of(large, ErrorCode::kLimitExceeded), HasSubstr("larger"));
  EXPECT_FALSE(check_report(R"({"seq":1,"x":)" + std::string(100, '[') + std::string(100, ']') + "}"));
}

}  // namespace
}  // namespace soak::target

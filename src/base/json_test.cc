#include <gtest/gtest.h>

#include <soak/json.h>
#include <nlohmann/json.hpp>
#include <string>

namespace soak {
namespace {

std::string canonical(const std::string& text) {
  auto value = parse_json(text);
  return value ? canonical_json(*value) : "refused: " + value.error().message;
}

TEST(CanonicalJson, SortsKeysByCodePoint) {
  EXPECT_EQ(canonical(R"({"\uffff":1,"\ud83d\ude00":2,"\u00e9":3,"z":4})"),
            R"({"z":4,"\u00e9":3,"\uffff":1,"\ud83d\ude00":2})");
}
TEST(CanonicalJson, KeepsIntegersAndFloatsApart) {
  EXPECT_EQ(canonical("[60,60.0,6e1,-0,-0.0]"), "[60,60.0,60.0,0,-0.0]");
}
TEST(CanonicalJson, PrintsFloatsAsPythonsReprDoes) {
  EXPECT_EQ(canonical("[1e16,1e15,1e-4,1e-5,1.5e300,5e-324,1e-400,123456789.123456789,0.1]"),
            "[1e+16,1000000000000000.0,0.0001,1e-05,1.5e+300,5e-324,0.0,123456789.12345679,0.1]");
}
TEST(CanonicalJson, EscapesEverythingOutsideAscii) {
  EXPECT_EQ(canonical("[\"\xc3\xa9\xf0\x9f\x98\x80\\u007f\"]"), "[\"\\u00e9\\ud83d\\ude00\\u007f\"]");
}
TEST(CanonicalJson, LetsTheLastOfTwoEqualKeysWin) {
  EXPECT_EQ(canonical(R"({"a":[1],"a":{"b":2}})"), R"({"a":{"b":2}})");
}

class Refused : public testing::TestWithParam<const char*> {};
TEST_P(Refused, IsAnErrorAndNotAGuess) {
  auto value = parse_json(GetParam(), "f.json");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidJson);
  EXPECT_EQ(value.error().file, "f.json");
  EXPECT_EQ(value.error().message.find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(ParseJson, Refused,
                         testing::Values("", "{", "[1,]", "{} {}", "NaN", "[1e400]", "[01]", "\xef\xbb\xbf{}",
                                         "[\"a\nb\"]", "[\"\\ud800\"]", "[\"\xff\"]",
                                         "[123456789012345678901234567890]", "{'a':1}", "[1 /* x */]"));

TEST(ParseJson, RefusesNestingBeyondTheLimitWithoutExhaustingTheStack) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(990)).has_value());
  auto deep = parse_json(nested(1'000'000));
  ASSERT_FALSE(deep.has_value());
  EXPECT_EQ(deep.error().code, ErrorCode::kLimitExceeded);
}
TEST(ParseJson, RefusesANulByteInsteadOfEndingThere) {
  const auto value = parse_json(std::string_view("{\"a\":1}\0garbage", 15), "f.json");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidJson);
}
TEST(ParseJson, SaysWhereTheTextWentWrong) {
  auto value = parse_json("{\"a\":1,\n \"b\":}", "runtime.json");
  ASSERT_FALSE(value.has_value());
  EXPECT_NE(value.error().message.find("line 2"), std::string::npos) << value.error().message;
}
TEST(ComputeJsonHash, IsTheSha256OfTheCanonicalText) {
  EXPECT_EQ(compute_json_hash(*parse_json(" { } ")),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

}  // namespace
}  // namespace soak

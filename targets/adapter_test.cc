#include "targets/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/testing.h"

namespace soak::targets {
namespace {

using testing::HasSubstr;

const std::vector<Setting> kAllowed = {{"hz", 1, 500, {}}, {"policy", 0, 0, {"lru", "lfu"}}};

TEST(CheckedText, LetsThroughWhatTheListAllowsAndNothingElse) {
  EXPECT_EQ(checked_text(kAllowed, "hz", 500).value(), "500");
  EXPECT_EQ(checked_text(kAllowed, "policy", "lfu").value(), "lfu");
  for (const auto& [name, value] : std::vector<std::pair<std::string, Json>>{{"hz", 501},
                                                                             {"hz", 0},
                                                                             {"hz", 10.0},
                                                                             {"hz", "10"},
                                                                             {"hz", true},
                                                                             {"policy", "lru\r\nFLUSHALL"},
                                                                             {"policy", 1}})
    EXPECT_EQ(checked_text(kAllowed, name, value).error().code, ErrorCode::kInvalidValue) << name << value;
  EXPECT_EQ(checked_text(kAllowed, "port", 1).error().code, ErrorCode::kUnknownParameter);
}

class AdapterTest : public testing::Test {
 protected:
  AdapterTest() {
    ::setenv("SOAK_RUNTIME_OVERRIDES", folder_.file("runtime.json").c_str(), 1);
    ::setenv("SOAK_REPORT", folder_.file("report.json").c_str(), 1);
  }
  ~AdapterTest() override {
    ::unsetenv("SOAK_RUNTIME_OVERRIDES");
    ::unsetenv("SOAK_REPORT");
  }
  void give(const std::string& text) const { base::write_bytes(folder_.file("runtime.json"), text); }
  base::TempFolder folder_;
};

TEST_F(AdapterTest, HandsOnASectionOnceForEachNewContent) {
  Adapter adapter = Adapter::from_environment().value();
  EXPECT_FALSE(adapter.changed("redis").has_value()) << "there is no file yet";
  give(R"({"redis":{"hz":10}})");
  EXPECT_EQ(adapter.changed("redis"), (Json{{"hz", 10}}));
  EXPECT_FALSE(adapter.changed("redis").has_value());
  give("{");
  EXPECT_FALSE(adapter.changed("redis").has_value()) << "torn: the old values stay";
  give(R"({"other":{}})");
  EXPECT_EQ(adapter.changed("redis"), Json::object());
}

TEST_F(AdapterTest, ReportsWithAGrowingNumberAndTheHashOfWhatItRead) {
  give("{}");
  Adapter adapter = Adapter::from_environment().value();
  adapter.changed("redis");
  for (int seq = 1; seq <= 2; ++seq) {
    ASSERT_TRUE(adapter.report({{{"hit_ratio", 0.5}}, {{"redis", {{"hz", 10}}}}, "one", nullptr}));
    const Json report = read_json_with_hash(folder_.file("report.json"))->value;
    EXPECT_EQ(report.at("seq"), seq);
    EXPECT_EQ(report.at("effective").at("state_hash"), compute_json_hash(Json::object()));
    EXPECT_FALSE(report.contains("evidence"));
  }
}

TEST_F(AdapterTest, AsksForItsEnvironment) {
  ::unsetenv("SOAK_REPORT");
  const auto adapter = Adapter::from_environment();
  ASSERT_FALSE(adapter.has_value());
  EXPECT_THAT(adapter.error().message, HasSubstr("SOAK_REPORT"));
}

TEST(RecentLatencies, KnowOnlyTheSpanThatTheyAreAskedFor) {
  RecentLatencies recent{std::chrono::milliseconds(100)};
  const std::chrono::steady_clock::time_point start{};
  EXPECT_FALSE(recent.p95_ms(start).has_value());
  for (int k = 1; k <= 100; ++k) recent.add(start + std::chrono::milliseconds(k), k, k % 4 == 0);
  EXPECT_EQ(recent.p95_ms(start + std::chrono::milliseconds(100)), 95);
  EXPECT_EQ(recent.good_ratio(start + std::chrono::milliseconds(100)), 0.25);
  EXPECT_EQ(recent.p95_ms(start + std::chrono::milliseconds(199)), 100);
  EXPECT_FALSE(recent.good_ratio(start + std::chrono::milliseconds(300)).has_value());
}

}  // namespace
}  // namespace soak::targets

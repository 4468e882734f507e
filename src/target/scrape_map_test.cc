// From a map and samples to a report, and maps that make no sense.

#include "target/scrape_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "target/scrape.h"

namespace soak::target {
namespace {

using ::testing::HasSubstr;

Json usual() {
  return {
      {"kpis",
       {{"net_bps", "net"},
        {"p95_latency_ms", {{"metric", "latency"}, {"labels", {{"quantile", "0.95"}}}, {"scale", 1000}}}}},
      {"params", {{"min_interval_ms", {{"metric", "setting"}, {"labels", {{"name", "min_interval_ms"}}}}}}},
      {"instance_id", "start"},
      {"state_hash", {{"metric", "info"}, {"label", "sha256"}}},
      {"evidence", {{"min_interval_ms", {{"at_least", "shortest"}}}}}};
}

std::vector<Sample> samples() {
  return {{"net", {}, 2.5},
          {"latency", {{"quantile", "0.5"}}, 0.1},
          {"latency", {{"quantile", "0.95"}}, 0.25},
          {"setting", {{"name", "other"}}, 1},
          {"setting", {{"name", "min_interval_ms"}, {"more", "x"}}, 60},
          {"start", {}, 1700000000.5},
          {"info", {{"sha256", "old"}}, 0},
          {"info", {{"sha256", "abc"}}, 1},
          {"shortest", {}, 61}};
}

ScrapeMap map_of(const Json& map_json) {
  auto map = ScrapeMap::from_json(map_json, Registry::builtin(), "map.json");
  EXPECT_TRUE(map) << map.error().message;
  return map.value_or(ScrapeMap{});
}

std::string refused(const Json& map_json) {
  const auto map = ScrapeMap::from_json(map_json, Registry::builtin(), "map.json");
  if (map) return "(taken)";
  EXPECT_EQ(map.error().file, "map.json");
  return map.error().message;
}

TEST(ScrapeMap, MakesAReport) {
  const auto report = map_of(usual()).report(samples(), 3);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(
      *report,
      (Json{
          {"seq", 3},
          {"totals", {{"net_bps", 2.5}, {"p95_latency_ms", 250.0}}},
          {"effective",
           {{"params", {{"min_interval_ms", 60.0}}}, {"instance_id", "1700000000.5"}, {"state_hash", "abc"}}},
          {"evidence", {{"min_interval_ms", {{"at_least", 61.0}}}}}}));
}

TEST(ScrapeMap, LeavesOutAKpiThatHasNoNumber) {
  auto some = samples();
  some[0].value = NAN;
  some[2].labels.clear();
  const auto report = map_of(usual()).report(some, 1);
  ASSERT_TRUE(report);
  EXPECT_EQ((*report)["totals"], Json::object());
}

TEST(ScrapeMap, GivesNoReportWithoutAParameterTheInstanceOrTheHash) {
  for (const char* metric : {"setting", "start", "info"}) {
    auto some = samples();
    std::erase_if(some, [&](const Sample& sample) { return sample.metric == metric; });
    const auto report = map_of(usual()).report(some, 1);
    ASSERT_FALSE(report) << metric;
    EXPECT_EQ(report.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(report.error().message, HasSubstr(metric));
  }
}

TEST(ScrapeMap, MakesNoReportBeyondTheLimitOfOne) {
  auto some = samples();
  some[7].labels["sha256"] = std::string(std::size_t{1} << 20, 'x');
  const auto report = map_of(usual()).report(some, 1);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kLimitExceeded);
}

TEST(ScrapeMap, NamesWhatIsMissingInOneLineOfUtf8) {
  EXPECT_EQ(refused({{"a\nb\x7f", 1}}),
            "a b  is unknown (kpis, params, evidence, instance_id, state_hash, precision)");
}

TEST(ScrapeMap, NamesWhatMakesNoSense) {
  EXPECT_THAT(refused(Json::array()), HasSubstr("object"));
  EXPECT_THAT(refused({{"kpis", {{"x", "y"}}}}), HasSubstr("params"));
  EXPECT_THAT(refused({{"params", {{"min_interval_ms", 1}}}}), HasSubstr("params.min_interval_ms"));
  EXPECT_THAT(refused({{"params", {{"min_interval_ms", {{"metric", "m"}, {"lables", 1}}}}}}),
              HasSubstr("lables"));
  EXPECT_THAT(refused({{"parameters", Json::object()}}), HasSubstr("parameters"));
  EXPECT_THAT(refused({{"evidence", {{"min_interval_ms", {{"above", "m"}}}}}}), HasSubstr("above"));
  EXPECT_THAT(refused({{"precision", "float16"}}), HasSubstr("float32"));
  const auto unknown =
      ScrapeMap::from_json({{"params", {{"min_intervall", "m"}}}}, Registry::builtin(), "map.json");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnknownParameter);
  EXPECT_EQ(unknown.error().parameter, "min_intervall");
}

std::string taken_apart(const std::string& url) {
  const auto address = http_address(url);
  if (!address) return address.error().message;
  return address->host + " " + std::to_string(address->port) + " " + address->path;
}

TEST(HttpAddress, IsTakenApart) {
  EXPECT_EQ(taken_apart("http://h:1/m?x=1#y"), "h 1 /m?x=1");
  EXPECT_EQ(taken_apart("http://h:65535"), "h 65535 /");
  EXPECT_EQ(taken_apart("http://h?x=1"), "h 80 /?x=1");
  EXPECT_EQ(taken_apart("http://[::1]:9100/m"), "::1 9100 /m");
  EXPECT_EQ(taken_apart("http://[fe80::1%eth0]"), "fe80::1%eth0 80 /");
  EXPECT_EQ(taken_apart(R"(http://h/federate?match[]={job="x"})"), R"(h 80 /federate?match[]={job="x"})");
  EXPECT_EQ(http_address("https://h/m").error().code, ErrorCode::kUnsupported);
  for (const char* url :
       {"", "h:1/m", "http://", "http:///m", "http://h/a b", "http://h:/m", "http://h:0/", "http://h:65536/",
        "http://h:9x/", "http://u:p@h/", "http://::1/m", "http://[::1/m", "http://[::1]9/", "http://[]/"}) {
    ASSERT_FALSE(http_address(url)) << url;
    EXPECT_EQ(http_address(url).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ShownAddress, HidesUserPasswordAndQuery) {
  EXPECT_EQ(shown_address("http://h:1/m"), "http://h:1/m");
  EXPECT_EQ(shown_address("http://user:secret@h:1/m?token=secret#x"), "http://h:1/m?...");
  EXPECT_EQ(shown_address("http://user:se@cret@h/m@n"), "http://h/m@n");
  EXPECT_EQ(shown_address("user:secret@h?x"), "h?...");
  EXPECT_EQ(http_address("http://user:secret@h/").error().file, "http://h/");
}

}  // namespace
}  // namespace soak::target

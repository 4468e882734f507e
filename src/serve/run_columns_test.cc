#include "serve/run_columns.h"

#include <gtest/gtest.h>

#include "serve/utc.h"

namespace soak::serve {
namespace {

journal::IterationFacts facts(std::int64_t iteration, double spread) {
  journal::IterationFacts one;
  one.record.iteration = iteration;
  one.record.summary.runtime_utc = "2026-01-01T00:00:00.5Z";
  one.effective = {{"spread", spread}, {"mode", "calm"}};
  return one;
}

Json series(const RunColumns& columns, const SeriesRange& range = {}) {
  return Json::parse(columns.series_json(range));
}

TEST(RunColumnsTest, NothingGivesEmptyArrays) {
  const Json json = series(RunColumns());
  EXPECT_EQ(json["iteration"], Json::array());
  EXPECT_EQ(json["per_point"], 1);
  EXPECT_EQ(json["guards"]["freeze"], Json::array());
}

TEST(RunColumnsTest, ValuesComeBackAsTheyWentIn) {
  RunColumns columns;
  auto one = facts(1, 0.1);
  one.record.tuning.proposed_deltas = {{"spread", 0.2}};
  one.record.tuning.skip_reason.emplace().velocity = true;
  one.record.tuning.guards.velocity_violation = true;
  one.record.target.faults.resize(2);
  columns.add(one, {{"net", 1.5}}, false);
  auto two = facts(2, 0.3);
  two.effective["mode"] = true;
  two.record.tuning.proposed_deltas = {{"spread", 0.4}};
  two.record.tuning.applied = true;
  columns.add(two, {{"other", 2}}, true);
  auto three = facts(3, 0.3);
  three.effective.erase("mode");
  columns.add(three, {{"net", std::numeric_limits<double>::infinity()}}, true);
  const Json json = series(columns);
  EXPECT_EQ(json["utc"][0], "2026-01-01T00:00:00.500Z");
  EXPECT_EQ(json["verdict"], Json({"FAIL", "PASS", "PASS"}));
  EXPECT_EQ(json["faults"], Json({2, 0, 0}));
  EXPECT_EQ(json["guards"]["velocity"], Json({1, 0, 0}));
  EXPECT_EQ(json["held"], Json({"velocity", nullptr, nullptr}));
  EXPECT_EQ(json["kpis"]["net"]["mean"], Json({1.5, nullptr, nullptr}));
  EXPECT_EQ(json["kpis"]["other"]["max"], Json({nullptr, 2, nullptr}));
  EXPECT_EQ(json["parameters"]["spread"]["effective"], Json({0.1, 0.3, 0.3}));
  EXPECT_EQ(json["parameters"]["spread"]["proposed"], Json({0.2, 0.4, nullptr}));
  EXPECT_EQ(json["parameters"]["spread"]["applied"], Json({nullptr, 0.4, nullptr}));
  EXPECT_EQ(json["parameters"]["mode"]["effective"], Json({"calm", true, nullptr}));
  EXPECT_EQ(columns.last_effective("mode"), Json(nullptr));
  EXPECT_EQ(columns.last_effective("spread"), Json(0.3));
  EXPECT_EQ(columns.kpi_values("net", 0), std::vector<double>{1.5});
  EXPECT_TRUE(columns.kpi_values("net", 1).empty());
}

TEST(RunColumnsTest, BucketsHoldMeanLeastGreatestAndTheirLastValue) {
  RunColumns columns;
  for (int i = 1; i <= 10; ++i) columns.add(facts(i * 2, i), {{"net", i}}, i != 5);
  const Json json = series(columns, {4, 18, 3});
  EXPECT_EQ(json["from"], 4);
  EXPECT_EQ(json["to"], 18);
  EXPECT_EQ(json["per_point"], 3);
  EXPECT_EQ(json["iteration"], Json({8, 14, 18}));
  EXPECT_EQ(json["kpis"]["net"]["mean"], Json({3, 6, 8.5}));
  EXPECT_EQ(json["kpis"]["net"]["min"], Json({2, 5, 8}));
  EXPECT_EQ(json["kpis"]["net"]["max"], Json({4, 7, 9}));
  EXPECT_EQ(json["verdict"], Json({"PASS", "FAIL", "PASS"}));
  EXPECT_EQ(json["parameters"]["spread"]["effective"], Json({4, 7, 9}));
}

TEST(RunColumnsTest, LongRunForgetsItsOlderHalf) {
  RunColumns columns;
  for (std::size_t i = 1; i <= kIterationsHeldMax + 1; ++i)
    columns.add(facts(static_cast<std::int64_t>(i), i <= 3 ? 1 : 2), {{"net", static_cast<double>(i)}}, true);
  EXPECT_TRUE(columns.forgot());
  EXPECT_EQ(columns.size(), kIterationsHeldMax / 2 + 1);
  const Json json = series(columns, {std::nullopt, std::nullopt, 2});
  EXPECT_EQ(json["from"], kIterationsHeldMax / 2 + 1);
  EXPECT_EQ(json["to"], kIterationsHeldMax + 1);
  EXPECT_EQ(json["parameters"]["spread"]["effective"][0], 2);
  EXPECT_EQ(json["kpis"]["net"]["max"][1], kIterationsHeldMax + 1);
}

TEST(UtcTest, IsReadAsArtifactsWriteIt) {
  EXPECT_EQ(parse_utc_ms("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_utc_ms("2026-01-01T00:00:00Z"), 1767225600000);
  EXPECT_EQ(parse_utc_ms("2026-01-01T00:00:00.250Z"), 1767225600250);
  EXPECT_EQ(parse_utc_ms("2026-01-01T00:00:00.123456+00:00"), 1767225600123);
  for (const char* wrong : {"", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
                            "2026-01-01", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:0"})
    EXPECT_FALSE(parse_utc_ms(wrong)) << wrong;
}

}  // namespace
}  // namespace soak::serve

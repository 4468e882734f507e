#include "analyze/compare.h"

#include <gtest/gtest.h>

namespace soak::analyze {
namespace {

Json snapshot(const Json& net_bps) {
  return {{"kpi_last8", {{"net_bps", net_bps}}}};
}

KpiChange net_change(const Json& baseline, const Json& now) {
  const auto changes =
      compare_snapshots(market_maker_profile(), snapshot(baseline), snapshot(now), "baseline.json");
  for (const KpiChange& change : *changes) {
    if (change.kpi == "net_bps") return change;
  }
  return {};
}

TEST(Compare, SetsADifferenceAgainstItsStandardError) {
  const Json baseline = {{"mean", 3.0}, {"standard_error", 0.3}};
  const KpiChange within = net_change(baseline, {{"mean", 4.0}, {"standard_error", 0.4}});
  EXPECT_EQ(within.standard_error, 0.5);                // sqrt(0.3² + 0.4²)
  EXPECT_EQ(within.beyond_two_standard_errors, false);  // twice 0.5 is not less than 1
  EXPECT_EQ(within.direction, "better");
  EXPECT_EQ(net_change(baseline, {{"mean", 4.001}, {"standard_error", 0.4}}).beyond_two_standard_errors,
            true);
  EXPECT_EQ(net_change(baseline, {{"mean", 1.999}, {"standard_error", 0.4}}).beyond_two_standard_errors,
            true);
}

TEST(Compare, TakesTwoConstantsThatDifferForDifferent) {
  const KpiChange change =
      net_change({{"mean", 3.0}, {"standard_error", 0.0}}, {{"mean", 3.1}, {"standard_error", 0.0}});
  EXPECT_EQ(change.beyond_two_standard_errors, true);
}

TEST(Compare, SaysNothingOfTheErrorWhereASnapshotHasNone) {
  const Json old = {{"mean", 3.0}, {"median", 3.0}};
  const Json now = {{"mean", 4.0}, {"standard_error", 0.1}};
  const KpiChange change = net_change(old, now);
  EXPECT_EQ(change.difference, 1.0);
  EXPECT_FALSE(change.standard_error.has_value());
  const Json json = to_json({change}).at("kpis").at("net_bps");
  EXPECT_TRUE(json.at("standard_error").is_null());
  EXPECT_TRUE(json.at("beyond_two_standard_errors").is_null());
}

TEST(Compare, ShowsTheErrorInJson) {
  const KpiChange change =
      net_change({{"mean", 3.0}, {"standard_error", 0.03}}, {{"mean", 4.0}, {"standard_error", 0.04}});
  const Json json = to_json({change}).at("kpis").at("net_bps");
  EXPECT_EQ(json.at("standard_error"), 0.05);
  EXPECT_EQ(json.at("beyond_two_standard_errors"), true);
}

TEST(Compare, RefusesABaselineThatIsNoSnapshot) {
  const auto changes = compare_snapshots(market_maker_profile(), Json::object(), snapshot({}), "b.json");
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().file, "b.json");
}

}  // namespace
}  // namespace soak::analyze

#include "target/report.h"

#include <gtest/gtest.h>

namespace soak::target {
namespace {

using nlohmann::json;

constexpr const char* kPercentiles[] = {"adverse_bps_p95", "slippage_bps_p95", "order_age_p95_ms",
                                        "p95_latency_ms", "ws_lag_p95_ms"};

sim::FillRecord fill(bool maker) {
  sim::FillRecord record;
  record.maker = maker;
  record.price_ticks = 10'001;
  record.mid_half_ticks = 20'000;
  record.markout_half_ticks = 19'998;
  return record;
}

TEST(EdgeTotals, GiveNullForPercentilesOfWhatWasNeverMeasured) {
  const json totals = edge_totals({});
  for (const char* name : kPercentiles) EXPECT_TRUE(totals.at(name).is_null()) << name << totals.at(name);
}

TEST(EdgeTotals, GiveAMakerWithoutTakerFillsNoSlippageButItsOtherPercentiles) {
  sim::WindowResult result;
  result.fills = {fill(true)};
  result.order_ages_ns = result.latencies_ns = result.feed_lags_ns = {1'500'000};
  const json totals = edge_totals(result);
  EXPECT_EQ(totals.at("adverse_bps_p95"), 1.0);
  EXPECT_TRUE(totals.at("slippage_bps_p95").is_null());
  for (const char* name : {"order_age_p95_ms", "p95_latency_ms", "ws_lag_p95_ms"})
    EXPECT_EQ(totals.at(name), 1.5) << name;
}

TEST(EdgeTotals, TakeTheNearestRankForAPercentile) {
  sim::WindowResult result;
  for (int ms = 1; ms <= 20; ++ms) result.latencies_ns.push_back(ms * 1'000'000);
  EXPECT_EQ(edge_totals(result).at("p95_latency_ms"), 19.0);
  result.fills = {fill(false)};
  EXPECT_EQ(edge_totals(result).at("slippage_bps_p95"), 1.0);
}

}  // namespace
}  // namespace soak::target

#include "target/sweep_columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "target/report.h"

namespace soak::target {
namespace {

SweepRow row_of(const sim::WindowResult& result) {
  return {{{"base_spread_bps", 0.1}, {"min_interval_ms", 50}}, edge_totals(result)};
}
std::vector<std::string> cells(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.back() = ',';
  std::vector<std::string> all;
  for (std::size_t from = 0; from < line.size();) {
    const std::size_t to = line.find(',', from);
    all.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  return all;
}
std::string cell(const SweepRow& row, const std::string& name) {
  const auto names = cells(sweep_csv_header({"base_spread_bps", "min_interval_ms"}));
  const auto values = cells(sweep_csv_line(row));
  EXPECT_EQ(names.size(), values.size());
  const auto found = std::find(names.begin(), names.end(), name);
  EXPECT_NE(found, names.end()) << name;
  return values.at(static_cast<std::size_t>(found - names.begin()));
}

TEST(SweepColumns, AreAllThatTheReportHas) {
  const std::size_t leaves = edge_totals({}).flatten().size();
  EXPECT_EQ(sweep_kpi_names().size(), leaves);
  const std::set<std::string> different(sweep_kpi_names().begin(), sweep_kpi_names().end());
  EXPECT_EQ(different.size(), leaves);
}

TEST(SweepColumns, BeginWithTheParametersAndStandUnderTheirOwnNames) {
  EXPECT_EQ(sweep_csv_header({"a", "b"}).substr(0, 22), "a,b,net_bps,gross_bps,");
  EXPECT_EQ(cell(row_of({}), "base_spread_bps"), "0.1");
  EXPECT_EQ(cell(row_of({}), "min_interval_ms"), "50");
}

TEST(SweepColumns, AreEmptyWhereNothingIsKnownAndZeroWhereNothingHappened) {
  EXPECT_EQ(cell(row_of({}), "net_bps"), "");
  EXPECT_EQ(cell(row_of({}), "p95_latency_ms"), "");
  EXPECT_EQ(cell(row_of({}), "maker_count"), "0");
  EXPECT_EQ(cell(row_of({}), "risk_ratio"), "0");
}

TEST(SweepColumns, GiveNumbersInTheShortestTextThatReadsBackTheSame) {
  sim::WindowResult result;
  result.totals.notional = 3'000'000;
  result.totals.gross = 1000;
  result.totals.fees = 500;
  result.totals.inventory = 200;
  result.blocks.risk = 1;
  result.blocks.sent = 2;
  const SweepRow row = row_of(result);
  EXPECT_EQ(cell(row, "gross_bps"), "3.333333");
  EXPECT_EQ(cell(row, "risk_ratio"), "0.333333");
  EXPECT_EQ(cell(row, "risk_count"), "1");
  EXPECT_EQ(cell(row, "adverse_bps"), "0");
  EXPECT_EQ(cell(row, "neg_edge_drivers"), "fees_eff_bps;inventory_bps");
}

TEST(SweepColumns, AreTheMembersOfTheJsonRow) {
  const Json flat = sweep_json_row(row_of({}));
  EXPECT_EQ(flat.size(), sweep_kpi_names().size() + 2);
  EXPECT_TRUE(flat.at("net_bps").is_null());
  EXPECT_EQ(flat.at("base_spread_bps"), 0.1);
  EXPECT_EQ(flat.at("risk_count"), 0);
}

}  // namespace
}  // namespace soak::target

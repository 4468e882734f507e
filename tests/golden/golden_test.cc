// The reports of three runs, compared with approved files to the byte. SOAK_APPROVE=1 rewrites the files
// instead of comparing.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "analyze/reports.h"
#include "export/export.h"

namespace soak {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(GOLDEN_FOLDER) + "/" + name;
  if (std::getenv("SOAK_APPROVE") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    GTEST_SKIP() << "approved " << path;
  }
  EXPECT_EQ(text, read(path)) << "differs from " << path << "; ./dev approve takes the new text";
}

// One iteration of a market maker whose costs are given; the parameters tighten as the run goes.
struct Costs {
  double gross, fees, adverse, slippage, inventory;
  int risk_blocks, other_blocks;
  double maker, taker, latency;
};

Json report_of(const Costs& costs) {
  const double attempts = 1000;
  return {{"totals",
           {{"gross_bps", costs.gross},
            {"fees_eff_bps", costs.fees},
            {"adverse_bps", costs.adverse},
            {"slippage_bps", costs.slippage},
            {"inventory_bps", costs.inventory},
            {"net_bps", costs.gross - costs.fees - costs.adverse - costs.slippage - costs.inventory},
            {"p95_latency_ms", costs.latency},
            {"order_age_p95_ms", 640},
            {"fills",
             {{"maker_count", 60},
              {"taker_count", 9},
              {"maker_volume", costs.maker},
              {"taker_volume", costs.taker}}},
            {"block_reasons",
             {{"risk", {{"count", costs.risk_blocks}, {"ratio", costs.risk_blocks / attempts}}},
              {"min_interval", {{"count", costs.other_blocks}, {"ratio", costs.other_blocks / attempts}}},
              {"concurrency", {{"count", 0}, {"ratio", 0.0}}},
              {"throttle", {{"count", 0}, {"ratio", 0.0}}}}}}}};
}

void add_iteration(journal::RunArtifacts& run, const Costs& costs) {
  const auto number = static_cast<std::int64_t>(run.iterations.size()) + 1;
  const Json report = report_of(costs);
  journal::IterationFacts facts;
  facts.has_summary = true;
  facts.has_effective = true;
  facts.effective = {{"base_spread_bps", 0.2 + 0.05 * static_cast<double>(number)},
                     {"impact_cap_ratio", 0.2 - 0.01 * static_cast<double>(number)},
                     {"max_delta_ratio", 0.5},
                     {"risk_limit_ratio", 0.4},
                     {"min_interval_ms", 40},
                     {"concurrency_limit", 12},
                     {"replace_rate_per_min", 420},
                     {"tail_age_ms", 600}};
  facts.record.iteration = number;
  facts.record.summary.kpis = analyze::kpis_of_report(analyze::market_maker_profile(), report);
  facts.record.summary.runtime_utc =
      "2026-01-01T00:" + std::string(number < 2 ? "0" : "") + std::to_string(5 * number) + ":00Z";
  facts.record.summary.state_hash = "signature " + std::to_string(number);
  facts.record.tuning.proposed_deltas = {{"base_spread_bps", 0.25 + 0.05 * static_cast<double>(number)}};
  facts.record.tuning.applied = number % 4 != 0;
  if (!facts.record.tuning.applied)
    facts.record.tuning.skip_reason = SkipReason{true, false, false, false, false, "cooldown 1 iters left"};
  facts.summary_guards.cooldown_active = !facts.record.tuning.applied;
  facts.record.kpi_verdict =
      analyze::iteration_passes(analyze::market_maker_profile(), number, facts.record.summary.kpis) ? "PASS"
                                                                                                    : "FAIL";
  run.iterations.push_back(std::move(facts));
  run.reports.push_back({number, number, "", true, report});
}

journal::RunArtifacts failing_run() {
  journal::RunArtifacts run;
  run.foreign = false;
  run.header =
      journal::RunHeader{"mock-1", 10, "2026-01-01T00:00:00Z", "0.1.0", "market-maker", Json::object()};
  for (int i = 0; i < 10; ++i) {
    add_iteration(run, {5.6 + 0.02 * i, 0.9, 4.1 - 0.25 * i, 0.4, 0.1 * (i % 3) - 0.1, 520 - 10 * i, 90, 80,
                        20.0 - i, 402.0 - 8 * i});
  }
  return run;
}

journal::RunArtifacts passing_run() {
  journal::RunArtifacts run;
  run.foreign = false;
  run.header =
      journal::RunHeader{"mock-2", 8, "2026-01-01T00:00:00Z", "0.1.0", "market-maker", Json::object()};
  for (int i = 0; i < 8; ++i)
    add_iteration(run, {5.0, 0.8, 1.2, 0.1, 0.1, 300, 60, 95, 5, i == 3 ? 345.0 : 240.0});
  run.iterations[5].summary_guards.freeze_triggered = true;
  return run;
}

// As the old tool left it: no reports, no header, a gap, a KPI missing, a percentage.
journal::RunArtifacts old_run() {
  journal::RunArtifacts run;
  for (const int number : {0, 1, 3}) {
    journal::IterationFacts facts;
    facts.record.iteration = number;
    facts.record.summary.kpis = {{"risk_ratio", 55}, {"maker_taker_ratio", 0.91}, {"net_bps", 1.25}};
    facts.record.tuning.neg_edge_drivers = {number == 0 ? "fees_eff_bps" : "adverse_bps"};
    run.iterations.push_back(std::move(facts));
  }
  run.gaps = {2};
  run.notes = {"iteration 2 is missing"};
  return run;
}

void expect_reports(const std::string& name, const journal::RunArtifacts& run,
                    const verify::VerifyResult& delivery) {
  const analyze::Profile& profile = analyze::market_maker_profile();
  const analyze::Snapshot snapshot = analyze::take_snapshot(run, profile);
  const gate::GateResult result = gate::judge(run, profile, snapshot, &delivery);
  std::string text = analyze::audit_markdown(run, profile, Registry::builtin()) + "\n---\n";
  text += exporting::delivery_markdown(delivery) + "\n---\n";
  text += analyze::failures_markdown(run, profile, Registry::builtin()) + "\n---\n";
  text += analyze::recommendations_markdown(run, profile, Registry::builtin()) + "\n---\n";
  text += exporting::gate_markdown(result, snapshot) + "\n---\n```xml\n" +
          exporting::junit_xml(result, &delivery) + "```\n";
  text += "```\n" + exporting::prometheus_text(snapshot, &delivery) + "```\n";
  text += "```json\n" + analyze::to_json(snapshot).dump(2) + "\n```\n";
  expect_golden(name, text);
}

verify::VerifyResult failed_delivery() {
  verify::VerifyResult found;
  found.proposed_count = 7;
  found.full_apply_count = 4;
  found.partial_ok_count = 2;
  found.fail_count = 1;
  found.signature_stuck_count = 2;
  found.full_apply_ratio = 0.571;
  found.failures = {{5, 6, "base_spread_bps", 0.5, 0.25, "rolled back", "0.5 was in effect, then 0.25"}};
  found.faults = {{6, "rolled_back", "base_spread_bps", "0.5 proposed, 0.25 observed"}};
  return found;
}

verify::VerifyResult full_delivery() {
  verify::VerifyResult found;
  found.proposed_count = 8;
  found.full_apply_count = 8;
  found.full_apply_ratio = 1;
  return found;
}

TEST(Golden, ReportsOfARunThatFails) {
  expect_reports("failing_run.md", failing_run(), failed_delivery());
}

TEST(Golden, ReportsOfARunThatPasses) {
  expect_reports("passing_run.md", passing_run(), full_delivery());
}

TEST(Golden, ReportsOfAnOldRun) {
  expect_reports("old_run.md", old_run(), {});
}

}  // namespace
}  // namespace soak

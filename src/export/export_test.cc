#include "export/export.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace soak::exporting {
namespace {

using testing::HasSubstr;
using testing::Not;

analyze::Snapshot snapshot() {
  analyze::Snapshot snapshot;
  snapshot.profile = "market-maker";
  snapshot.window = 8;
  snapshot.pass_count = 7;
  snapshot.freeze_ready = true;
  snapshot.kpis = {{"risk_ratio", 0.311, 0.3},
                   {"maker_taker_ratio", 0.9, 0.9},
                   {"net_bps", -1.5, 3},
                   {"p95_latency_ms", {}, {}}};
  snapshot.guards = {1, 2, 3, 1};
  return snapshot;
}

verify::VerifyResult delivery() {
  verify::VerifyResult found;
  found.full_apply_ratio = 0.8;
  found.full_apply_count = 8;
  found.partial_ok_count = 1;
  found.fail_count = 1;
  found.proposed_count = 10;
  found.failures = {{3, 4, "tail_age_ms", 70, "<60> & \"x\"", "wrong value", "it differs"}};
  return found;
}

// promtool's exit code and its remarks; nothing where promtool is not installed.
std::optional<std::pair<int, std::string>> promtool(const std::string& metrics) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) return std::nullopt;
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("export_test_metrics_" + std::to_string(::getpid()) + ".prom");
  std::ofstream(file) << metrics;
  FILE* pipe = popen(("promtool check metrics <" + file.string() + " 2>&1").c_str(), "r");
  std::string remarks;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) remarks += static_cast<char>(c);
  const int status = pclose(pipe);
  std::filesystem::remove(file);
  return std::pair(status, remarks);
}

TEST(Prometheus, HasEveryMetricNameOfTheOldTool) {
  const std::string text =
      prometheus_text(snapshot(), std::make_unique<verify::VerifyResult>(delivery()).get());
  for (const char* line :
       {"soak_delta_full_apply_ratio 0.800", "soak_delta_full_apply_count 8", "soak_delta_partial_ok_count 1",
        "soak_delta_fail_count 1", "soak_delta_signature_stuck_count 0", "soak_delta_proposed_count 10",
        "soak_kpi_risk_ratio_mean 0.311", "soak_kpi_maker_taker_mean 0.900", "soak_kpi_net_bps_mean -1.500",
        "soak_kpi_latency_p95_mean NaN", "soak_guards_velocity_count 2", "soak_guards_cooldown_count 1",
        "soak_guards_oscillation_count 3", "soak_verdict_pass_count 7", "soak_freeze_ready 1",
        "soak_anomalies_count 0"}) {
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{}\n", line)));
  }
}

TEST(Prometheus, LeavesTheDeltaMetricsOutWhereNothingWasVerified) {
  EXPECT_THAT(prometheus_text(snapshot(), nullptr), Not(HasSubstr("soak_delta_")));
}

TEST(Prometheus, TypesCountsAsUntyped) {
  EXPECT_THAT(prometheus_text(snapshot(), nullptr), HasSubstr("# TYPE soak_verdict_pass_count untyped\n"));
}

TEST(Prometheus, PromtoolHasNoRemark) {
  const verify::VerifyResult found = delivery();
  const auto checked = promtool(prometheus_text(snapshot(), &found));
  if (!checked) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  EXPECT_EQ(checked->first, 0);
  EXPECT_EQ(checked->second, "");
}

TEST(Prometheus, PromtoolWouldRemarkOnABadFamily) {
  const auto checked = promtool("# TYPE soak_verdict_pass_count gauge\nsoak_verdict_pass_count 1\n");
  if (!checked) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  EXPECT_NE(checked->second, "");
}

gate::GateResult result() {
  gate::GateResult result;
  result.verdict = gate::GateVerdict::kFail;
  result.checks = {{"verdict", gate::CheckStatus::kPassed, "PASS", "≥ 5 passing", 2, "fine"},
                   {"fault_count", gate::CheckStatus::kFailed, 1, "≤ 0", -1, "a < b & \"c\"\n\x01\xff"},
                   {"full_apply_ratio", gate::CheckStatus::kWarned, nullptr, "", {}, "unproven"},
                   {"run_length", gate::CheckStatus::kNotJudged, 8, "", {}, "unknown"}};
  result.reasons = {"a reason"};
  return result;
}

TEST(Junit, HasOneCaseForEachCheckAndEachFailedDelivery) {
  const verify::VerifyResult found = delivery();
  const std::string xml = junit_xml(result(), &found);
  EXPECT_THAT(xml, HasSubstr(R"(tests="5" failures="2" errors="0" skipped="2")"));
  EXPECT_THAT(xml, HasSubstr(R"(<testcase classname="soak.delivery" name="failed delivery 1">)"));
}

TEST(Junit, EscapesWhatXmlCannotHold) {
  EXPECT_THAT(junit_xml(result(), nullptr), HasSubstr("message=\"a &lt; b &amp; &quot;c&quot;&#10;??\""));
}

TEST(Junit, KeepsLettersBeyondAscii) {
  EXPECT_THAT(junit_xml(
                  [] {
                    gate::GateResult r = result();
                    r.checks[1].message = "µs ≥ 日本 \xF0\x9F\x98\x80 \xED\xA0\x80";
                    return r;
                  }(),
                  nullptr),
              HasSubstr("µs ≥ 日本 \xF0\x9F\x98\x80 ???"));
}

TEST(Junit, CountsAnInconclusiveGateAsAnError) {
  gate::GateResult inconclusive = result();
  inconclusive.verdict = gate::GateVerdict::kInconclusive;
  EXPECT_THAT(junit_xml(inconclusive, nullptr), HasSubstr("errors=\"1\""));
}

TEST(GateMarkdown, SaysTheVerdictFirstAndListsEveryCheck) {
  const std::string text = gate_markdown(result(), snapshot());
  EXPECT_EQ(text.rfind("# Soak gate: FAIL\n", 0), 0U);
  EXPECT_THAT(text, HasSubstr("| `fault_count` | failed | 1 | ≤ 0 |"));
  EXPECT_THAT(text, HasSubstr("- a reason"));
}

}  // namespace
}  // namespace soak::exporting

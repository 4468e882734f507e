#include <fmt/format.h>

#include "export/export.h"

namespace soak::exporting {
namespace {

// A number as Prometheus reads it; three decimals where it has a fraction.
std::string number(double value) {
  return fmt::format("{:.3f}", value);
}

class Writer {
 public:
  void gauge(const char* name, const char* help, const std::string& value) {
    family(name, help, "gauge", value);
  }
  // A count that is not cumulative must not look like a counter, and promtool takes a gauge by that name for
  // a mistake.
  void count(const char* name, const char* help, std::int64_t value) {
    family(name, help, "untyped", std::to_string(value));
  }
  std::string text() && { return std::move(text_); }

 private:
  void family(const char* name, const char* help, const char* type, const std::string& value) {
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
  }
  std::string text_;
};

std::string mean(const analyze::Snapshot& snapshot, std::string_view name) {
  for (const analyze::KpiStatistics& kpi : snapshot.kpis) {
    if (kpi.kpi == name && kpi.mean) return number(*kpi.mean);
  }
  return "NaN";
}

void write_delivery(Writer& writer, const verify::VerifyResult& verified) {
  writer.gauge("soak_delta_full_apply_ratio",
               "Share of the proposed parameter changes that took effect in full.",
               number(verified.full_apply_ratio));
  writer.count("soak_delta_full_apply_count", "Proposals that took effect in full.",
               verified.full_apply_count);
  writer.count("soak_delta_partial_ok_count", "Proposals that a guard held back.", verified.partial_ok_count);
  writer.count("soak_delta_fail_count", "Proposals that did not take effect.", verified.fail_count);
  writer.count("soak_delta_signature_stuck_count",
               "Applied proposals after which the signature stayed the same.",
               verified.signature_stuck_count);
  writer.count("soak_delta_proposed_count", "Proposals that were judged.", verified.proposed_count);
}

}  // namespace

std::string prometheus_text(const analyze::Snapshot& snapshot, const verify::VerifyResult* verified) {
  Writer writer;
  if (verified) write_delivery(writer, *verified);
  writer.gauge("soak_kpi_risk_ratio_mean",
               "Mean share of quote attempts that the risk limit blocked, over the window.",
               mean(snapshot, "risk_ratio"));
  writer.gauge("soak_kpi_maker_taker_mean", "Mean maker share of the traded volume, over the window.",
               mean(snapshot, "maker_taker_ratio"));
  writer.gauge("soak_kpi_net_bps_mean",
               "Mean net edge in basis points of the traded notional, over the window.",
               mean(snapshot, "net_bps"));
  writer.gauge("soak_kpi_latency_p95_mean",
               "Mean 95th percentile of the order latency in milliseconds, over the window.",
               mean(snapshot, "p95_latency_ms"));
  writer.count("soak_guards_velocity_count", "Iterations of the window with the velocity guard set.",
               snapshot.guards.velocity);
  writer.count("soak_guards_cooldown_count", "Iterations of the window with the cooldown guard set.",
               snapshot.guards.cooldown);
  writer.count("soak_guards_oscillation_count", "Iterations of the window with the oscillation guard set.",
               snapshot.guards.oscillation);
  writer.count("soak_verdict_pass_count", "Iterations of the window that pass the KPI profile.",
               snapshot.pass_count);
  writer.gauge("soak_freeze_ready", "1 where enough iterations pass and a freeze was seen.",
               snapshot.freeze_ready ? "1" : "0");
  writer.count("soak_anomalies_count", "KPI outliers and missing KPIs in the window.",
               snapshot.anomalies_count);
  return std::move(writer).text();
}

}  // namespace soak::exporting

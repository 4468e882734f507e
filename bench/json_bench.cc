// Strict parsing and canonical printing of one iteration's summary.

#include <benchmark/benchmark.h>
#include <soak/json.h>

#include <string>

namespace {

constexpr char kSummary[] =
    R"({"iteration":7,"runtime_overrides":{"engine":{"concurrency_limit":10,"min_interval_ms":60,"replace_rate_per_min":300,)"
    R"("tail_age_ms":600},"risk":{"base_spread_bps":0.2,"impact_cap_ratio":0.1,"max_delta_ratio":0.14}},"summary":{)"
    R"("maker_taker_ratio":0.937,"net_bps":3.38,"p95_latency_ms":305.6,"risk_ratio":0.332,)"
    R"("runtime_utc":"2026-01-01T00:05:00Z"},"tuning":{"applied":true,"proposed_deltas":{"min_interval_ms":70}}})";

void parse(benchmark::State& state) {
  const std::string text = kSummary;
  for (auto _ : state) benchmark::DoNotOptimize(soak::parse_json(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(parse);

void print_canonical(benchmark::State& state) {
  const auto value = soak::parse_json(kSummary).value();
  std::size_t bytes = 0;
  for (auto _ : state) bytes += soak::canonical_json(value).size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(print_canonical);

}  // namespace

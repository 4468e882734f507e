#include "target/report.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace soak::target {
namespace {

using nlohmann::json;
using sim::Money;

constexpr double kMicroBps = 1e-6;
constexpr double kNsPerMs = 1e6;

double round6(double value) {
  return std::round(value * 1e6) / 1e6;
}

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : round6(static_cast<double>(part) / static_cast<double>(whole));
}

// Millionths of a basis point of the notional, rounded to the nearest.
std::int64_t micro_bps(Money amount, Money notional) {
  const auto exact = static_cast<long double>(amount) * 1e10L / static_cast<long double>(notional);
  return static_cast<std::int64_t>(std::llround(exact));
}

// The 95th percentile by the nearest rank, in `unit`s; null where nothing was measured: a 0 would be the best
// value that there is.
template <class Value>
json p95(std::vector<Value> values, double unit = 1) {
  if (values.empty()) return nullptr;
  const std::size_t rank = (values.size() * 95 + 99) / 100;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank - 1), values.end());
  return round6(static_cast<double>(values[rank - 1]) / unit);
}

// Costs of single fills in bps of their mid: mark-outs of maker fills, execution cost of taker fills.
std::vector<double> fill_costs_bps(const std::vector<sim::FillRecord>& fills, bool maker) {
  std::vector<double> costs;
  for (const sim::FillRecord& fill : fills) {
    if (fill.maker != maker) continue;
    const double sign = fill.side == sim::Side::kBuy ? 1 : -1;
    const auto mid = static_cast<double>(fill.mid_half_ticks);
    const double moved =
        maker ? mid - static_cast<double>(fill.markout_half_ticks) : 2.0 * fill.price_ticks - mid;
    costs.push_back(sign * moved / mid * 1e4);
  }
  return costs;
}

json block_reasons(const sim::BlockCounts& blocks) {
  const auto reason = [&](std::int64_t count) {
    return json{{"count", count}, {"ratio", ratio(count, blocks.attempts())}};
  };
  return {{"min_interval", reason(blocks.min_interval)},
          {"concurrency", reason(blocks.concurrency)},
          {"risk", reason(blocks.risk)},
          {"throttle", reason(blocks.throttle)}};
}

// The cost components that took more than a tenth of the gross edge, largest first.
json drivers(std::vector<std::pair<std::int64_t, const char*>> costs, std::int64_t gross) {
  std::sort(costs.begin(), costs.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  json names = json::array();
  for (const auto& [cost, name] : costs) {
    if (cost > 0 && cost * 10 > gross) names.push_back(name);
  }
  return names;
}

void add_edge(json& totals, const sim::Totals& money) {
  static constexpr const char* kNames[] = {"net_bps",      "gross_bps",   "fees_eff_bps",
                                           "slippage_bps", "adverse_bps", "inventory_bps"};
  for (const char* name : kNames) totals[name] = nullptr;
  totals["neg_edge_drivers"] = json::array();
  if (money.notional == 0) return;
  const std::int64_t gross = micro_bps(money.gross, money.notional);
  const std::int64_t fees = micro_bps(money.fees, money.notional);
  const std::int64_t slippage = micro_bps(money.slippage, money.notional);
  const std::int64_t adverse = micro_bps(money.adverse, money.notional);
  const std::int64_t inventory = micro_bps(money.inventory, money.notional);
  const std::int64_t values[] = {
      gross - fees - slippage - adverse - inventory, gross, fees, slippage, adverse, inventory};
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    totals[kNames[i]] = round6(static_cast<double>(values[i]) * kMicroBps);
  totals["neg_edge_drivers"] = drivers({{fees, "fees_eff_bps"},
                                        {slippage, "slippage_bps"},
                                        {adverse, "adverse_bps"},
                                        {inventory, "inventory_bps"}},
                                       gross);
}

}  // namespace

json edge_totals(const sim::WindowResult& result) {
  const sim::Totals& money = result.totals;
  const std::int64_t lots = money.maker_lots + money.taker_lots;
  json totals;
  add_edge(totals, money);
  totals["adverse_bps_p95"] = p95(fill_costs_bps(result.fills, true));
  totals["slippage_bps_p95"] = p95(fill_costs_bps(result.fills, false));
  totals["order_age_p95_ms"] = p95(result.order_ages_ns, kNsPerMs);
  totals["p95_latency_ms"] = p95(result.latencies_ns, kNsPerMs);
  totals["ws_lag_p95_ms"] = p95(result.feed_lags_ns, kNsPerMs);
  totals["cancel_ratio"] = ratio(result.cancels_sent, result.orders_sent);
  totals["fills"] = {{"maker_count", money.maker_fills},
                     {"taker_count", money.taker_fills},
                     {"maker_volume", round6(static_cast<double>(money.maker_lots) * result.lot_size)},
                     {"taker_volume", round6(static_cast<double>(money.taker_lots) * result.lot_size)}};
  totals["maker_share_pct"] =
      lots == 0 ? json(nullptr)
                : json(round6(100.0 * static_cast<double>(money.maker_lots) / static_cast<double>(lots)));
  totals["block_reasons"] = block_reasons(result.blocks);
  return totals;
}

json edge_evidence(const sim::WindowResult& result, double capital_lots) {
  const sim::MakerBehaviour& seen = result.behaviour;
  json evidence = {
      {"concurrency_limit", {{"at_most", seen.most_open_orders}}},
      {"replace_rate_per_min", {{"at_most", seen.most_replaces_in_a_minute}}},
      {"risk_limit_ratio", {{"at_most", static_cast<double>(seen.largest_position_lots) / capital_lots}}}};
  const auto add = [&](const char* name, const char* bound, std::int64_t seen_ns) {
    if (seen_ns >= 0) evidence[name] = {{bound, static_cast<double>(seen_ns) / kNsPerMs}};
  };
  add("min_interval_ms", "at_least", seen.shortest_quote_interval_ns);
  add("max_age_ms", "at_most", seen.oldest_quote_ns);
  add("tail_age_ms", "at_least", seen.youngest_misplaced_quote_ns);
  return evidence;
}

}  // namespace soak::target

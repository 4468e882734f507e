// The built-in profile, as the same text that a --kpi-profile file would hold.

#include <cstdio>
#include <cstdlib>

#include "analyze/profile.h"

namespace soak::analyze {
namespace {

constexpr char kMarketMaker[] = R"json({
  "name": "market-maker",
  "window": 8,
  "pass_at_least": 6,
  "warn_at_least": 5,
  "steady": [
    {"kpi": "risk_ratio", "direction": "at_most", "threshold": 0.35},
    {"kpi": "net_bps", "direction": "at_least", "threshold": 2.7}
  ],
  "kpis": [
    {
      "name": "risk_ratio", "title": "risk blocks", "unit": "share of quote attempts", "is_ratio": true,
      "direction": "at_most", "threshold": 0.42, "regression_limit": 0.1,
      "sources": ["/totals/risk_ratio", "/totals/block_reasons/risk/ratio"],
      "breakdown": {
        "whole": "blocked quote attempts", "unit": "",
        "source": {"numerator": ["/totals/block_reasons/risk/count", "/totals/block_reasons/min_interval/count",
                                 "/totals/block_reasons/concurrency/count", "/totals/block_reasons/throttle/count"]},
        "causes": [
          {"label": "the risk limit",
           "meaning": "a quote that could carry the inventory over its limit is not sent; an order is {impact_cap_ratio} of the touch, the limit is {risk_limit_ratio} of capital, and the quotes lean against the position in full only from {max_delta_ratio} of that limit",
           "source": "/totals/block_reasons/risk/count",
           "levers": [{"parameter": "impact_cap_ratio", "move": "down"}, {"parameter": "max_delta_ratio", "move": "down"},
                      {"parameter": "min_interval_ms", "move": "up"}]}
        ],
        "figures": [{"label": "largest exposure, share of capital", "source": "/evidence/risk_limit_ratio/at_most"}]
      }
    },
    {
      "name": "maker_taker_ratio", "title": "maker share", "unit": "share of volume", "is_ratio": true,
      "direction": "at_least", "threshold": 0.85, "regression_limit": 0.15,
      "sources": [
        {"label": "fills_volume", "numerator": ["/totals/fills/maker_volume"],
         "denominator": ["/totals/fills/maker_volume", "/totals/fills/taker_volume"]},
        {"label": "maker_share_pct", "numerator": ["/totals/maker_share_pct"], "scale": 0.01}
      ],
      "breakdown": {
        "whole": "base units traded", "unit": "",
        "source": {"numerator": ["/totals/fills/maker_volume", "/totals/fills/taker_volume"]},
        "causes": [
          {"label": "taker hedges",
           "meaning": "inventory near its limit ({risk_limit_ratio} of capital) is closed across the spread; the quotes stand {base_spread_bps} bps behind the touch and lean in full only from {max_delta_ratio} of the limit",
           "source": "/totals/fills/taker_volume",
           "levers": [{"parameter": "base_spread_bps", "move": "up"}, {"parameter": "max_delta_ratio", "move": "down"},
                      {"parameter": "min_interval_ms", "move": "up"}]}
        ],
        "figures": [{"label": "maker fills", "source": "/totals/fills/maker_count"},
                    {"label": "taker fills", "source": "/totals/fills/taker_count"}]
      }
    },
    {
      "name": "net_bps", "title": "net edge", "unit": "bps", "direction": "at_least", "threshold": 2.7,
      "regression_limit": 3,
      "breakdown": {
        "whole": "gross edge", "unit": "bps",
        "source": "/totals/gross_bps",
        "causes": [
          {"label": "adverse selection", "meaning": "the price moved against the quote after it was filled",
           "source": "/totals/adverse_bps",
           "levers": [{"parameter": "base_spread_bps", "move": "up"}, {"parameter": "impact_cap_ratio", "move": "down"}]},
          {"label": "fees", "meaning": "the exchange's fees on what was traded",
           "source": "/totals/fees_eff_bps",
           "levers": [{"parameter": "base_spread_bps", "move": "up"}, {"parameter": "max_delta_ratio", "move": "down"}]},
          {"label": "slippage", "meaning": "hedges paid the spread and walked the book",
           "source": "/totals/slippage_bps",
           "levers": [{"parameter": "base_spread_bps_delta", "move": "up"}, {"parameter": "max_delta_ratio", "move": "down"}]},
          {"label": "inventory", "meaning": "the price moved against the position that was held",
           "source": "/totals/inventory_bps",
           "levers": [{"parameter": "max_delta_ratio", "move": "down"}, {"parameter": "impact_cap_ratio", "move": "down"}]}
        ]
      }
    },
    {
      "name": "p95_latency_ms", "title": "p95 latency", "unit": "ms", "direction": "at_most", "threshold": 350, "regression_limit": 100,
      "breakdown": {
        "whole": "p95 from decision to acknowledgement", "unit": "ms",
        "source": "/totals/p95_latency_ms",
        "causes": [
          {"label": "the queue at the exchange",
           "meaning": "up to {concurrency_limit} open orders and {replace_rate_per_min} replacements a minute wait for an exchange of finite rate",
           "source": "/totals/p95_latency_ms",
           "levers": [{"parameter": "concurrency_limit", "move": "down"}, {"parameter": "replace_rate_per_min", "move": "down"},
                      {"parameter": "tail_age_ms", "move": "up"}]}
        ],
        "figures": [{"label": "most open orders", "source": "/evidence/concurrency_limit/at_most"},
                    {"label": "most replacements in a minute", "source": "/evidence/replace_rate_per_min/at_most"},
                    {"label": "p95 feed lag (ms)", "source": "/totals/ws_lag_p95_ms"}]
      }
    },
    {"name": "adverse_bps_p95", "title": "p95 adverse selection", "unit": "bps"},
    {"name": "slippage_bps_p95", "title": "p95 slippage", "unit": "bps"},
    {"name": "order_age_p95_ms", "title": "p95 order age", "unit": "ms"},
    {"name": "min_interval_ratio", "title": "interval blocks", "unit": "share of quote attempts", "is_ratio": true,
     "sources": ["/totals/min_interval_ratio", "/totals/block_reasons/min_interval/ratio"]},
    {"name": "concurrency_ratio", "title": "concurrency blocks", "unit": "share of quote attempts", "is_ratio": true,
     "sources": ["/totals/concurrency_ratio", "/totals/block_reasons/concurrency/ratio"]}
  ]
})json";

Profile parse_builtin() {
  Result<Profile> profile = parse_profile(kMarketMaker, "market-maker");
  if (!profile) {  // a mistake in this file, which the tests see first
    std::fprintf(stderr, "the built-in KPI profile: %s\n", to_line(profile.error()).c_str());
    std::abort();
  }
  return std::move(*profile);
}

}  // namespace

const char* market_maker_text() {
  return kMarketMaker;
}

const Profile& market_maker_profile() {
  static const Profile profile = parse_builtin();
  return profile;
}

}  // namespace soak::analyze

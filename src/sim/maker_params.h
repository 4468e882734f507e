#pragma once
// What the market maker is told (the tuned parameters) and what it is given (its settings and the venue).
// Units in the names.

#include <cstdint>

#include "sim/fee_flat.h"
#include "sim/market_event.h"

namespace soak::sim {

// The tuned parameters, as DESIGN.md section 5 names them.
struct MakerParams {
  double base_spread_bps = 1;        // behind the touch
  double base_spread_bps_delta = 0;  // added to it
  double impact_cap_ratio = 0.1;     // order size: share of what usually rests at the touch
  double max_delta_ratio =
      0.5;  // position at which the quotes are fully skewed: share of the inventory limit
  double risk_limit_ratio = 0.3;  // inventory limit: share of capital
  std::int64_t replace_rate_per_min = 300;
  std::int64_t concurrency_limit = 10;  // orders open or on their way
  std::int64_t tail_age_ms = 500;  // a quote away from where it should stand is replaced once it is this old
  std::int64_t min_interval_ms = 60;  // between two quotes sent on one side
  std::int64_t max_age_ms = 10'000;   // any quote is renewed at this age
  double min_order_size = 0.001;      // base units
  double max_order_size = 1'000'000;  // base units
};

struct MakerSettings {
  double capital_base_units = 1;  // the capital, counted in base units at the window's first mid
  int layers = 3;                 // quotes a side
  double layer_spacing_bps = 1.5;
  double skew_ratio = 0.6;  // full skew: this share of the distance from reservation price to quote
  double requote_tolerance_bps = 0.5;   // a quote this close to where it should stand is left alone
  double hedge_at_ratio = 0.85;         // of the inventory limit: from here on it hedges as a taker ...
  double hedge_to_ratio = 0.40;         // ... down to here
  std::int64_t hedge_pause_ms = 2'000;  // between two hedges
};

struct Venue {
  FlatFee fee;
  std::int64_t entry_ns = 20'000'000;
  std::int64_t response_ns = 20'000'000;
  double service_mean_ns = 38'000'000;      // the exchange serves one request at a time
  std::int64_t markout_ns = 5'000'000'000;  // adverse selection is read this long after a fill
  double impact_coefficient = 1;            // of our takes (impact_square_root.h)
};

}  // namespace soak::sim

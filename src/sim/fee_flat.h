#pragma once
// Flat fees, in millionths of the notional (1 bp = 100). A maker's rebate is a negative rate.

#include <cstdint>

namespace soak::sim {

struct FlatFee {
  std::int64_t maker_ppm = 100;
  std::int64_t taker_ppm = 500;
  std::int64_t rate_ppm(bool maker) const { return maker ? maker_ppm : taker_ppm; }
};

}  // namespace soak::sim

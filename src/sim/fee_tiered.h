#pragma once
// Fees by what was traded so far: an exchange's tiers. A rate is a share of the amount, negative for a
// rebate; one tier from zero on is a flat fee. Unit of amounts: quote units. Not thread safe.

#include <soak/result.h>
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace soak::sim {

struct FeeTier {
  double from_amount = 0;  // traded before the fill, makers and takers together
  double maker_rate = 0;
  double taker_rate = 0;
};

// A JSON list of objects with exactly these members: [{"from_amount": 0, "maker_rate": -0.0001, "taker_rate":
// 0.0004}, ...], the first from 0, ascending, at most 1000; rates within -1 and 1. Errors name the file.
Result<std::vector<FeeTier>> read_fee_tiers(const std::string& path);

class TieredFee {
 public:
  // At least one tier, the first from 0, ascending.
  explicit TieredFee(std::vector<FeeTier> tiers) : tiers_(std::move(tiers)) {}

  // The fee of a fill of this amount, which then counts as traded.
  double fill(double amount, bool maker) {
    const auto next =
        std::upper_bound(tiers_.begin(), tiers_.end(), traded_,
                         [](double traded, const FeeTier& tier) { return traded < tier.from_amount; });
    const FeeTier& tier = next == tiers_.begin() ? *next : *(next - 1);
    traded_ += amount;
    return amount * (maker ? tier.maker_rate : tier.taker_rate);
  }

 private:
  std::vector<FeeTier> tiers_;
  double traded_ = 0;
};

}  // namespace soak::sim

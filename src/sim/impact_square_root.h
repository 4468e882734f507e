#pragma once
// What a take costs beyond the book that it sees, since others react to it: the square-root law. A take of Q
// moves the price by y × sigma × sqrt(Q / V), where sigma is the volatility over some time and V what traded
// in it; the law does not depend on which time, so both are measured on the market since the window began.
// The take pays two thirds of the move on average over its execution (the mean of the square root). y is
// near 1. Sources: Tóth et al., Anomalous price impact and the critical nature of liquidity (2011); Almgren
// et al., Direct estimation of equity market impact (2005). Not thread safe.

#include <cmath>
#include <cstdint>

namespace soak::sim {

class SquareRootImpact {
 public:
  // `coefficient` is y; 0: no impact.
  explicit SquareRootImpact(double coefficient) : coefficient_(coefficient) {}

  void traded(std::int64_t lots) { volume_lots_ += static_cast<double>(lots); }
  // Changes of the mid are taken over a second, which leaves the bounce between bid and ask out.
  void mid_moved(std::int64_t now_ns, std::int64_t mid_half_ticks) {
    if (sampled_ns_ == kNever) {
      sampled_ns_ = now_ns;
      sampled_half_ticks_ = mid_half_ticks;
    } else if (now_ns - sampled_ns_ >= kSampleNs) {
      const double change = static_cast<double>(mid_half_ticks - sampled_half_ticks_) / 2;
      variance_ticks2_ += change * change;
      sampled_ns_ = now_ns;
      sampled_half_ticks_ = mid_half_ticks;
    }
  }
  // Ticks to add to what a buyer of `lots` pays (to take from a seller); 0 before anything is known.
  std::int32_t cost_ticks(std::int64_t lots) const {
    if (volume_lots_ <= 0) return 0;
    const double move =
        coefficient_ * std::sqrt(variance_ticks2_) * std::sqrt(static_cast<double>(lots) / volume_lots_);
    return static_cast<std::int32_t>(std::lround(2.0 / 3 * move));
  }

 private:
  static constexpr std::int64_t kSampleNs = 1'000'000'000;
  static constexpr std::int64_t kNever = INT64_MIN;
  double coefficient_;
  double volume_lots_ = 0;
  double variance_ticks2_ = 0;
  std::int64_t sampled_ns_ = kNever;
  std::int64_t sampled_half_ticks_ = 0;
};

}  // namespace soak::sim

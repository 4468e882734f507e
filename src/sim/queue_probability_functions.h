#pragma once
// The probability that a lot cancelled at our level stood behind our order, from what stands ahead and behind
// (base units). Named and defined as in hftbacktest (backtest/models/queue.rs): the power functions with
// exponent 3, the logarithmic ones on base units, so that they depend on the unit of quantity. Where both are
// zero the result is no number, which the model takes for an empty level.

#include <cmath>

namespace soak::sim {

inline constexpr double kQueuePower = 3;

// f(behind) / (f(behind) + f(ahead)), f(x) = x³
struct PowerProbability {
  double operator()(double ahead, double behind) const {
    const double f = std::pow(behind, kQueuePower);
    return f / (f + std::pow(ahead, kQueuePower));
  }
};

// f(behind) / f(behind + ahead), f(x) = x³
struct PowerProbability2 {
  double operator()(double ahead, double behind) const {
    return std::pow(behind, kQueuePower) / std::pow(behind + ahead, kQueuePower);
  }
};

// 1 - f(ahead / (ahead + behind)), f(x) = x³
struct PowerProbability3 {
  double operator()(double ahead, double behind) const {
    return 1 - std::pow(ahead / (ahead + behind), kQueuePower);
  }
};

// f(behind) / (f(behind) + f(ahead)), f(x) = ln(1 + x)
struct LogProbability {
  double operator()(double ahead, double behind) const {
    const double f = std::log(1 + behind);
    return f / (f + std::log(1 + ahead));
  }
};

// f(behind) / f(behind + ahead), f(x) = ln(1 + x)
struct LogProbability2 {
  double operator()(double ahead, double behind) const {
    return std::log(1 + behind) / std::log(1 + (behind + ahead));
  }
};

}  // namespace soak::sim

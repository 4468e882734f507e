#pragma once
// Queue position by probability: where a level shrinks by more than was traded there, a part of what left
// stood ahead of our order. The part comes from a function of what stands ahead and behind
// (queue_probability_functions.h). Sources: Rigtorp, Estimating order queue position (2013,
// rigtorp.se/2013/06/08/estimating-order-queue-position.html); the ProbQueueModel of hftbacktest
// (backtest/models/queue.rs), whose arithmetic this follows operation by operation: base units, in double.

#include <cmath>
#include <cstdint>

namespace soak::sim {

// Probability: double operator()(double ahead, double behind), the probability that a cancelled lot stood
// behind.
template <class Probability>
class ProbabilityQueue {
 public:
  struct Position {
    double ahead = 0;   // base units
    double traded = 0;  // since the level was last told
  };

  // `lot_size` in base units a lot.
  explicit ProbabilityQueue(double lot_size = 1) : lot_size_(lot_size) {}

  Position enter(std::int64_t resting_lots) const { return {base(resting_lots), 0}; }
  void on_trade(Position& position, std::int64_t traded_lots) const {
    position.ahead -= base(traded_lots);
    position.traded += base(traded_lots);
  }
  void on_depth(Position& position, std::int64_t before_lots, std::int64_t now_lots) const {
    const double before = base(before_lots), now = base(now_lots);
    const double left = before - now - position.traded;  // what trades do not explain
    position.traded = 0;
    if (left < 0) {
      position.ahead = std::fmin(position.ahead, now);
      return;
    }
    const double behind = before - position.ahead;
    double probability = Probability{}(position.ahead, behind);
    if (std::isinf(probability)) probability = 1;
    // fmin takes the number where the other is no number: an empty level has no probability.
    const double ahead =
        position.ahead - (1 - probability) * left + std::fmin(behind - probability * left, 0.0);
    position.ahead = std::fmin(ahead, now);
  }
  std::int64_t take_reached_lots(Position& position) const {
    const auto reached = static_cast<std::int64_t>(std::round(-position.ahead / lot_size_));
    if (reached <= 0) return 0;
    position.ahead = 0;
    return reached;
  }

 private:
  double base(std::int64_t lots) const { return static_cast<double>(lots) * lot_size_; }
  double lot_size_;
};

}  // namespace soak::sim

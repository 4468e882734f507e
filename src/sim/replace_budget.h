#pragma once
// At most `rate` replacements in any minute, evenly enough that the minute's budget is not gone in its first
// second: a bucket that holds five seconds' worth, and an exact count over the last 60 s on top. Unit:
// nanoseconds.

#include <algorithm>
#include <cstdint>
#include <deque>

namespace soak::sim {

class ReplaceBudget {
 public:
  explicit ReplaceBudget(std::int64_t rate_per_min)
      : rate_per_min_(rate_per_min),
        capacity_(std::max(1.0, static_cast<double>(rate_per_min) / 12)),
        tokens_(capacity_) {}

  bool allows(std::int64_t now_ns) {
    tokens_ = std::min(capacity_, tokens_ + static_cast<double>(now_ns - refilled_ns_) *
                                                static_cast<double>(rate_per_min_) / kMinuteNs);
    refilled_ns_ = now_ns;
    while (!recent_.empty() && recent_.front() <= now_ns - kMinuteNs) recent_.pop_front();
    return tokens_ >= 1 && static_cast<std::int64_t>(recent_.size()) < rate_per_min_;
  }
  void spend(std::int64_t now_ns) {
    tokens_ -= 1;
    recent_.push_back(now_ns);
    most_in_a_minute_ = std::max(most_in_a_minute_, static_cast<std::int64_t>(recent_.size()));
  }
  std::int64_t most_in_a_minute() const { return most_in_a_minute_; }

 private:
  static constexpr std::int64_t kMinuteNs = 60'000'000'000;
  std::int64_t rate_per_min_;
  double capacity_;
  double tokens_;
  std::int64_t refilled_ns_ = 0;
  std::deque<std::int64_t> recent_;
  std::int64_t most_in_a_minute_ = 0;
};

}  // namespace soak::sim

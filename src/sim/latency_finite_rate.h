#pragma once
// Order latency of an exchange that serves one request at a time: a request travels `entry`, waits until
// those before it are served, is served for a random time (exponential, mean `service_mean`), and the answer
// travels `response`. An M/M/1 queue where requests come at random, so that what the market maker sends
// drives its own latency (Kleinrock, Queueing Systems I, chapter 3). Unit: nanoseconds.

#include <algorithm>
#include <cstdint>

#include "base/rng.h"

namespace soak::sim {

class FiniteRateLatency {
 public:
  FiniteRateLatency(std::int64_t entry_ns, std::int64_t response_ns, double service_mean_ns)
      : entry_ns_(entry_ns), response_ns_(response_ns), service_mean_ns_(service_mean_ns) {}

  // When the exchange acts on a request sent at `sent_ns`; call in order of sending.
  std::int64_t served_at(std::int64_t sent_ns, base::Rng& random) {
    const std::int64_t begin = std::max(sent_ns + entry_ns_, free_at_ns_);
    free_at_ns_ = begin + static_cast<std::int64_t>(service_mean_ns_ * random.exponential());
    return free_at_ns_;
  }
  std::int64_t answered_at(std::int64_t served_ns) const { return served_ns + response_ns_; }

 private:
  std::int64_t entry_ns_;
  std::int64_t response_ns_;
  double service_mean_ns_;
  std::int64_t free_at_ns_ = INT64_MIN;
};

}  // namespace soak::sim

#pragma once
// Order latency of an exchange of finite rate, in a replay: a request travels as in the table (a table of one
// row is a constant), waits until all that came before it are served, and is served for `service_ns`; the
// exchange acts at the end of that. So what a strategy sends decides how long it waits: the requests of one
// decision, sent at one moment, are served one after another. The service time is fixed, not drawn: the same
// feed and options give the same counts without a seed, and the requests of a strategy come in bursts, which
// queue without chance in the service. The queue is D/1 (waits by Lindley's recursion, 1952: a request's wait
// is what is left of the work before it). FiniteRateLatency is the random one of the soak's venue. Unit:
// nanoseconds. Not thread safe.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "sim/latency_interpolated.h"

namespace soak::sim {

// How the exchange's rate was felt.
struct ServiceLoad {
  std::int64_t requests = 0;
  std::int64_t waited_ns = 0;  // of all requests together, before their service began
  std::int64_t waited_ns_max = 0;

  double mean_wait_ns() const {
    return requests == 0 ? 0 : static_cast<double>(waited_ns) / static_cast<double>(requests);
  }
};

class PacedLatency {
 public:
  PacedLatency(InterpolatedLatency travel, std::int64_t service_ns)
      : travel_(std::move(travel)), service_ns_(service_ns) {}

  std::int64_t entry_ns(std::int64_t sent_ns) const { return travel_.entry_ns(sent_ns); }
  std::int64_t response_ns(std::int64_t acted_ns) const { return travel_.response_ns(acted_ns); }

  // When the exchange acts on a request that reaches it at `arrives_ns`; call in order of arrival.
  std::int64_t served_at(std::int64_t arrives_ns) {
    const std::int64_t begin = std::max(arrives_ns, free_at_ns_);
    ++load_.requests;
    load_.waited_ns += begin - arrives_ns;
    load_.waited_ns_max = std::max(load_.waited_ns_max, begin - arrives_ns);
    return free_at_ns_ = begin + service_ns_;
  }
  const ServiceLoad& load() const { return load_; }

 private:
  InterpolatedLatency travel_;
  std::int64_t service_ns_;
  std::int64_t free_at_ns_ = std::numeric_limits<std::int64_t>::min();
  ServiceLoad load_;
};

}  // namespace soak::sim

#pragma once
// Order latency as it was measured: a table of requests with the times at which they were sent, reached the
// exchange, and were answered. Between two rows the latency is interpolated, the way to the exchange by the
// time of sending and the way back by the time at the exchange; before the first and after the last row it is
// theirs. Source: hftbacktest, IntpOrderLatency (backtest/models/latency.rs). Unit: nanoseconds. Copies share
// the table. Safe to read from several threads.

#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace soak::sim {

struct LatencySample {
  std::int64_t sent_ns = 0;
  std::int64_t exchange_ns = 0;
  std::int64_t received_ns = 0;
};

class InterpolatedLatency {
 public:
  // Lines `sent_ns,exchange_ns,received_ns`, a first line without a digit is one of names. Errors name the
  // line: no three whole numbers, a time before its cause or out of a feed's range, more than an hour,
  // sending or exchange times that do not grow, no line at all.
  static Result<InterpolatedLatency> read(const std::string& path);
  // At least one sample, as `read` demands them.
  explicit InterpolatedLatency(std::vector<LatencySample> samples);

  std::int64_t entry_ns(std::int64_t sent_ns) const;
  std::int64_t response_ns(std::int64_t exchange_ns) const;
  // No order takes longer there and back.
  std::int64_t round_trip_ns_max() const;

 private:
  std::shared_ptr<const std::vector<LatencySample>> samples_;
};

}  // namespace soak::sim

#include "sim/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/queue_fifo.h"
#include "sim/queue_probability.h"
#include "sim/queue_probability_functions.h"
#include "sim/queue_risk_averse.h"

namespace soak::sim {
namespace {

constexpr double kLotsMax = 2147483647;  // of an order, as of a level
constexpr std::int64_t kDecisionsMax = 1'000'000'000;
constexpr std::int64_t kServiceNsMax = 3'600'000'000'000;
constexpr std::array<std::string_view, 7> kQueueModels = {
    "risk-averse", "power-prob", "power-prob2", "power-prob3", "log-prob", "log-prob2", "fifo"};
constexpr std::array<std::string_view, 2> kExchangeModels = {"no-partial-fill", "partial-fill"};
constexpr std::array<std::string_view, 2> kQuoteModes = {"cancelall", "diff"};

template <class Queue, bool kPartialFill, class Latency>
Result<ReplayOutcome> run(const ReplayFeed& feed, const ReplayOptions& options, const Latency& latency) {
  const ReplayOutcome outcome =
      ReplayEngine<Queue, Latency, kPartialFill>(feed, options.strategy, latency, options.interval_ns).run();
  if (outcome.overrun_ns == 0) return outcome;
  return fail(
      ErrorCode::kLimitExceeded,
      fmt::format("at local time {} ns more than {} requests wait for an exchange that cannot keep up: "
                  "give a higher --service-rate-per-s or a longer --interval-ms",
                  outcome.overrun_ns, kReplayWaitingMax));
}

// The table that says at any time what the constant latency says.
InterpolatedLatency table_of(const ConstantLatency& latency) {
  return InterpolatedLatency({{0, latency.entry, latency.entry + latency.response}});
}

template <class Queue, bool kPartialFill>
Result<ReplayOutcome> run(const ReplayFeed& feed, const ReplayOptions& options) {
  if (options.service_ns) {
    const auto travel = options.latency_table ? *options.latency_table : table_of(options.latency);
    return run<Queue, kPartialFill>(feed, options, PacedLatency(travel, *options.service_ns));
  }
  return options.latency_table ? run<Queue, kPartialFill>(feed, options, *options.latency_table)
                               : run<Queue, kPartialFill>(feed, options, options.latency);
}

template <class Queue>
Result<ReplayOutcome> run(const ReplayFeed& feed, const ReplayOptions& options) {
  return options.exchange == ExchangeModel::kPartialFill ? run<Queue, true>(feed, options)
                                                         : run<Queue, false>(feed, options);
}

// The longest way there and back that an order may take, where no decision finds requests of the one before
// it: cancelling everything is two cancels and two orders.
std::int64_t round_trip_ns(const ReplayOptions& options) {
  constexpr std::int64_t kRequestsMax = 4;
  return (options.latency_table ? options.latency_table->round_trip_ns_max()
                                : options.latency.entry + options.latency.response) +
         kRequestsMax * options.service_ns.value_or(0);
}

// From the first event that either of the two sees to the last.
std::int64_t span_ns(const ReplayFeed& feed) {
  const ReplayColumns &exchange = feed.exchange, &local = feed.local;
  return std::max(exchange.times_ns[exchange.size - 1], local.times_ns[local.size - 1]) -
         std::min(exchange.times_ns[0], local.times_ns[0]);
}

Result<void> check_queue(const ReplayOptions& options, const ReplayFeed& feed) {
  if (options.queue != QueueModel::kFifo || feed.exchange.joined_rows != nullptr) return {};
  return fail(ErrorCode::kUnsupported,
              "the fifo queue needs order-by-order data, and this feed tells only how much rests at each "
              "level, not which orders stand ahead of ours: take --queue risk-averse, which assumes that no "
              "order ahead is cancelled, or a probability model such as power-prob. Feeds with "
              "order-by-order data come from soak feed import of LOBSTER pairs and of hftbacktest's "
              "order-by-order events");
}

Result<void> check(const ReplayOptions& options, const ReplayFeed& feed) {
  const ReplayStrategyOptions& s = options.strategy;
  const auto refuse = [](std::string message) {
    return fail(ErrorCode::kInvalidArgument, std::move(message));
  };
  if (options.interval_ns <= 0) return refuse("the interval must be positive");
  if (options.latency.entry < 0 || options.latency.response < 0) return refuse("a latency is negative");
  if (options.service_ns && (*options.service_ns < 0 || *options.service_ns > kServiceNsMax))
    return refuse("the service time is negative or more than an hour");
  if (s.mode == QuoteMode::kCancelAll && options.interval_ns < round_trip_ns(options)) {
    return refuse(
        "cancelall at an interval shorter than a round trip never ends: give a longer --interval-ms, "
        "a shorter --order-latency-us, a higher --service-rate-per-s or --mode diff");
  }
  if (!(s.quantity >= feed.instrument.lot_size)) return refuse("the order quantity must be at least a lot");
  if (!(s.quantity / feed.instrument.lot_size <= kLotsMax))
    return refuse(fmt::format("the order quantity must be at most {:.0f} lots", kLotsMax));
  const std::int64_t decisions = span_ns(feed) / options.interval_ns;
  if (decisions > kDecisionsMax) {
    return refuse(fmt::format("the feed spans {} decisions, more than {}: give a longer --interval-ms",
                              decisions, kDecisionsMax));
  }
  if (!(s.position_max >= 0) || !std::isfinite(s.half_spread_ticks) || !std::isfinite(s.skew_ticks) ||
      s.fees.empty()) {
    return refuse("an option of the strategy is out of range");
  }
  return {};
}

}  // namespace

Result<ReplayOutcome> replay(const ReplayFeed& feed, const ReplayOptions& options) {
  if (auto fine = check(options, feed); !fine) return tl::unexpected(fine.error());
  if (auto fine = check_queue(options, feed); !fine) return tl::unexpected(fine.error());
  switch (options.queue) {
    case QueueModel::kRiskAverse:
      return run<RiskAverseQueue>(feed, options);
    case QueueModel::kPowerProb:
      return run<ProbabilityQueue<PowerProbability>>(feed, options);
    case QueueModel::kPowerProb2:
      return run<ProbabilityQueue<PowerProbability2>>(feed, options);
    case QueueModel::kPowerProb3:
      return run<ProbabilityQueue<PowerProbability3>>(feed, options);
    case QueueModel::kLogProb:
      return run<ProbabilityQueue<LogProbability>>(feed, options);
    case QueueModel::kLogProb2:
      return run<ProbabilityQueue<LogProbability2>>(feed, options);
    case QueueModel::kFifo:
      return run<FifoQueue>(feed, options);
  }
  return fail(ErrorCode::kInvalidArgument, "no such queue model");
}

std::span<const std::string_view> queue_model_names() {
  return kQueueModels;
}
std::span<const std::string_view> exchange_model_names() {
  return kExchangeModels;
}
std::span<const std::string_view> quote_mode_names() {
  return kQuoteModes;
}

}  // namespace soak::sim

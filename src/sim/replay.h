#pragma once
// One strategy over one feed, with the models chosen by name: what `soak replay` runs. The counts are those
// of hftbacktest on the same feed. Reads the feed only; several threads may replay one feed at once.

#include <soak/result.h>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/latency_constant.h"
#include "sim/latency_interpolated.h"
#include "sim/replay_engine.h"
#include "sim/replay_feed.h"

namespace soak::sim {

enum class QueueModel : std::uint8_t {
  kRiskAverse,
  kPowerProb,
  kPowerProb2,
  kPowerProb3,
  kLogProb,
  kLogProb2,
  kFifo,  // needs a feed with order-by-order data
};
enum class ExchangeModel : std::uint8_t { kNoPartialFill, kPartialFill };

struct ReplayOptions {
  std::int64_t interval_ns = 100'000'000;
  QueueModel queue = QueueModel::kRiskAverse;
  ExchangeModel exchange = ExchangeModel::kNoPartialFill;
  ConstantLatency latency{2'000'000, 2'000'000};
  std::optional<InterpolatedLatency> latency_table;  // in place of the constant
  std::optional<std::int64_t> service_ns;  // of an exchange that serves one request at a time (PacedLatency)
  ReplayStrategyOptions strategy;
};

// kInvalidArgument: an option out of range; cancelling everything at intervals shorter than a round trip with
// the service of a decision's requests, which would never end. kUnsupported: --queue fifo of a feed without
// order-by-order data. kLimitExceeded: more requests than kReplayWaitingMax wait for an exchange of finite
// rate.
Result<ReplayOutcome> replay(const ReplayFeed& feed, const ReplayOptions& options);

// The names on the command line, in the order of the enumerations.
std::span<const std::string_view> queue_model_names();
std::span<const std::string_view> exchange_model_names();
std::span<const std::string_view> quote_mode_names();

}  // namespace soak::sim

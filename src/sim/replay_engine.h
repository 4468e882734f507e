#pragma once
// The replay loop: from one decision of the strategy to the next, both views of the book are advanced in
// batches. At equal times: local data, order response, exchange data, order arrival. The first decision comes
// one interval after the first event that either side sees; the run ends when nothing is left to happen. A
// latency that has served_at() (PacedLatency) has each request of a decision served by itself.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sim/fifo_bus.h"
#include "sim/latency_paced.h"
#include "sim/mirrored_book.h"
#include "sim/replay_exchange.h"
#include "sim/replay_feed.h"
#include "sim/replay_messages.h"
#include "sim/replay_strategy.h"

namespace soak::sim {

// Requests on their way to an exchange of finite rate: beyond it a run ends, since it would never catch up.
inline constexpr std::size_t kReplayWaitingMax = 1'000;

struct ReplayOutcome {
  std::int64_t intervals = 0;
  ReplayAccount account;
  double mid = 0;            // as last seen, in quote units; 0 without a market
  std::int64_t stop_ns = 0;  // where the run ended early (ReplayExchange), else 0
  std::int64_t executed_lots = 0;
  std::int64_t position_lots = 0;   // what was really executed
  std::optional<ServiceLoad> load;  // of an exchange of finite rate
  std::int64_t overrun_ns = 0;      // local, where more requests than kReplayWaitingMax waited for it; else 0

  double equity() const { return account.balance + account.position * mid - account.fee; }
};

template <class Queue, class Latency, bool kPartialFill>
class ReplayEngine {
 public:
  ReplayEngine(const ReplayFeed& feed, const ReplayStrategyOptions& options, const Latency& latency,
               std::int64_t interval_ns)
      : feed_(feed),
        latency_(latency),
        interval_ns_(interval_ns),
        local_book_(feed.slots),
        exchange_(feed, latency, responses_),
        strategy_(options, feed) {}

  ReplayOutcome run() {
    std::int64_t now = std::min(feed_.exchange.times_ns[0], feed_.local.times_ns[0]);
    std::int64_t intervals = 0;
    while (go_to(now + interval_ns_)) {
      now += interval_ns_;
      ++intervals;
      std::int64_t arrives = now + latency_.entry_ns(now);
      if constexpr (kServesInTurn) {
        if (overrun_ns_ != 0) break;
        decide_in_turn(now, arrives);
      } else {
        if (!requests_.empty()) arrives = std::max(arrives, requests_.back().arrives_ns);
        strategy_.decide(arrives, local_book_, requests_);
      }
    }
    ReplayOutcome outcome;
    outcome.intervals = intervals;
    outcome.account = strategy_.account();
    if (local_book_.two_sided()) {
      outcome.mid = static_cast<double>(std::int64_t{local_book_.best_ticks(0)} + local_book_.best_ticks(1)) /
                    2 * feed_.instrument.tick_size;
    }
    outcome.stop_ns = exchange_.stopped() ? exchange_.stop_ns() : 0;
    outcome.executed_lots = exchange_.executed_lots();
    outcome.position_lots = exchange_.position_lots();
    if constexpr (kServesInTurn) {
      outcome.load = latency_.load();
      outcome.overrun_ns = overrun_ns_;
    }
    return outcome;
  }

 private:
  static constexpr bool kServesInTurn = requires(Latency & latency) { latency.served_at(std::int64_t{}); };

  // Each request of a decision is served by itself, after those before it.
  void decide_in_turn(std::int64_t now_ns, std::int64_t arrives_ns) {
    const std::size_t waiting = requests_.size();
    strategy_.decide(arrives_ns, local_book_, requests_);
    for (std::size_t k = waiting; k < requests_.size(); ++k)
      requests_.at(k).arrives_ns = latency_.served_at(arrives_ns);
    if (requests_.size() > kReplayWaitingMax) overrun_ns_ = now_ns;
  }

  // Everything up to and with `until_ns`; false where nothing is left after it, or the exchange stopped.
  bool go_to(std::int64_t until_ns) {
    while (!requests_.empty() && requests_.front().arrives_ns <= until_ns) {
      const std::int64_t arrives_ns = requests_.front().arrives_ns;
      exchange_.advance(arrives_ns);
      if (exchange_.stopped()) break;
      do {
        exchange_.on_request(requests_.front());
        requests_.pop();
      } while (!requests_.empty() && requests_.front().arrives_ns == arrives_ns);
    }
    if (!exchange_.stopped()) exchange_.advance(until_ns);
    if (exchange_.stopped()) until_ns = exchange_.stop_ns();
    local_next_ = local_book_.template advance<false>(
        feed_.local, local_next_, until_ns,
        [this](std::size_t /*row*/, int key, std::int32_t slot, std::int32_t lots, std::int32_t /*before*/) {
          const int side = key & MirroredBook::kAsk;
          if ((key & MirroredBook::kTrade) != 0) {
            local_book_.clear(side, slot);
          } else {
            local_book_.update_best(side, slot, lots);
          }
          return true;
        });
    while (!responses_.empty() && responses_.front().arrives_ns <= until_ns) {
      strategy_.on_response(responses_.front());
      responses_.pop();
    }
    if (exchange_.stopped()) return false;
    return !responses_.empty() || !requests_.empty() || !exchange_.at_end() ||
           local_next_ != feed_.local.size;
  }

  ReplayFeed feed_;
  Latency latency_;
  std::int64_t interval_ns_;
  FifoBus<ReplayRequest> requests_;
  FifoBus<ReplayResponse> responses_;
  MirroredBook local_book_;
  ReplayExchange<Queue, Latency, kPartialFill> exchange_;
  ReplayStrategy strategy_;
  std::size_t local_next_ = 0;
  std::int64_t overrun_ns_ = 0;
};

}  // namespace soak::sim

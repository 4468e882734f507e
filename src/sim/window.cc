#include "sim/window.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/rng.h"
#include "sim/exchange.h"
#include "sim/fifo_bus.h"
#include "sim/latency_finite_rate.h"
#include "sim/queue_risk_averse.h"

namespace soak::sim {
namespace {

// Exchange and market maker are advanced in turns, each as far as nothing that the other is yet to do can
// reach it: a request takes at least entry_ns to arrive, an answer response_ns. So both run through their
// rows in batches and still act in the order of time.
template <class Queue>
class WindowRun {
 public:
  WindowRun(const WindowInput& input, WindowWorkspace& workspace)
      : input_(input),
        books_(workspace.books(input.feed.slots)),
        exchange_(input.venue, input.feed.exchange, books_.exchange, responses_),
        maker_(input.params, input.settings, input.feed.instrument, books_.local),
        latency_(input.venue.entry_ns, input.venue.response_ns, input.venue.service_mean_ns),
        random_(input.seed) {
    assert(input.venue.entry_ns + input.venue.response_ns > 0);
  }

  WindowResult run() {
    open();
    const std::int64_t last = input_.end_ns - 1;
    std::int64_t now = input_.start_ns;  // both sides have seen and done everything up to here
    while (now < last) {
      const std::int64_t exchange_ns = std::min(now + input_.venue.entry_ns, last);
      advance_exchange(exchange_ns);
      now = std::min(exchange_ns + input_.venue.response_ns, last);
      advance_maker(now);
    }
    advance_exchange(last);
    return close();
  }

 private:
  struct Arriving {
    std::int64_t at_ns = 0;
    Request request;
  };

  void open() {
    for (MirroredBook* book : {&books_.exchange, &books_.local}) {
      for (const Level& level : input_.opening_bids) set(*book, 0, level);
      for (const Level& level : input_.opening_asks) set(*book, 1, level);
    }
    for (const int side : {0, 1}) books_.local.see_size_of_best(side);
    exchange_.open(input_.start_ns);
    act(input_.start_ns);
  }
  static void set(MirroredBook& book, int side, const Level& level) {
    book.set(side, book.slots().level(side, level.price_ticks),
             static_cast<std::int32_t>(level.quantity_lots));
  }

  void advance_exchange(std::int64_t until_ns) {
    while (!arriving_.empty() && arriving_.front().at_ns <= until_ns) {
      exchange_.advance(arriving_.front().at_ns);
      exchange_.on_request(arriving_.front().request, arriving_.front().at_ns);
      arriving_.pop();
    }
    exchange_.advance(until_ns);
  }

  void advance_maker(std::int64_t until_ns) {
    for (;;) {
      std::int64_t now = std::min(until_ns, maker_.next_wake_ns());
      if (!responses_.empty()) now = std::min(now, arrives_ns(responses_.front()));
      const bool touched = see_market(now);
      const bool answered = take_responses(now);
      if (!touched && !answered && maker_.next_wake_ns() > now) return;
      act(now);
    }
  }
  // The market up to `now`, or up to and with the first moment that changes the touch: then true, and `now`
  // is that moment.
  bool see_market(std::int64_t& now) {
    bool touched = false;
    const auto look = [&](int key, std::int32_t slot, std::int32_t lots) {
      const int side = key & MirroredBook::kAsk;
      if ((key & MirroredBook::kTrade) != 0) {
        books_.local.clear(side, slot);
      } else if (slot < books_.local.best(side)) {
        return;  // the level below the best has gone
      } else {
        books_.local.update_best(side, slot, lots);
      }
      for (const int each : {0, 1}) books_.local.see_size_of_best(each);
      touched = true;
    };
    const ReplayColumns& local = input_.feed.local;
    local_next_ = books_.local.advance<false>(
        local, local_next_, now,
        [&](std::size_t, int key, std::int32_t slot, std::int32_t lots, std::int32_t) {
          look(key, slot, lots);
          return !touched;
        });
    if (!touched) return false;
    now = local.times_ns[local_next_ - 1];
    local_next_ = books_.local.advance<false>(
        local, local_next_, now,
        [&](std::size_t, int key, std::int32_t slot, std::int32_t lots, std::int32_t) {
          look(key, slot, lots);
          return true;
        });
    return true;
  }
  bool take_responses(std::int64_t now) {
    bool any = false;
    while (!responses_.empty() && arrives_ns(responses_.front()) <= now) {
      const Response& response = responses_.front();
      if (response.acknowledges) latencies_.push_back(now - response.decided_ns);
      maker_.on_response(response);
      responses_.pop();
      any = true;
    }
    return any;
  }
  std::int64_t arrives_ns(const Response& response) const {
    return latency_.answered_at(response.exchange_ns);
  }

  void act(std::int64_t now) {
    requests_.clear();
    maker_.decide(now, requests_);
    for (const Request& request : requests_) {
      orders_sent_ += request.kind == RequestKind::kNew;
      arriving_.push() = {latency_.served_at(now, random_), request};
    }
  }

  WindowResult close() {
    exchange_.close(input_.end_ns);
    books_.local.reset(input_.feed.local.rows, local_next_);
    WindowResult result;
    result.totals = exchange_.accounts().close(input_.end_ns);
    result.fills = exchange_.accounts().fills();
    result.blocks = maker_.blocks();
    result.behaviour = maker_.behaviour();
    result.latencies_ns = std::move(latencies_);
    result.order_ages_ns = exchange_.order_ages_ns();
    if (input_.keep_feed_lags) result.feed_lags_ns = feed_lags_ns(input_.feed, input_.end_ns);
    result.orders_sent = orders_sent_;
    result.cancels_sent = maker_.cancels_sent();
    result.position_lots = exchange_.accounts().position_lots();
    result.limit_lots = maker_.limit_lots();
    result.lot_size = input_.feed.instrument.lot_size;
    return result;
  }

  const WindowInput& input_;
  WindowWorkspace::Books& books_;
  FifoBus<Arriving> arriving_;   // in order of sending, which is the order of service
  FifoBus<Response> responses_;  // one response time for all: in order
  Exchange<Queue> exchange_;
  MarketMaker maker_;
  FiniteRateLatency latency_;
  base::Rng random_;
  std::size_t local_next_ = 0;
  std::vector<Request> requests_;
  std::vector<std::int64_t> latencies_;
  std::int64_t orders_sent_ = 0;
};

}  // namespace

WindowResult run_window(const WindowInput& input) {
  WindowWorkspace workspace;
  return run_window(input, workspace);
}

WindowResult run_window(const WindowInput& input, WindowWorkspace& workspace) {
  return WindowRun<RiskAverseQueue>(input, workspace).run();
}

std::vector<std::int64_t> feed_lags_ns(const ReplayFeed& feed, std::int64_t end_ns) {
  std::vector<std::int64_t> lags;
  for (std::size_t row = 0; std::max(feed.exchange.times_ns[row], feed.local.times_ns[row]) < end_ns; ++row)
    lags.push_back(feed.local.times_ns[row] - feed.exchange.times_ns[row]);
  return lags;
}

}  // namespace soak::sim

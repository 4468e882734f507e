#include "sim/window.h"

#include <deque>
#include <utility>

#include "base/rng.h"
#include "sim/exchange.h"
#include "sim/latency_finite_rate.h"
#include "sim/queue_risk_averse.h"

namespace soak::sim {
namespace {

template <class Queue>
class WindowRun {
 public:
  WindowRun(const WindowInput& input, WindowWorkspace& workspace)
      : input_(input),
        workspace_(workspace),
        exchange_(input.venue),
        maker_(input.params, input.settings, input.instrument),
        latency_(input.venue.entry_ns, input.venue.response_ns, input.venue.service_mean_ns),
        random_(input.seed) {}

  WindowResult run() {
    swap_books();
    open();
    while (step()) {
    }
    swap_books();
    return close();
  }

 private:
  struct Arriving {
    std::int64_t at_ns;
    Request request;
  };
  struct Returning {
    std::int64_t at_ns;
    Response response;
    bool answers_request;  // a fill of a resting order answers nothing
  };

  void swap_books() {
    std::swap(exchange_.book(), workspace_.exchange);
    std::swap(maker_.book(), workspace_.local);
  }
  void open() {
    exchange_.book().reset();
    maker_.book().reset();
    for (const Level& level : input_.opening_bids) set_both(Side::kBuy, level);
    for (const Level& level : input_.opening_asks) set_both(Side::kSell, level);
    exchange_.note_mid(input_.start_ns);
    act(input_.start_ns);
  }
  void set_both(Side side, const Level& level) {
    exchange_.book().set(side, level.price_ticks, level.quantity_lots);
    maker_.book().set(side, level.price_ticks, level.quantity_lots);
  }

  // Carries out whatever comes next; false at the end of the window.
  bool step() {
    const auto& events = input_.events;
    const std::int64_t local = local_ < events.size() ? events[local_].local_ns : INT64_MAX;
    const std::int64_t response = returning_.empty() ? INT64_MAX : returning_.front().at_ns;
    const std::int64_t market = market_ < events.size() ? events[market_].exchange_ns : INT64_MAX;
    const std::int64_t arrival = arriving_.empty() ? INT64_MAX : arriving_.front().at_ns;
    const std::int64_t wake = maker_.next_wake_ns();
    const std::int64_t now = std::min({local, response, market, arrival, wake});
    if (now >= input_.end_ns) return false;
    if (now == local) {
      take_local(now);
    } else if (now == response) {
      take_response(now);
    } else if (now == market) {
      exchange_.on_event(events[market_++], responses_);
      send_back(now, false);
    } else if (now == arrival) {
      const Request request = arriving_.front().request;
      arriving_.pop_front();
      exchange_.on_request(request, now, responses_);
      send_back(now, true);
    } else {
      act(now);
    }
    return true;
  }

  // Every event that a moment brings is seen before the market maker acts on any.
  void take_local(std::int64_t now) {
    const auto& events = input_.events;
    while (local_ < events.size() && events[local_].local_ns == now) {
      maker_.book().apply(events[local_++]);
    }
    act(now);
  }
  void take_response(std::int64_t now) {
    while (!returning_.empty() && returning_.front().at_ns == now) {
      const Returning returning = returning_.front();
      returning_.pop_front();
      if (returning.answers_request) latencies_.push_back(now - returning.response.decided_ns);
      maker_.on_response(returning.response);
    }
    act(now);
  }
  void act(std::int64_t now) {
    requests_.clear();
    maker_.decide(now, requests_);
    for (const Request& request : requests_) {
      orders_sent_ += request.kind == RequestKind::kNew;
      arriving_.push_back({latency_.served_at(now, random_), request});
    }
  }
  void send_back(std::int64_t now, bool answers_request) {
    bool first = answers_request;  // a take answers with several fills, of which the first acknowledges
    for (const Response& response : responses_) {
      returning_.push_back({latency_.answered_at(now), response, first});
      first = false;
    }
    responses_.clear();
  }

  WindowResult close() {
    exchange_.close(input_.end_ns);
    WindowResult result;
    result.totals = exchange_.accounts().close(input_.end_ns);
    result.fills = exchange_.accounts().fills();
    result.blocks = maker_.blocks();
    result.behaviour = maker_.behaviour();
    result.latencies_ns = std::move(latencies_);
    result.order_ages_ns = exchange_.order_ages_ns();
    if (input_.keep_feed_lags) result.feed_lags_ns = feed_lags_ns(input_.events, input_.end_ns);
    result.orders_sent = orders_sent_;
    result.cancels_sent = maker_.cancels_sent();
    result.position_lots = exchange_.accounts().position_lots();
    result.limit_lots = maker_.limit_lots();
    result.lot_size = input_.instrument.lot_size;
    return result;
  }

  const WindowInput& input_;
  WindowWorkspace& workspace_;
  Exchange<Queue> exchange_;
  MarketMaker maker_;
  FiniteRateLatency latency_;
  base::Rng random_;
  std::size_t local_ = 0;
  std::size_t market_ = 0;
  std::deque<Arriving> arriving_;    // in order of sending, which is the order of service
  std::deque<Returning> returning_;  // one response time for all: in order
  std::vector<Request> requests_;
  std::vector<Response> responses_;
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

std::vector<std::int64_t> feed_lags_ns(std::span<const MarketEvent> events, std::int64_t end_ns) {
  std::vector<std::int64_t> lags;
  for (const MarketEvent& event : events) {
    if (event.local_ns >= end_ns) break;
    lags.push_back(event.local_ns - event.exchange_ns);
  }
  return lags;
}

}  // namespace soak::sim

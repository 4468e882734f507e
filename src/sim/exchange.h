#pragma once
// The exchange: its own view of the book, the market maker's resting orders with their queue positions,
// matching, and the fills that it books. The feed is replayed as it was recorded: our resting orders do not
// change it, and what we take stays taken until the feed tells the level anew (taken_liquidity.h), at a price
// that our own demand has moved (impact_square_root.h). Queue is a queue model (queue_risk_averse.h). Not
// thread safe.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/accounts.h"
#include "sim/book.h"
#include "sim/impact_square_root.h"
#include "sim/maker_params.h"
#include "sim/orders.h"
#include "sim/taken_liquidity.h"

namespace soak::sim {

template <class Queue>
class Exchange {
 public:
  explicit Exchange(const Venue& venue)
      : accounts_(venue.markout_ns), fee_(venue.fee), impact_(venue.impact_coefficient) {}

  Book& book() { return book_; }
  Accounts& accounts() { return accounts_; }
  const std::vector<std::int64_t>& order_ages_ns() const { return ages_ns_; }

  // One event of the feed. Responses to fills are appended to `out`.
  void on_event(const MarketEvent& event, std::vector<Response>& out) {
    if (event.kind == EventKind::kTrade) {
      impact_.traded(event.quantity_lots);
      match_trade(event, out);
      return;
    }
    if (event.kind == EventKind::kClear) {
      book_.clear(event.side);
      taken_.side_cleared(event.side);
    } else {
      const std::int64_t before = book_.quantity(event.side, event.price_ticks);
      book_.set(event.side, event.price_ticks, event.quantity_lots);
      taken_.renewed(event.side, event.price_ticks);
      for (Resting& resting : resting_) {
        if (resting.order.side == event.side && resting.order.price_ticks == event.price_ticks) {
          queue_.on_depth(resting.queue, before, event.quantity_lots);
        }
      }
      if (event.quantity_lots > 0) match_crossed(event, out);
    }
    note_mid(event.exchange_ns);
  }

  // A request that the exchange serves at `now_ns`.
  void on_request(const Request& request, std::int64_t now_ns, std::vector<Response>& out) {
    if (request.kind == RequestKind::kCancel) {
      cancel(request, now_ns, out);
    } else if (request.order.taker) {
      take(request.order, now_ns, out);
    } else {
      rest(request.order, now_ns, out);
    }
  }

  // Orders still resting when the window ends count with the age that they have reached.
  void close(std::int64_t now_ns) {
    for (const Resting& resting : resting_) ages_ns_.push_back(now_ns - resting.order.opened_ns);
  }
  void note_mid(std::int64_t now_ns) {
    if (!book_.two_sided() || book_.crossed()) return;
    accounts_.mid_moved(now_ns, book_.mid_half_ticks());
    impact_.mid_moved(now_ns, book_.mid_half_ticks());
  }

 private:
  struct Resting {
    Order order;
    typename Queue::Position queue;
  };

  void rest(Order order, std::int64_t now_ns, std::vector<Response>& out) {
    const auto opposite_best = book_.best(opposite(order.side));
    const bool crosses = opposite_best && (order.side == Side::kBuy ? order.price_ticks >= *opposite_best
                                                                    : order.price_ticks <= *opposite_best);
    if (crosses) {  // post-only
      out.push_back(
          {ResponseKind::kRejected, order.id, order.side, true, order.price_ticks, 0, 0, order.decided_ns});
      return;
    }
    order.opened_ns = now_ns;
    resting_.push_back({order, queue_.enter(book_.quantity(order.side, order.price_ticks))});
    out.push_back({ResponseKind::kAccepted, order.id, order.side, true, order.price_ticks, 0, order.left_lots,
                   order.decided_ns});
  }

  void cancel(const Request& request, std::int64_t now_ns, std::vector<Response>& out) {
    const auto found = std::find_if(resting_.begin(), resting_.end(),
                                    [&](const Resting& r) { return r.order.id == request.order.id; });
    if (found == resting_.end()) {
      out.push_back({ResponseKind::kCancelRejected, request.order.id, request.order.side, true, 0, 0, 0,
                     request.decided_ns});
      return;
    }
    ages_ns_.push_back(now_ns - found->order.opened_ns);
    resting_.erase(found);
    out.push_back(
        {ResponseKind::kCancelled, request.order.id, request.order.side, true, 0, 0, 0, request.decided_ns});
  }

  // Takes what earlier takes have left of the book, level by level, and pays for its impact; what the book
  // does not offer is cancelled.
  void take(const Order& order, std::int64_t now_ns, std::vector<Response>& out) {
    const Side resting_side = opposite(order.side);
    std::int64_t left = order.left_lots;
    taking_.clear();
    for (const Level& level : book_.levels(resting_side, kTakeLevelsMax)) {
      if (left == 0) break;
      const std::int64_t offered = taken_.left_lots(resting_side, level.price_ticks, level.quantity_lots);
      const std::int64_t quantity = std::min(left, offered);
      if (quantity == 0) continue;
      left -= quantity;
      taken_.take(resting_side, level.price_ticks, quantity);
      taking_.push_back({level.price_ticks, quantity});
    }
    const std::int32_t impact = impact_.cost_ticks(order.left_lots - left);
    std::int64_t unfilled = order.left_lots;
    for (const Level& level : taking_) {
      const std::int32_t price =
          std::max(1, level.price_ticks + (order.side == Side::kBuy ? impact : -impact));
      unfilled -= level.quantity_lots;
      accounts_.filled(now_ns, order.side, false, price, level.quantity_lots, fee_.rate_ppm(false));
      out.push_back({ResponseKind::kFilled, order.id, order.side, false, price, level.quantity_lots, unfilled,
                     order.decided_ns});
    }
    if (left > 0)
      out.push_back({ResponseKind::kCancelled, order.id, order.side, false, 0, 0, 0, order.decided_ns});
  }

  // A trade fills our orders on the passive side. What went through their prices goes to the best-priced
  // order first, and each lot only once; what is left of it reaches the trade's own price, and our order
  // there gets what its queue lets through.
  void match_trade(const MarketEvent& trade, std::vector<Response>& out) {
    std::int64_t through_lots = trade.quantity_lots;
    while (through_lots > 0) {
      const std::size_t best = best_behind(trade);
      if (best == resting_.size()) break;
      const std::int64_t quantity = std::min(resting_[best].order.left_lots, through_lots);
      through_lots -= quantity;
      fill(best, quantity, trade.exchange_ns, out);
    }
    if (through_lots == 0) return;
    for (std::size_t i = 0; i < resting_.size();) {
      Resting& resting = resting_[i];
      std::int64_t quantity = 0;
      if (resting.order.side != trade.side && resting.order.price_ticks == trade.price_ticks) {
        queue_.on_trade(resting.queue, through_lots);
        quantity = std::min(resting.order.left_lots, queue_.take_reached_lots(resting.queue));
      }
      if (!fill(i, quantity, trade.exchange_ns, out)) ++i;
    }
  }

  // Our best-priced order whose price the trade went through; resting_.size() where there is none.
  std::size_t best_behind(const MarketEvent& trade) const {
    std::size_t best = resting_.size();
    for (std::size_t i = 0; i < resting_.size(); ++i) {
      const Order& order = resting_[i].order;
      const int sign = order.side == Side::kBuy ? 1 : -1;
      if (order.side == trade.side || sign * (order.price_ticks - trade.price_ticks) <= 0) continue;
      if (best == resting_.size() || sign * (order.price_ticks - resting_[best].order.price_ticks) > 0)
        best = i;
    }
    return best;
  }

  // A level that the market puts at or through our price would have traded with us first.
  void match_crossed(const MarketEvent& depth, std::vector<Response>& out) {
    for (std::size_t i = 0; i < resting_.size();) {
      const Order& order = resting_[i].order;
      const bool crossed =
          order.side != depth.side && (order.side == Side::kBuy ? depth.price_ticks <= order.price_ticks
                                                                : depth.price_ticks >= order.price_ticks);
      if (!fill(i, crossed ? order.left_lots : 0, depth.exchange_ns, out)) ++i;
    }
  }

  // Books a fill of resting order `i`; true where that finished the order (and the next one stands at `i`
  // now).
  bool fill(std::size_t i, std::int64_t quantity, std::int64_t now_ns, std::vector<Response>& out) {
    if (quantity <= 0) return false;
    Order& order = resting_[i].order;
    order.left_lots -= quantity;
    accounts_.filled(now_ns, order.side, true, order.price_ticks, quantity, fee_.rate_ppm(true));
    out.push_back({ResponseKind::kFilled, order.id, order.side, true, order.price_ticks, quantity,
                   order.left_lots, order.decided_ns});
    if (order.left_lots > 0) return false;
    ages_ns_.push_back(now_ns - order.opened_ns);
    resting_.erase(resting_.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }

  static constexpr std::size_t kTakeLevelsMax = 1000;
  Book book_;
  Accounts accounts_;
  FlatFee fee_;
  Queue queue_;
  TakenLiquidity taken_;
  SquareRootImpact impact_;
  std::vector<Level> taking_;
  std::vector<Resting> resting_;
  std::vector<std::int64_t> ages_ns_;
};

}  // namespace soak::sim

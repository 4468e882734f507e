#pragma once
// The exchange of the soak's market maker: its own view of the book, the market maker's resting orders with
// their queue positions, matching, and the fills that it books. The feed is replayed as it was recorded: our
// resting orders do not change it, and what we take stays taken until the feed tells the level anew
// (taken_liquidity.h), at a price that our own demand has moved (impact_square_root.h). Like the replay's
// exchange it looks only at rows beyond the best price, at levels of its own and at trades that reach its
// orders; unlike it, a lot that was traded fills one order only, orders may take, and money is counted. Queue
// is a queue model (queue_risk_averse.h). Not thread safe.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/accounts.h"
#include "sim/fifo_bus.h"
#include "sim/impact_square_root.h"
#include "sim/maker_params.h"
#include "sim/mirrored_book.h"
#include "sim/orders.h"
#include "sim/taken_liquidity.h"

namespace soak::sim {

template <class Queue>
class Exchange {
 public:
  // `book` holds what the exchange opens with; all that is given must outlive it. What it answers goes to
  // `out`, in order of time.
  Exchange(const Venue& venue, const ReplayColumns& columns, MirroredBook& book, FifoBus<Response>& out)
      : columns_(columns),
        book_(book),
        out_(out),
        accounts_(venue.markout_ns),
        fee_(venue.fee),
        impact_(venue.impact_coefficient) {}

  Accounts& accounts() { return accounts_; }
  const std::vector<std::int64_t>& order_ages_ns() const { return ages_ns_; }

  void open(std::int64_t now_ns) { note_mid(now_ns); }
  // The feed up to and with `until_ns`.
  void advance(std::int64_t until_ns) {
    next_ = book_.template advance<true>(
        columns_, next_, until_ns,
        [this](std::size_t row, int key, std::int32_t slot, std::int32_t lots, std::int32_t before) {
          look(columns_.times_ns[row], key, slot, lots, before);
          return true;
        });
  }
  // A request that the exchange serves at `now_ns`, up to which it was advanced.
  void on_request(const Request& request, std::int64_t now_ns) {
    if (request.kind == RequestKind::kCancel) {
      cancel(request, now_ns);
    } else if (request.order.taker) {
      take(request.order, now_ns);
    } else {
      rest(request.order, now_ns);
    }
  }
  // Orders still resting when the window ends count with the age that they have reached. The book is as new
  // afterwards.
  void close(std::int64_t now_ns) {
    for (auto& orders : resting_) {
      for (const Resting& resting : orders) ages_ns_.push_back(now_ns - resting.order.opened_ns);
      while (!orders.empty()) remove(orders, orders.size() - 1);
    }
    book_.reset(columns_.rows, next_);
  }

 private:
  struct Resting {
    Order order;
    std::int32_t slot;
    typename Queue::Position queue;
  };

  [[gnu::noinline]] void look(std::int64_t now_ns, int key, std::int32_t slot, std::int32_t lots,
                              std::int32_t before) {
    const int side = key & MirroredBook::kAsk;
    const int kind = key & (MirroredBook::kTrade | MirroredBook::kSnapshot);
    if (kind == MirroredBook::kTrade) return match_trade(now_ns, side, slot, lots);
    if (kind == (MirroredBook::kTrade | MirroredBook::kSnapshot)) {
      book_.clear(side, slot);
      for (const std::int32_t taken : taken_.side_cleared(side)) watch(side, taken);
    } else {
      on_depth(now_ns, side, slot, lots, before);
    }
    note_mid(now_ns);
  }

  void on_depth(std::int64_t now_ns, int side, std::int32_t slot, std::int32_t lots, std::int32_t before) {
    for (Resting& resting : resting_[side]) {
      if (resting.slot == slot) queue_.on_depth(resting.queue, before, lots);
    }
    if (taken_.renewed(slot)) watch(side, slot);
    if (slot + (lots == 0) <= book_.best(side)) return;
    if (book_.update_best(side, slot, lots)) match_crossed(now_ns, side, slot);
  }

  void rest(Order order, std::int64_t now_ns) {
    const int side = side_of(order), other = side ^ 1;
    const std::int32_t slot = book_.slots().level(side, order.price_ticks);
    if (book_.best(other) != book_.none(other) && book_.slots().opposite(slot) <= book_.best(other))
      return answer(ResponseKind::kRejected, order, now_ns);  // post-only
    order.opened_ns = now_ns;
    resting_[side].push_back({order, slot, queue_.enter(book_.quantity_lots(side, slot))});
    watch(side, slot);
    mark_trades(side);
    answer(ResponseKind::kAccepted, order, now_ns);
  }

  void cancel(const Request& request, std::int64_t now_ns) {
    auto& orders = resting_[side_of(request.order)];
    const auto found = std::find_if(orders.begin(), orders.end(),
                                    [&](const Resting& r) { return r.order.id == request.order.id; });
    Order order = request.order;
    order.decided_ns = request.decided_ns;
    if (found == orders.end()) return answer(ResponseKind::kCancelRejected, order, now_ns);
    ages_ns_.push_back(now_ns - found->order.opened_ns);
    remove(orders, static_cast<std::size_t>(found - orders.begin()));
    answer(ResponseKind::kCancelled, order, now_ns);
  }

  // Takes what earlier takes have left of the book, level by level, and pays for its impact; what the book
  // does not offer is cancelled.
  void take(const Order& order, std::int64_t now_ns) {
    const int side = side_of(order), other = side ^ 1;
    std::int64_t left = order.left_lots;
    taking_.clear();
    for (std::int32_t slot = book_.best(other); left > 0 && slot != book_.none(other);
         slot = book_.next_below(slot)) {
      const std::int64_t offered = taken_.left_lots(slot, book_.quantity_lots(other, slot));
      const std::int64_t quantity = std::min(left, offered);
      if (quantity == 0) continue;
      left -= quantity;
      taken_.take(other, slot, quantity);
      watch(other, slot);
      taking_.push_back({book_.slots().level_price(other, slot), quantity});
    }
    count_volume();
    const std::int32_t impact = impact_.cost_ticks(order.left_lots - left);
    Order taker = order;
    bool first = true;  // several fills answer one request, and the first of them acknowledges it
    for (const Level& level : taking_) {
      const std::int32_t price = std::max(1, level.price_ticks + (side == 0 ? impact : -impact));
      taker.left_lots -= level.quantity_lots;
      book_fill(taker, price, level.quantity_lots, now_ns, first);
      first = false;
    }
    if (left > 0) answer(ResponseKind::kCancelled, order, now_ns, first);
  }

  // A trade fills our orders on the passive side. What went through their prices goes to the best-priced
  // order first, and each lot only once; what is left of it reaches the trade's own price, and our order
  // there gets what its queue lets through.
  void match_trade(std::int64_t now_ns, int side, std::int32_t trade_slot, std::int64_t lots) {
    auto& orders = resting_[side];
    while (lots > 0) {
      const std::size_t best = best_behind(side, trade_slot);
      if (best == orders.size()) break;
      const std::int64_t quantity = std::min(orders[best].order.left_lots, lots);
      lots -= quantity;
      fill(orders, best, quantity, now_ns);
    }
    if (lots == 0) return;
    for (std::size_t i = 0; i < orders.size();) {
      Resting& resting = orders[i];
      std::int64_t quantity = 0;
      if (book_.slots().trade(side, resting.slot) == trade_slot) {
        queue_.on_trade(resting.queue, lots);
        quantity = std::min(resting.order.left_lots, queue_.take_reached_lots(resting.queue));
      }
      if (!fill(orders, i, quantity, now_ns)) ++i;
    }
  }
  // Our best-priced order whose price the trade went through; how many there are, where it is none.
  std::size_t best_behind(int side, std::int32_t trade_slot) const {
    const auto& orders = resting_[side];
    std::size_t best = orders.size();
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (book_.slots().trade(side, orders[i].slot) >= trade_slot) continue;
      if (best == orders.size() || orders[i].slot > orders[best].slot) best = i;
    }
    return best;
  }

  // A level that the market puts at or through our price would have traded with us first.
  void match_crossed(std::int64_t now_ns, int side, std::int32_t slot) {
    auto& orders = resting_[side ^ 1];
    for (std::size_t i = 0; i < orders.size();) {
      const bool crossed = book_.slots().opposite(orders[i].slot) <= slot;
      if (!fill(orders, i, crossed ? orders[i].order.left_lots : 0, now_ns)) ++i;
    }
  }

  // Books a fill of resting order `i`; true where that finished the order (and the next one stands at `i`
  // now).
  bool fill(std::vector<Resting>& orders, std::size_t i, std::int64_t quantity, std::int64_t now_ns) {
    if (quantity <= 0) return false;
    Order& order = orders[i].order;
    order.left_lots -= quantity;
    book_fill(order, order.price_ticks, quantity, now_ns, false);
    if (order.left_lots > 0) return false;
    ages_ns_.push_back(now_ns - order.opened_ns);
    remove(orders, i);
    return true;
  }

  // `order` as it is after the fill.
  void book_fill(const Order& order, std::int32_t price_ticks, std::int64_t quantity, std::int64_t now_ns,
                 bool acknowledges) {
    const bool maker = !order.taker;
    accounts_.filled(now_ns, order.side, maker, price_ticks, quantity, fee_.rate_ppm(maker));
    out_.push() = {ResponseKind::kFilled, order.id,         order.side, price_ticks, quantity,
                   order.left_lots,       order.decided_ns, now_ns,     acknowledges};
  }
  void answer(ResponseKind kind, const Order& order, std::int64_t now_ns, bool acknowledges = true) {
    out_.push() = {kind,   order.id,    order.side, order.price_ticks, 0, order.left_lots, order.decided_ns,
                   now_ns, acknowledges};
  }

  void remove(std::vector<Resting>& orders, std::size_t i) {
    const int side = side_of(orders[i].order);
    const std::int32_t slot = orders[i].slot;
    orders.erase(orders.begin() + static_cast<std::ptrdiff_t>(i));
    watch(side, slot);
    mark_trades(side);
  }
  // A level is watched where an order of ours rests, or from which we have taken.
  void watch(int side, std::int32_t slot) {
    const bool rests = std::any_of(resting_[side].begin(), resting_[side].end(),
                                   [&](const Resting& resting) { return resting.slot == slot; });
    book_.watch(side, slot, rests || taken_.holds(slot));
  }
  // Trades are looked at from our best order on.
  void mark_trades(int side) {
    std::int32_t mark = MirroredBook::kNever;
    for (const Resting& resting : resting_[side])
      mark = std::min(mark, book_.slots().trade(side, resting.slot) - 1);
    book_.set_trade_mark(side, mark);
  }

  void note_mid(std::int64_t now_ns) {
    if (!book_.two_sided()) return;
    const std::int64_t mid_half_ticks = std::int64_t{book_.best_ticks(0)} + book_.best_ticks(1);
    accounts_.mid_moved(now_ns, mid_half_ticks);
    impact_.mid_moved(now_ns, mid_half_ticks);
  }
  // What the market has traded is asked for by takes alone, and they are few.
  void count_volume() {
    for (; volume_next_ < next_; ++volume_next_) {
      const FeedRow& row = columns_.rows[volume_next_];
      if (feed_kind(row.code) == EventKind::kTrade) impact_.traded(row.quantity_lots);
    }
  }

  static int side_of(const Order& order) { return order.side == Side::kBuy ? 0 : 1; }

  ReplayColumns columns_;
  MirroredBook& book_;
  FifoBus<Response>& out_;
  Accounts accounts_;
  FlatFee fee_;
  Queue queue_;
  TakenLiquidity taken_;
  SquareRootImpact impact_;
  std::vector<Level> taking_;
  std::vector<Resting> resting_[2];  // by side
  std::vector<std::int64_t> ages_ns_;
  std::size_t next_ = 0;
  std::size_t volume_next_ = 0;
};

}  // namespace soak::sim

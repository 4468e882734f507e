#pragma once
// The exchange of a replay: its view of the book, our resting orders with their places in the queue, and the
// matching of hftbacktest's NoPartialFillExchange and PartialFillExchange (backtest/proc/), to the count:
//   - all orders are post-only limit orders;
//   - a trade through our price, or a best price of the other side at or through it, fills an order whole;
//   - a trade at our price moves the queue; each of our orders there consumes the whole trade. By order
//     (queue_fifo.h) it reaches ours where it executes an order that joined after it;
//   - partial fills (kPartialFill): what a trade reaches beyond the queue is filled. An order that this fills
//     to exactly nothing is not taken out of the book; where the market then touches it again, the peer ends
//     the run with an error, and so do we (stopped()). What is left of an order is kept in double, as the
//     peer keeps it, since a rounding decides what is exact.
// Our orders do not change the book. Models are compile-time parameters, for they sit in the hot loop. Not
// thread safe.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "sim/fifo_bus.h"
#include "sim/mirrored_book.h"
#include "sim/queue_fifo.h"
#include "sim/replay_messages.h"

namespace soak::sim {

template <class Queue, class Latency, bool kPartialFill>
class ReplayExchange {
 public:
  ReplayExchange(const ReplayFeed& feed, const Latency& latency, FifoBus<ReplayResponse>& out)
      : columns_(feed.exchange),
        book_(feed.slots),
        lot_size_(feed.instrument.lot_size),
        queue_(lot_size_),
        latency_(latency),
        out_(out) {}

  // The feed up to and with `until_ns`.
  void advance(std::int64_t until_ns) {
    next_ = book_.template advance<true>(
        columns_, next_, until_ns,
        [this](std::size_t row, int key, std::int32_t slot, std::int32_t lots, std::int32_t before) {
          return look(row, key, slot, lots, before);
        });
  }
  bool at_end() const { return next_ == columns_.size; }
  // An order that was filled to nothing and left in the book was touched again, at stop_ns().
  bool stopped() const { return stop_ns_ != kRunning; }
  std::int64_t stop_ns() const { return stop_ns_; }
  // What was really executed, however little of it the strategy was told.
  std::int64_t executed_lots() const { return executed_lots_; }
  std::int64_t position_lots() const { return position_lots_; }

  void on_request(const ReplayRequest& request) {
    ReplayAnswer answer = ReplayAnswer::kCancelRejected;
    if (!request.cancel) {
      answer = enter(request) ? ReplayAnswer::kAccepted : ReplayAnswer::kExpired;
    } else if (cancel(request)) {
      answer = ReplayAnswer::kCancelled;
    }
    ReplayResponse& response = respond(request.arrives_ns);
    response.order_id = request.order_id;
    response.side = request.side;
    response.answer = answer;
    response.place = request.place;
  }

 private:
  struct Resting {
    std::int64_t id;
    double left;
    std::int32_t slot;
    std::uint32_t place;
    std::int8_t side;
    bool filled;  // to exactly nothing, by a partial fill
    typename Queue::Position queue;
  };

  // False where it would take.
  bool enter(const ReplayRequest& request) {
    const int side = request.side, other = side ^ 1;
    const std::int32_t slot = request.slot;
    if (book_.best(other) != book_.none(other) && book_.slots().opposite(slot) <= book_.best(other))
      return false;
    orders_[side].push_back({request.order_id, request.quantity, slot, request.place, request.side, false,
                             queue_place(side, slot)});
    book_.watch(side, slot, true);
    set_trade_mark(side);
    return true;
  }
  typename Queue::Position queue_place(int side, std::int32_t slot) const {
    if constexpr (ByOrderQueue<Queue>) {
      return queue_.enter(static_cast<std::int64_t>(next_));
    } else {
      return queue_.enter(book_.quantity_lots(side, slot));
    }
  }
  void move_queue(Resting& order, std::size_t row, std::int32_t traded_lots) const {
    if constexpr (ByOrderQueue<Queue>) {
      queue_.on_trade(order.queue, traded_lots, columns_.joined_rows[row]);
    } else {
      queue_.on_trade(order.queue, traded_lots);
    }
  }
  bool cancel(const ReplayRequest& request) {
    for (Resting& order : orders_[request.side]) {
      if (order.id != request.order_id) continue;
      remove(request.side, order);
      return true;
    }
    return false;
  }

  [[gnu::noinline]] bool look(std::size_t row, int key, std::int32_t slot, std::int32_t lots,
                              std::int32_t before) {
    const int side = key & MirroredBook::kAsk;
    if ((key & MirroredBook::kTrade) == 0) {
      on_depth(row, side, slot, lots, before);
    } else if ((key & MirroredBook::kSnapshot) == 0) {
      on_trade(row, side, slot, lots);
    } else {
      book_.clear(side, slot);
    }
    return !stopped();
  }

  void on_depth(std::size_t row, int side, std::int32_t slot, std::int32_t lots, std::int32_t before) {
    for (Resting& order : orders_[side]) {
      if (order.slot == slot) queue_.on_depth(order.queue, before, lots);
    }
    if (slot + (lots == 0) <= book_.best(side)) return;
    const bool better = book_.update_best(side, slot, lots);
    if (better)
      fill_while(side ^ 1, row, [&](Resting& order) { return book_.slots().opposite(order.slot) <= slot; });
  }

  void on_trade(std::size_t row, int side, std::int32_t slot, std::int32_t lots) {
    auto& orders = orders_[side];
    for (std::size_t i = 0; i < orders.size();) {
      Resting& order = orders[i];
      const std::int32_t at_price = book_.slots().trade(side, order.slot);
      bool whole = at_price < slot;
      double quantity = whole ? order.left : 0;
      if (at_price == slot) {
        move_queue(order, row, lots);
        quantity = static_cast<double>(queue_.take_reached_lots(order.queue)) * lot_size_;
        whole = quantity > 0 && (!kPartialFill || quantity > order.left);
        if (whole) quantity = order.left;
      }
      if ((whole || quantity > 0) && !fill(order, row, quantity)) return;
      if (whole) {
        remove(side, order);
      } else {
        ++i;
      }
    }
  }

  template <class Reached>
  void fill_while(int side, std::size_t row, Reached&& reached) {
    auto& orders = orders_[side];
    for (std::size_t i = 0; i < orders.size();) {
      if (!reached(orders[i])) {
        ++i;
        continue;
      }
      if (!fill(orders[i], row, orders[i].left)) return;
      remove(side, orders[i]);
    }
  }

  bool fill(Resting& order, std::size_t row, double quantity) {
    const std::int64_t now_ns = columns_.times_ns[row];
    if (order.filled) {
      stop_ns_ = now_ns;
      return false;
    }
    order.left -= quantity;
    order.filled = std::round(order.left / lot_size_) <= 0;
    const std::int64_t lots = std::llround(quantity / lot_size_);
    executed_lots_ += lots;
    position_lots_ += order.side == 0 ? lots : -lots;
    ReplayResponse& response = respond(now_ns);
    response.order_id = order.id;
    response.quantity = quantity;
    response.slot = order.slot;
    response.side = order.side;
    response.place = order.place;
    response.answer = order.filled ? ReplayAnswer::kFilled : ReplayAnswer::kPartlyFilled;
    return true;
  }

  // The next response, to be filled in place: a copy of fresh stores would wait for them.
  ReplayResponse& respond(std::int64_t now_ns) {
    std::int64_t arrives_ns = now_ns + latency_.response_ns(now_ns);
    if (!out_.empty()) arrives_ns = std::max(arrives_ns, out_.back().arrives_ns);
    ReplayResponse& response = out_.push();
    response.arrives_ns = arrives_ns;
    return response;
  }

  // Trades are looked at from our best order on.
  void set_trade_mark(int side) {
    std::int32_t mark = MirroredBook::kNever;
    for (const Resting& order : orders_[side])
      mark = std::min(mark, book_.slots().trade(side, order.slot) - 1);
    book_.set_trade_mark(side, mark);
  }
  void remove(int side, Resting& order) {
    auto& orders = orders_[side];
    const std::int32_t slot = order.slot;
    if (orders.size() == 1) [[likely]] {
      orders.clear();
      book_.watch(side, slot, false);
      book_.set_trade_mark(side, MirroredBook::kNever);
      return;
    }
    if (&order != &orders.back()) order = orders.back();
    orders.pop_back();
    const bool watched =
        std::any_of(orders.begin(), orders.end(), [&](const Resting& other) { return other.slot == slot; });
    if (!watched) book_.watch(side, slot, false);
    set_trade_mark(side);
  }

  static constexpr std::int64_t kRunning = std::numeric_limits<std::int64_t>::max();
  ReplayColumns columns_;
  MirroredBook book_;
  double lot_size_;
  Queue queue_;
  Latency latency_;
  FifoBus<ReplayResponse>& out_;
  std::vector<Resting> orders_[2];
  std::size_t next_ = 0;
  std::int64_t stop_ns_ = kRunning;
  std::int64_t executed_lots_ = 0;
  std::int64_t position_lots_ = 0;
};

}  // namespace soak::sim

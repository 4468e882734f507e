#pragma once
// A market kept the slow and obvious way: a list of orders for each price, ours standing among the others,
// against which a replay of order-by-order data is held. Our orders are ghosts: the others trade as if they
// were not there. What happens is told message by message, as a feed of single orders tells it.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "base/rng.h"
#include "sim/market_event.h"
#include "sim/replay_messages.h"

namespace soak::sim {

struct OrderMessage {
  enum Kind { kAdd, kReduce, kDelete, kExecute, kHidden, kModify } kind = kAdd;
  std::int64_t id = 0;
  std::int64_t lots = 0;  // added, taken away or executed
  std::int64_t left = 0;  // of the order now
  std::int32_t price = 0;
  bool half_a_tick_up = false;  // only of a hidden order
  Side side = Side::kBuy;       // of the order
};

// Time, our order, what came of it, how much of it.
using OurAnswer = std::tuple<std::int64_t, std::int64_t, ReplayAnswer, double>;
// Time, our order, lots of others ahead of it.
using OurQueue = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

class OrderMarket {
 public:
  static constexpr std::int32_t kLowest = 10'000, kPrices = 12;
  using Tell = std::function<void(const OrderMarket&, const OrderMessage&)>;

  OrderMarket(bool partial_fill, Tell tell) : partial_fill_(partial_fill), tell_(std::move(tell)) {}

  std::int64_t now = 0;
  std::vector<OurAnswer> answers;

  // Total of the others' lots at a price.
  std::int64_t lots(Side side, std::int32_t price) const {
    std::int64_t sum = 0;
    if (const auto level = of(side).find(price); level != of(side).end())
      for (const Order& order : level->second) sum += order.ours ? 0 : order.lots;
    return sum;
  }
  // Of the others' orders; 0 where there is none.
  std::int32_t best(Side side) const {
    std::int32_t found = 0;
    for (const auto& [price, orders] : of(side)) {
      if (lots(side, price) > 0 && (found == 0 || side == Side::kBuy)) found = price;
    }
    return found;
  }
  std::vector<OurQueue> our_queues() const {
    std::vector<OurQueue> queues;
    for (const auto& side : sides_) {
      for (const auto& [price, orders] : side) {
        std::int64_t ahead = 0;
        for (const Order& order : orders) {
          if (order.ours) queues.push_back({now, order.id, ahead});
          ahead += order.ours ? 0 : order.lots;
        }
      }
    }
    return queues;
  }

  // One of the others' orders; it takes what it crosses, and rests with what is left.
  void limit(Side side, std::int32_t price, std::int64_t lots_left) {
    for (;;) {
      const std::int32_t touch = best(opposite(side));
      if (touch == 0 || (side == Side::kBuy ? touch > price : touch < price)) break;
      lots_left -= execute_first(opposite(side), touch, lots_left);
      if (lots_left == 0) return;
    }
    of(side)[price].push_back({++ids_, lots_left, 0, false});
    say({OrderMessage::kAdd, ids_, lots_left, lots_left, price, false, side});
    fill_where(opposite(side), [&](std::int32_t at) { return reaches(side, price, at); });
  }
  // A random one of the others' orders moves, or grows where it is, and goes behind all that rest there; no
  // move where that would cross.
  void move(base::Rng& rng, std::int32_t price, std::int64_t lots_now) {
    Place at;
    if (!pick(rng, at)) return;
    const std::int32_t touch = best(opposite(at.side));
    if (touch != 0 && reaches(at.side, price, touch)) return;
    if (price == at.price) lots_now += at.order().lots;
    const std::int64_t id = at.order().id;
    at.orders->erase(at.orders->begin() + static_cast<std::ptrdiff_t>(at.index));
    of(at.side)[price].push_back({id, lots_now, 0, false});
    say({OrderMessage::kModify, id, 0, lots_now, price, false, at.side});
    fill_where(opposite(at.side), [&](std::int32_t ours) { return reaches(at.side, price, ours); });
  }
  // Of a random one of the others' orders.
  void reduce(base::Rng& rng) {
    if (Place at; pick(rng, at) && at.order().lots > 1)
      take(at, 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(at.order().lots - 1))));
  }
  void erase(base::Rng& rng) {
    if (Place at; pick(rng, at)) take(at, at.order().lots);
  }
  void hidden_execution(Side side, std::int32_t price, bool half_a_tick_up, std::int64_t lots_executed) {
    say({OrderMessage::kHidden, 0, lots_executed, 0, price, half_a_tick_up, side});
    // Between two ticks it stands above the one and below the other: what is better is filled.
    const std::int32_t at = price + (half_a_tick_up && side == Side::kBuy ? 1 : 0);
    fill_where(side, [&](std::int32_t ours) { return side == Side::kBuy ? ours > at : ours < at; });
    reach(side, at, of(side)[at].size(), lots_executed);
  }

  void enter_ours(std::int64_t id, Side side, std::int32_t price, double quantity) {
    const std::int32_t touch = best(opposite(side));
    const bool takes = touch != 0 && (side == Side::kBuy ? touch <= price : touch >= price);
    answers.push_back({now, id, takes ? ReplayAnswer::kExpired : ReplayAnswer::kAccepted, 0});
    if (!takes) of(side)[price].push_back({id, 0, quantity, true});
  }
  void cancel_ours(std::int64_t id) {
    for (auto& side : sides_) {
      for (auto& [price, orders] : side) {
        if (std::erase_if(orders, [&](const Order& order) { return order.ours && order.id == id; }) == 0)
          continue;
        answers.push_back({now, id, ReplayAnswer::kCancelled, 0});
        return;
      }
    }
    answers.push_back({now, id, ReplayAnswer::kCancelRejected, 0});
  }

 private:
  struct Order {
    std::int64_t id;
    std::int64_t lots;  // of the others' orders
    double left;        // of ours
    bool ours;
  };
  using Levels = std::map<std::int32_t, std::vector<Order>>;
  struct Place {
    std::vector<Order>* orders = nullptr;
    std::size_t index = 0;
    std::int32_t price = 0;
    Side side = Side::kBuy;
    Order& order() const { return (*orders)[index]; }
  };

  Levels& of(Side side) { return sides_[side == Side::kSell]; }
  const Levels& of(Side side) const { return sides_[side == Side::kSell]; }
  void say(const OrderMessage& message) { tell_(*this, message); }
  // Whether an order of `side` at `price` would trade with one of the other side at `at`.
  static bool reaches(Side side, std::int32_t price, std::int32_t at) {
    return side == Side::kBuy ? price >= at : price <= at;
  }

  bool pick(base::Rng& rng, Place& at) {
    std::vector<Place> all;
    for (const Side side : {Side::kBuy, Side::kSell}) {
      for (auto& [price, orders] : of(side)) {
        for (std::size_t k = 0; k < orders.size(); ++k)
          if (!orders[k].ours) all.push_back({&orders, k, price, side});
      }
    }
    if (all.empty()) return false;
    at = all[rng.below(all.size())];
    return true;
  }
  void take(const Place& at, std::int64_t lots_taken) {
    const bool whole = at.order().lots == lots_taken;
    const OrderMessage message{whole ? OrderMessage::kDelete : OrderMessage::kReduce,
                               at.order().id,
                               lots_taken,
                               at.order().lots - lots_taken,
                               at.price,
                               false,
                               at.side};
    at.order().lots -= lots_taken;
    if (whole) at.orders->erase(at.orders->begin() + static_cast<std::ptrdiff_t>(at.index));
    say(message);
  }

  // The first of the others' orders at a price; how much of it.
  std::int64_t execute_first(Side side, std::int32_t price, std::int64_t lots_max) {
    auto& orders = of(side)[price];
    const auto first = std::find_if(orders.begin(), orders.end(), [](const Order& o) { return !o.ours; });
    const auto before = static_cast<std::size_t>(first - orders.begin());
    const std::int64_t executed = std::min(lots_max, first->lots);
    const std::int64_t id = first->id;
    const std::int64_t left = first->lots -= executed;
    if (left == 0) orders.erase(first);
    say({OrderMessage::kExecute, id, executed, left, price, false, side});
    fill_where(side, [&](std::int32_t at) { return side == Side::kBuy ? at > price : at < price; });
    reach(side, price, before, executed);
    return executed;
  }
  // Those of ours among the first `count` in the queue would have been executed before.
  void reach(Side side, std::int32_t price, std::size_t count, std::int64_t lots_executed) {
    auto& orders = of(side)[price];
    for (std::size_t k = 0; k < count;) {
      Order& order = orders[k];
      const auto executed = static_cast<double>(lots_executed);
      if (!order.ours) {
        ++k;
      } else if (partial_fill_ && executed < order.left) {
        order.left -= executed;
        answers.push_back({now, order.id, ReplayAnswer::kPartlyFilled, executed});
        ++k;
      } else {
        answers.push_back({now, order.id, ReplayAnswer::kFilled, order.left});
        orders.erase(orders.begin() + static_cast<std::ptrdiff_t>(k));
        --count;
      }
    }
  }
  template <class Reached>
  void fill_where(Side side, Reached&& reached) {
    for (auto& [price, orders] : of(side)) {
      if (!reached(price)) continue;
      std::erase_if(orders, [&](const Order& order) {
        if (order.ours) answers.push_back({now, order.id, ReplayAnswer::kFilled, order.left});
        return order.ours;
      });
    }
  }

  bool partial_fill_;
  Tell tell_;
  Levels sides_[2];
  std::int64_t ids_ = 0;
};

}  // namespace soak::sim

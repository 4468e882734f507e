#pragma once
// The strategy of the replay benchmark, which hftbacktest runs for the reference counts: two post-only quotes
// around a reservation price that leans against the position, renewed at a fixed interval. It knows its
// orders, position and money from responses alone, as hftbacktest's local processor does: only the response
// that finishes an order is booked, with the quantity of that last execution (partial executions before it
// are told and not booked). The arithmetic is the reference's, in double, since a rounding moves a quote.
//
//   reservation = mid - skew_ticks × position / quantity
//   bid = min(floor(reservation - half_spread_ticks), best bid)
//   ask = max(ceil(reservation + half_spread_ticks), best ask)       all in ticks
//
// An empty side of the book means no market: what can be cancelled is cancelled, and nothing is posted.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "sim/fee_tiered.h"
#include "sim/fifo_bus.h"
#include "sim/mirrored_book.h"
#include "sim/replay_messages.h"

namespace soak::sim {

enum class QuoteMode : std::uint8_t {
  kCancelAll,  // cancel everything, then post
  kDiff,       // leave an order that stands at the wanted price
};

struct ReplayStrategyOptions {
  QuoteMode mode = QuoteMode::kCancelAll;
  double half_spread_ticks = 1;
  double skew_ticks = 0.2;
  double quantity = 0.1;  // base units
  double position_max = 2;
  std::vector<FeeTier> fees = std::vector<FeeTier>(1, FeeTier{0, -0.00005, 0.0004});
};

// What the strategy was told.
struct ReplayAccount {
  std::int64_t submits = 0;
  std::int64_t cancels = 0;
  std::int64_t fills = 0;
  double position = 0;  // base units
  double balance = 0;   // quote units, fees apart
  double fee = 0;
};

class ReplayStrategy {
 public:
  ReplayStrategy(const ReplayStrategyOptions& options, const ReplayFeed& feed)
      : options_(options), instrument_(feed.instrument), slots_(feed.slots), fee_(options.fees) {}

  const ReplayAccount& account() const { return account_; }

  void on_response(const ReplayResponse& response) {
    if (response.answer == ReplayAnswer::kFilled) apply_fill(response);
    Working& order = orders_[response.place];
    if (order.id == response.order_id) update(order, response);
  }

  // A decision: appends to `out`, for arrival at `arrives_ns`.
  void decide(std::int64_t arrives_ns, const MirroredBook& market, FifoBus<ReplayRequest>& out) {
    const bool quotes = market.two_sided();
    std::int32_t wanted[2] = {0, 0};  // slots
    if (quotes) {
      const std::int64_t bid = market.best_ticks(0), ask = market.best_ticks(1);
      const double mid = static_cast<double>(bid + ask) / 2;
      const double reservation = mid - options_.skew_ticks * (account_.position / options_.quantity);
      const std::int64_t low = std::min(floor_of(reservation - options_.half_spread_ticks), bid);
      const std::int64_t high = std::max(-floor_of(-(reservation + options_.half_spread_ticks)), ask);
      wanted[0] = market.slots().level(0, static_cast<std::int32_t>(low));
      wanted[1] = market.slots().level(1, static_cast<std::int32_t>(high));
    }
    bool stands[2] = {false, false};
    const bool keeps = quotes && options_.mode == QuoteMode::kDiff;
    // Hardly a branch in here, and none that the next row of the feed would make unpredictable.
    std::uint32_t free_count = 0;
    for (std::uint32_t place = 0; place < orders_.size(); ++place) {
      Working& order = orders_[place];
      const bool free = order.state == State::kFree;
      free_[free_count] = place;
      free_count += free;
      const bool at_price = keeps && order.slot == wanted[order.side];
      stands[order.side] |= at_price && !free;
      const bool cancels = order.state == State::kOpen && !order.requested && !at_price;
      order.requested |= cancels;
      send(order, place, arrives_ns, true, out.push(cancels));
      account_.cancels += cancels;
    }
    free_count_ = free_count;
    if (!quotes) return;
    if (!stands[0] && account_.position < options_.position_max) submit(0, wanted[0], arrives_ns, out);
    if (!stands[1] && account_.position > -options_.position_max) submit(1, wanted[1], arrives_ns, out);
  }

 private:
  // Orders stay in their places, and a free place is used again.
  enum class State : std::uint8_t { kFree, kNew, kOpen };
  struct Working {
    std::int64_t id = 0;
    std::int32_t slot = 0;
    std::int8_t side = 0;
    State state = State::kFree;
    bool requested = false;  // a request is under way
  };

  // As std::floor, without a call, and within what a slot can say: a quote that far from the market stands
  // where none is.
  static std::int64_t floor_of(double value) {
    value = std::clamp(value, -kTicksMax, kTicksMax);
    const auto whole = static_cast<std::int64_t>(value);
    return whole - (static_cast<double>(whole) > value);
  }

  [[gnu::always_inline]] void submit(std::int8_t side, std::int32_t slot, std::int64_t arrives_ns,
                                     FifoBus<ReplayRequest>& out) {
    if (free_count_ == 0) [[unlikely]] {
      free_[free_count_++] = static_cast<std::uint32_t>(orders_.size());
      orders_.emplace_back();
      free_.resize(orders_.size() + 1);
    }
    const std::uint32_t place = free_[--free_count_];
    Working& order = orders_[place];
    order.state = State::kNew;
    order.id = next_id_++;
    order.slot = slot;
    order.side = side;
    order.requested = true;
    send(order, place, arrives_ns, false, out.push());
    ++account_.submits;
  }
  // Fills the request in its place: a copy of fresh stores would wait for them.
  void send(const Working& order, std::uint32_t place, std::int64_t arrives_ns, bool cancel,
            ReplayRequest& request) const {
    request.place = place;
    request.arrives_ns = arrives_ns;
    request.order_id = order.id;
    request.quantity = options_.quantity;
    request.slot = order.slot;
    request.side = order.side;
    request.cancel = cancel;
  }

  // Any answer ends the wait for one, a partial fill too (as in the reference). A cancel is rejected only
  // where the order is finished, and the answer that said so came before.
  static void update(Working& order, const ReplayResponse& response) {
    if (response.answer == ReplayAnswer::kCancelRejected) return;
    constexpr State kNext[] = {State::kOpen, State::kFree, State::kOpen, State::kFree, State::kFree};
    order.state = kNext[static_cast<int>(response.answer)];
    order.requested = false;
  }

  void apply_fill(const ReplayResponse& fill) {
    const double sign = fill.side == 0 ? 1 : -1;
    const double price = slots_.level_price(fill.side, fill.slot) * instrument_.tick_size;
    const double amount = price * fill.quantity;
    account_.position += sign * fill.quantity;
    account_.balance -= sign * amount;
    account_.fee += fee_.fill(amount, true);
    ++account_.fills;
  }

  static constexpr double kTicksMax = 1e9;
  ReplayStrategyOptions options_;
  Instrument instrument_;
  FeedSlots slots_;
  TieredFee fee_;
  ReplayAccount account_;
  std::vector<Working> orders_;
  std::vector<std::uint32_t> free_{0};  // places in orders_, and room for one more
  std::uint32_t free_count_ = 0;
  std::int64_t next_id_ = 1;
};

}  // namespace soak::sim

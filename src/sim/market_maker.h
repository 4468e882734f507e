#pragma once
// The market maker: a ladder of quotes a side around a reservation price, re-quoted, pulled, sized and held
// back by its parameters. It sees the market late (its own book), knows its orders and position only from
// responses, and hedges as a taker near its inventory limit.
//
// Quotes: reservation = mid - skew, skew = position / (max_delta_ratio × limit), at most 1, × skew_ratio ×
// distance; distance = half the market's spread + base_spread_bps + base_spread_bps_delta; each further layer
// stands layer_spacing_bps behind. The linear skew is the shape of Avellaneda and Stoikov, High-frequency
// trading in a limit order book (2008), and of Guéant, Lehalle and Fernandez-Tapia, Dealing with the
// inventory risk (2013), with the limit in place of their risk aversion. Not thread safe.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/maker_params.h"
#include "sim/mirrored_book.h"
#include "sim/orders.h"
#include "sim/replace_budget.h"

namespace soak::sim {

// Why quote attempts were held back. Attempts = blocked + sent.
struct BlockCounts {
  std::int64_t min_interval = 0, concurrency = 0, risk = 0, throttle = 0;
  std::int64_t sent = 0;
  BlockCounts& operator+=(const BlockCounts& other) {
    min_interval += other.min_interval;
    concurrency += other.concurrency;
    risk += other.risk;
    throttle += other.throttle;
    sent += other.sent;
    return *this;
  }
  std::int64_t attempts() const { return min_interval + concurrency + risk + throttle + sent; }
};

// Behaviour measured on the order log, for evidence. -1: not seen.
struct MakerBehaviour {
  std::int64_t shortest_quote_interval_ns = -1;
  std::int64_t oldest_quote_ns = -1;              // that was looked at and left standing
  std::int64_t youngest_misplaced_quote_ns = -1;  // that was replaced for its price, and not for its age
  std::int64_t most_open_orders = 0;
  std::int64_t most_replaces_in_a_minute = 0;
  std::int64_t largest_position_lots = 0;  // absolute, with what was in flight towards it
};

class MarketMaker {
 public:
  // `book` is the market maker's own view, which its caller keeps up to date; it must outlive it.
  MarketMaker(const MakerParams& params, const MakerSettings& settings, const Instrument& instrument,
              const MirroredBook& book);

  void on_response(const Response& response);
  // Looks at both sides and appends what it sends. Call after each change of its view, and at next_wake_ns().
  void decide(std::int64_t now_ns, std::vector<Request>& out);
  // When time alone will give it something to do; INT64_MAX: never.
  std::int64_t next_wake_ns() const { return wake_ns_; }

  const BlockCounts& blocks() const { return blocks_; }
  MakerBehaviour behaviour() const;
  std::int64_t position_lots() const { return position_; }
  std::int64_t limit_lots() const { return limit_lots_; }
  std::int64_t cancels_sent() const { return cancels_sent_; }

 private:
  enum class State : std::uint8_t { kPending, kOpen, kCancelling };
  struct Working {
    Order order;
    int layer = 0;
    State state = State::kPending;
  };
  // One place on the ladder: a side and a layer, 0 nearest to the market.
  struct Place {
    Side side = Side::kBuy;
    int layer = 0;
    std::int64_t retry_ns = INT64_MIN;
    bool interval_counted = false;  // this wait for min_interval is already counted
  };

  void update_view();
  std::int32_t wanted_price(const Place& place) const;
  std::int64_t wanted_lots(Side side) const;
  void manage(Place& place, std::int64_t now_ns, std::vector<Request>& out);
  void hedge(std::int64_t now_ns, std::vector<Request>& out);
  bool held_back(Place& place, Working* current, std::int64_t now_ns, std::vector<Request>& out);
  void send_quote(Place& place, Working* current, std::int64_t now_ns, std::vector<Request>& out);
  void cancel(Working& working, std::int64_t now_ns, std::vector<Request>& out);
  Working* current_quote(const Place& place);
  std::int64_t exposure_lots(Side side) const;
  void wake_at(std::int64_t now_ns, std::int64_t when_ns);

  MakerParams params_;
  MakerSettings settings_;
  Instrument instrument_;
  const MirroredBook& book_;
  ReplaceBudget budget_;
  std::vector<Working> working_;
  std::vector<Place> places_;  // nearest to the market first
  std::array<std::int64_t, 2> last_sent_ns_{INT64_MIN / 2, INT64_MIN / 2};
  std::int64_t position_ = 0;
  std::int64_t limit_lots_ = 0;
  double usual_touch_lots_[2] = {0, 0};
  double mid_ticks_ = 0;
  double distance_ticks_ = 0;
  std::int64_t next_id_ = 1;
  std::int64_t last_hedge_ns_ = INT64_MIN / 2;
  std::int64_t wake_ns_ = INT64_MAX;
  std::int64_t cancels_sent_ = 0;
  BlockCounts blocks_;
  MakerBehaviour behaviour_;
};

}  // namespace soak::sim

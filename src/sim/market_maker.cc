#include "sim/market_maker.h"

#include <algorithm>
#include <cmath>

namespace soak::sim {
namespace {

constexpr std::int64_t kMsNs = 1'000'000;
constexpr double kTouchMemory = 0.02;  // weight of the newest look in the usual size of the touch
constexpr int index_of(Side side) {
  return side == Side::kBuy ? 0 : 1;
}
// -1: nothing yet.
void note_least(std::int64_t& least, std::int64_t seen) {
  least = least < 0 ? seen : std::min(least, seen);
}
constexpr std::int64_t sign_of(Side side) {
  return side == Side::kBuy ? 1 : -1;
}

}  // namespace

MarketMaker::MarketMaker(const MakerParams& params, const MakerSettings& settings,
                         const Instrument& instrument, const MirroredBook& book)
    : params_(params),
      settings_(settings),
      instrument_(instrument),
      book_(book),
      budget_(params.replace_rate_per_min) {
  for (int layer = 0; layer < settings.layers; ++layer) {
    for (const Side side : {Side::kBuy, Side::kSell}) places_.push_back({side, layer});
  }
  limit_lots_ =
      static_cast<std::int64_t>(params.risk_limit_ratio * settings.capital_base_units / instrument.lot_size);
}

MakerBehaviour MarketMaker::behaviour() const {
  MakerBehaviour result = behaviour_;
  result.most_replaces_in_a_minute = budget_.most_in_a_minute();
  return result;
}

void MarketMaker::on_response(const Response& response) {
  const auto found = std::find_if(working_.begin(), working_.end(),
                                  [&](const Working& w) { return w.order.id == response.order_id; });
  if (response.kind == ResponseKind::kFilled) position_ += sign_of(response.side) * response.quantity_lots;
  if (found == working_.end()) return;
  switch (response.kind) {
    case ResponseKind::kAccepted:
      if (found->state == State::kPending) found->state = State::kOpen;
      return;
    case ResponseKind::kFilled:
      found->order.left_lots = response.left_lots;
      if (response.left_lots == 0) working_.erase(found);
      return;
    case ResponseKind::kRejected:
    case ResponseKind::kCancelled:
      working_.erase(found);
      return;
    case ResponseKind::kCancelRejected:
      return;  // the fill that won the race has been reported before
  }
}

void MarketMaker::update_view() {
  const double bid = book_.best_ticks(0), ask = book_.best_ticks(1);
  mid_ticks_ = (bid + ask) / 2;
  const double behind_bps = params_.base_spread_bps + params_.base_spread_bps_delta;
  distance_ticks_ = std::max(0.0, (ask - bid) / 2) + behind_bps * 1e-4 * mid_ticks_;
  for (const int side : {0, 1}) {
    double& usual = usual_touch_lots_[side];
    const auto touch = static_cast<double>(book_.quantity_lots(side, book_.best(side)));
    usual = usual == 0 ? touch : usual + kTouchMemory * (touch - usual);
  }
}

std::int32_t MarketMaker::wanted_price(const Place& place) const {
  const double full = params_.max_delta_ratio * static_cast<double>(limit_lots_);
  const double lean = full <= 0 ? 0 : std::clamp(static_cast<double>(position_) / full, -1.0, 1.0);
  const double reservation = mid_ticks_ - lean * settings_.skew_ratio * distance_ticks_;
  const double distance = distance_ticks_ + place.layer * settings_.layer_spacing_bps * 1e-4 * mid_ticks_;
  if (place.side == Side::kBuy) {
    return std::min(static_cast<std::int32_t>(std::floor(reservation - distance)), book_.best_ticks(1) - 1);
  }
  return std::max(static_cast<std::int32_t>(std::ceil(reservation + distance)), book_.best_ticks(0) + 1);
}

std::int64_t MarketMaker::wanted_lots(Side side) const {
  const double lots = std::clamp(params_.impact_cap_ratio * usual_touch_lots_[index_of(side)],
                                 params_.min_order_size / instrument_.lot_size,
                                 params_.max_order_size / instrument_.lot_size);
  // More than the limit is held back anyway; without the cap a huge minimum would not fit an integer.
  return std::max<std::int64_t>(1, std::llround(std::min(lots, static_cast<double>(limit_lots_) + 1)));
}

MarketMaker::Working* MarketMaker::current_quote(const Place& place) {
  for (Working& working : working_) {
    const bool here =
        !working.order.taker && working.order.side == place.side && working.layer == place.layer;
    if (here && working.state != State::kCancelling) return &working;
  }
  return nullptr;
}

std::int64_t MarketMaker::exposure_lots(Side side) const {
  std::int64_t lots = sign_of(side) * position_;
  for (const Working& working : working_) {
    if (working.order.side == side) lots += working.order.left_lots;
  }
  return lots;
}

void MarketMaker::wake_at(std::int64_t now_ns, std::int64_t when_ns) {
  if (when_ns > now_ns) wake_ns_ = std::min(wake_ns_, when_ns);
}

void MarketMaker::decide(std::int64_t now_ns, std::vector<Request>& out) {
  wake_ns_ = INT64_MAX;
  if (!book_.two_sided()) return;  // no mid, no quote: what stands is renewed when there is one again
  update_view();
  hedge(now_ns, out);
  for (Place& place : places_) manage(place, now_ns, out);
  behaviour_.most_open_orders =
      std::max(behaviour_.most_open_orders, static_cast<std::int64_t>(working_.size()));
  behaviour_.largest_position_lots =
      std::max({behaviour_.largest_position_lots, exposure_lots(Side::kBuy), exposure_lots(Side::kSell)});
}

void MarketMaker::manage(Place& place, std::int64_t now_ns, std::vector<Request>& out) {
  Working* current = current_quote(place);
  if (current != nullptr) {
    if (current->state == State::kPending)
      return;  // nothing can be said of it before the exchange has answered
    const std::int64_t stale_ns = current->order.decided_ns + params_.tail_age_ms * kMsNs;
    const std::int64_t expired_ns = current->order.decided_ns + params_.max_age_ms * kMsNs;
    const bool moved = std::abs(current->order.price_ticks - wanted_price(place)) >
                       settings_.requote_tolerance_bps * 1e-4 * mid_ticks_;
    wake_at(now_ns, expired_ns);
    if (moved) wake_at(now_ns, stale_ns);
    const std::int64_t age_ns = now_ns - current->order.decided_ns;
    if (!(moved && now_ns >= stale_ns) && now_ns < expired_ns) {
      place.interval_counted = false;  // nothing is wanted: the next wait is another
      behaviour_.oldest_quote_ns = std::max(behaviour_.oldest_quote_ns, age_ns);
      return;
    }
    if (now_ns < expired_ns) note_least(behaviour_.youngest_misplaced_quote_ns, age_ns);
  }
  if (!held_back(place, current, now_ns, out)) send_quote(place, current, now_ns, out);
}

// Counts the one reason that holds this attempt back, if any: interval, throttle, concurrency, risk, in this
// order.
bool MarketMaker::held_back(Place& place, Working* current, std::int64_t now_ns, std::vector<Request>& out) {
  const std::int64_t free_ns =
      last_sent_ns_[static_cast<std::size_t>(index_of(place.side))] + params_.min_interval_ms * kMsNs;
  wake_at(now_ns, place.retry_ns);
  if (now_ns < place.retry_ns) return true;  // still the attempt that was counted before
  if (now_ns < free_ns) {
    wake_at(now_ns, free_ns);
    if (!place.interval_counted) ++blocks_.min_interval;
    place.interval_counted = true;
    return true;
  }
  // A blocked place asks again at its own pace: no sooner than a quote may be renewed.
  const auto block = [&](std::int64_t& count) {
    ++count;
    place.retry_ns = now_ns + std::max(params_.min_interval_ms, params_.tail_age_ms) * kMsNs;
    place.interval_counted = false;
    wake_at(now_ns, place.retry_ns);
    return true;
  };
  if (current != nullptr && !budget_.allows(now_ns)) return block(blocks_.throttle);
  const bool full = static_cast<std::int64_t>(working_.size()) >= params_.concurrency_limit;
  const bool too_much = exposure_lots(place.side) + wanted_lots(place.side) > limit_lots_;
  if ((full || too_much) && current != nullptr) {  // no room for both: the old one goes first
    budget_.spend(now_ns);
    cancel(*current, now_ns, out);
  }
  if (full) return block(blocks_.concurrency);
  if (too_much) return block(blocks_.risk);
  return false;
}

void MarketMaker::send_quote(Place& place, Working* current, std::int64_t now_ns, std::vector<Request>& out) {
  if (current != nullptr) {
    budget_.spend(now_ns);
    cancel(*current, now_ns, out);
  }
  Order order;
  order.id = next_id_++;
  order.side = place.side;
  order.price_ticks = wanted_price(place);
  order.quantity_lots = order.left_lots = wanted_lots(place.side);
  order.decided_ns = now_ns;
  out.push_back({RequestKind::kNew, order, now_ns});
  working_.push_back({order, place.layer, State::kPending});
  ++blocks_.sent;
  std::int64_t& last_sent_ns = last_sent_ns_[static_cast<std::size_t>(index_of(place.side))];
  if (last_sent_ns > INT64_MIN / 2) {
    note_least(behaviour_.shortest_quote_interval_ns, now_ns - last_sent_ns);
  }
  last_sent_ns = now_ns;
  place.interval_counted = false;
  wake_at(now_ns, now_ns + params_.max_age_ms * kMsNs);
}

void MarketMaker::cancel(Working& working, std::int64_t now_ns, std::vector<Request>& out) {
  working.state = State::kCancelling;
  out.push_back({RequestKind::kCancel, working.order, now_ns});
  ++cancels_sent_;
}

void MarketMaker::hedge(std::int64_t now_ns, std::vector<Request>& out) {
  const std::int64_t size = std::abs(position_);
  if (static_cast<double>(size) < settings_.hedge_at_ratio * static_cast<double>(limit_lots_) || size == 0)
    return;
  for (const Working& working : working_) {
    if (working.order.taker) return;  // a hedge is on its way: its answer comes first
  }
  const std::int64_t free_ns = last_hedge_ns_ + settings_.hedge_pause_ms * kMsNs;
  if (now_ns < free_ns) return wake_at(now_ns, free_ns);
  if (static_cast<std::int64_t>(working_.size()) >= params_.concurrency_limit)
    return;  // again when an answer makes room
  Order order;
  order.side = position_ > 0 ? Side::kSell : Side::kBuy;
  order.taker = true;
  const auto surplus =
      size - static_cast<std::int64_t>(settings_.hedge_to_ratio * static_cast<double>(limit_lots_));
  order.quantity_lots = order.left_lots =
      std::min(surplus, limit_lots_ - exposure_lots(order.side));  // the quotes may fill as well
  if (order.left_lots <= 0) return;
  order.id = next_id_++;
  order.decided_ns = now_ns;
  out.push_back({RequestKind::kNew, order, now_ns});
  working_.push_back({order, 0, State::kPending});
  last_hedge_ns_ = now_ns;
}

}  // namespace soak::sim

#include "sim/synthetic_market.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace soak::sim {
namespace {

constexpr double kNsPerS = 1e9;
constexpr double kTicksPerBps = kSyntheticStartTicks * 1e-4;
constexpr std::uint64_t kMarketStream = 1;
constexpr std::int64_t kWarmUpNs = 30'000'000'000;  // the book fills before the window opens

// Of two prices, the one further from the market.
std::int32_t worse(Side side, std::int32_t a, std::int32_t b) {
  return side == Side::kBuy ? std::min(a, b) : std::max(a, b);
}

struct BackgroundOrder {
  Side side = Side::kBuy;
  std::int32_t price = 0;
  std::int64_t quantity = 0;
};

class Market {
 public:
  Market(const SyntheticSettings& settings, std::uint64_t seed, std::int64_t start_ns)
      : settings_(settings), random_(seed), now_ns_(start_ns - kWarmUpNs), local_ns_(now_ns_) {
    enter_regime();
  }

  // Runs the market up to `until_ns`; events go to `out` where one is given.
  void run(std::int64_t until_ns, std::vector<MarketEvent>* out) {
    out_ = out;
    while (step(until_ns)) {
    }
  }

  // The next happening; false where it would come at `until_ns` or later: the market stands at `until_ns`
  // then.
  bool step(std::int64_t until_ns) {
    const double rates[] = {settings_.limit_orders_per_s,
                            static_cast<double>(orders_.size()) / settings_.lifetime_s, uninformed_rate(),
                            informed_side() ? settings_.informed_per_s : 0,
                            settings_.withdrawals_per_s * static_cast<double>(left_behind())};
    double total = 0;
    for (const double rate : rates) total += rate;
    const double wait_s = random_.exponential() / total;
    const auto next_ns = now_ns_ + std::max<std::int64_t>(1, static_cast<std::int64_t>(wait_s * kNsPerS));
    if (next_ns >= until_ns) {
      move_price(static_cast<double>(until_ns - now_ns_) / kNsPerS);
      now_ns_ = until_ns;
      return false;
    }
    now_ns_ = next_ns;
    move_price(wait_s);
    excited_per_s_ *= base::portable_exp(-settings_.excitation_decay_per_s * wait_s);
    double pick = random_.uniform() * total;
    int kind = 0;
    while (kind < 4 && pick >= rates[kind]) pick -= rates[kind++];
    // The rate has fallen while nothing happened: what it was too high is thinned out (Ogata, 1981).
    if (kind == 2 && random_.uniform() * rates[2] >= uninformed_rate()) return true;
    happen(kind);
    return true;
  }
  void step_into(std::vector<MarketEvent>& out) {
    out_ = &out;
    step(INT64_MAX);
  }

  const Book& book() const { return book_; }

 private:
  void happen(int kind) {
    switch (kind) {
      case 0:
        place();
        return;
      case 1:
        remove(static_cast<std::size_t>(random_.below(orders_.size())));
        return;
      case 2:
        uninformed();
        return;
      case 3:
        if (const auto side = informed_side()) sweep(*side, INT64_MAX, limit_of(*side));
        return;
      default:
        withdraw();
        return;
    }
  }

  void enter_regime() {
    const Regime* all[] = {&settings_.calm, &settings_.volatile_, &settings_.trending};
    double pick = random_.uniform() * (all[0]->share + all[1]->share + all[2]->share);
    std::size_t which = 0;
    while (which < 2 && pick >= all[which]->share) pick -= all[which++]->share;
    regime_ = *all[which];
    if (random_.uniform() < 0.5) regime_.drift_bps_per_s = -regime_.drift_bps_per_s;
    regime_ends_ns_ =
        now_ns_ + static_cast<std::int64_t>(random_.exponential() * regime_.mean_length_s * kNsPerS);
  }

  void move_price(double seconds) {
    if (now_ns_ >= regime_ends_ns_) enter_regime();
    price_ += kTicksPerBps * (regime_.drift_bps_per_s * seconds +
                              regime_.volatility_bps * std::sqrt(seconds) * random_.normal());
  }

  void place() { place(random_.uniform() < 0.5 ? Side::kBuy : Side::kSell, std::nullopt); }

  // A limit order at a random distance from the efficient price; behind the level `behind`, where there is
  // one.
  void place(Side side, std::optional<std::int32_t> behind) {
    const double distance =
        kTicksPerBps * (regime_.half_spread_bps + settings_.distance_scale_bps * random_.exponential());
    BackgroundOrder order;
    order.side = side;
    order.price = static_cast<std::int32_t>(side == Side::kBuy ? std::floor(price_ - distance)
                                                               : std::ceil(price_ + distance));
    const auto other = book_.best(opposite(side));  // a maker does not cross
    if (other) order.price = worse(side, order.price, side == Side::kBuy ? *other - 1 : *other + 1);
    if (behind) order.price = worse(side, order.price, side == Side::kBuy ? *behind - 1 : *behind + 1);
    order.quantity = 10 + static_cast<std::int64_t>(settings_.order_mean_lots * random_.exponential());
    orders_.push_back(order);
    publish_level(side, order.price, book_.quantity(side, order.price) + order.quantity);
  }

  void remove(std::size_t i) {
    const BackgroundOrder order = orders_[i];
    orders_[i] = orders_.back();
    orders_.pop_back();
    reduce_level(order.side, order.price, order.quantity);
  }

  double uninformed_rate() const {
    return settings_.uninformed_per_s * (1 - settings_.excitation) + excited_per_s_;
  }

  void uninformed() {
    excited_per_s_ += settings_.excitation * settings_.excitation_decay_per_s;
    if (random_.uniform() >= settings_.sign_persistence) last_sign_ = opposite(last_sign_);
    const double size = random_.exponential();
    const auto lots = 1 + static_cast<std::int64_t>(settings_.uninformed_mean_lots * size);
    price_ += (last_sign_ == Side::kBuy ? 1 : -1) * settings_.impact_bps * size * kTicksPerBps;
    sweep(last_sign_, lots, last_sign_ == Side::kBuy ? INT32_MAX : 0);
  }

  // A market order of `side` takes `lots` at prices no worse than `limit`.
  void sweep(Side side, std::int64_t lots, std::int32_t limit) {
    const Side passive = opposite(side);
    while (lots > 0) {
      const auto best = book_.best(passive);
      if (!best || (side == Side::kBuy ? *best > limit : *best < limit)) return;
      std::int64_t traded = 0;
      for (std::size_t i = 0; i < orders_.size() && lots > 0;) {
        BackgroundOrder& order = orders_[i];
        if (order.side != passive || order.price != *best) {
          ++i;
          continue;
        }
        const std::int64_t quantity = std::min(lots, order.quantity);
        traded += quantity;
        lots -= quantity;
        order.quantity -= quantity;
        if (order.quantity == 0) {
          order = orders_.back();
          orders_.pop_back();
        } else {
          ++i;
        }
      }
      publish({0, 0, *best, EventKind::kTrade, side, traded});
      reduce_level(passive, *best, traded);
    }
  }

  // The side on which an informed trader would trade now, if any.
  std::optional<Side> informed_side() const {
    const auto ask = book_.best(Side::kSell);
    const auto bid = book_.best(Side::kBuy);
    if (ask && *ask <= limit_of(Side::kBuy)) return Side::kBuy;
    if (bid && *bid >= limit_of(Side::kSell)) return Side::kSell;
    return std::nullopt;
  }
  std::int32_t limit_of(Side side) const {
    const double margin = settings_.informed_margin_bps * kTicksPerBps;
    return static_cast<std::int32_t>(side == Side::kBuy ? std::floor(price_ - margin)
                                                        : std::ceil(price_ + margin));
  }

  // Orders closer to the efficient price than any maker would place them now.
  bool is_left_behind(const BackgroundOrder& order) const {
    const double edge = order.side == Side::kBuy ? price_ - order.price : order.price - price_;
    return edge < 0.6 * regime_.half_spread_bps * kTicksPerBps;
  }
  std::int64_t left_behind() const {
    return std::count_if(orders_.begin(), orders_.end(),
                         [this](const BackgroundOrder& order) { return is_left_behind(order); });
  }
  void withdraw() {
    const std::int64_t count = left_behind();
    if (count == 0) return;
    auto pick = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(count)));
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      if (is_left_behind(orders_[i]) && pick-- == 0) return remove(i);
    }
  }

  // Whoever sees the last level of a side go quotes behind it in time: on an empty side a maker can ask for
  // any price.
  void reduce_level(Side side, std::int32_t price, std::int64_t by) {
    const std::int64_t rest = book_.quantity(side, price) - by;
    if (rest == 0 && book_.levels(side, 2).size() == 1) place(side, price);
    publish_level(side, price, rest);
  }
  void publish_level(Side side, std::int32_t price, std::int64_t quantity) {
    book_.set(side, price, quantity);
    publish({0, 0, price, EventKind::kDepth, side, quantity});
  }
  void publish(MarketEvent event) {
    if (out_ == nullptr) return;
    event.exchange_ns = now_ns_;
    const auto jitter =
        static_cast<std::int64_t>(static_cast<double>(settings_.feed_jitter_mean_ns) * random_.exponential());
    local_ns_ = std::max(local_ns_, now_ns_ + settings_.feed_latency_ns + jitter);
    event.local_ns = local_ns_;
    out_->push_back(event);
  }

  const SyntheticSettings& settings_;
  base::Rng random_;
  std::int64_t now_ns_;
  std::int64_t local_ns_;
  std::int64_t regime_ends_ns_ = 0;
  Regime regime_;
  double price_ = kSyntheticStartTicks;
  double excited_per_s_ = 0;  // rate of the uninformed beyond those that come by themselves
  Side last_sign_ = Side::kBuy;
  std::vector<BackgroundOrder> orders_;
  Book book_;
  std::vector<MarketEvent>* out_ = nullptr;
};

}  // namespace

std::uint64_t synthetic_window_seed(std::uint64_t seed, std::int64_t iteration) {
  return base::mix_seed(seed, static_cast<std::uint64_t>(iteration), kMarketStream);
}

SyntheticWindow make_synthetic_window(const SyntheticSettings& settings, std::uint64_t seed,
                                      std::int64_t start_ns, std::int64_t length_ns) {
  Market market(settings, seed, start_ns);
  market.run(start_ns, nullptr);
  SyntheticWindow window;
  window.bids = market.book().levels(Side::kBuy, SIZE_MAX);
  window.asks = market.book().levels(Side::kSell, SIZE_MAX);
  market.run(start_ns + length_ns, &window.events);
  return window;
}

struct SyntheticMarket::State {
  Market market;
};

SyntheticMarket::SyntheticMarket(const SyntheticSettings& settings, std::uint64_t seed, std::int64_t start_ns)
    : state_(std::make_unique<State>(State{{settings, seed, start_ns}})) {
  state_->market.run(start_ns, nullptr);
}
SyntheticMarket::SyntheticMarket(SyntheticMarket&&) noexcept = default;
SyntheticMarket& SyntheticMarket::operator=(SyntheticMarket&&) noexcept = default;
SyntheticMarket::~SyntheticMarket() = default;

const Book& SyntheticMarket::book() const {
  return state_->market.book();
}

void SyntheticMarket::next(std::vector<MarketEvent>& out) {
  state_->market.step_into(out);
}

}  // namespace soak::sim

#include "sim/feed_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <unordered_map>

#include "sim/feed_book.h"

namespace soak::sim {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr std::array kSpreadShares = {0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0};
constexpr std::array kSignatureSeconds = {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0};
constexpr std::array kClusteringSeconds = {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0};
constexpr std::array kLifetimeSeconds = {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0};
constexpr std::size_t kSignLagMax = 30;
constexpr int kDepthSpreadsMax = 10;
constexpr double kLifetimeSpreadsMax = 5;
constexpr std::int64_t kMidStepNs = 100'000'000;  // the mid is sampled on a grid
constexpr std::int64_t kDepthStepNs = 1'000'000'000;

// Median of a quantity weighted by how long it stood.
class TimeWeighted {
 public:
  void hold(std::int64_t value, std::int64_t ns) {
    if (ns > 0) time_ns_[value] += ns;
  }
  double median() const {
    std::int64_t total = 0, passed = 0;
    for (const auto& [value, ns] : time_ns_) total += ns;
    for (const auto& [value, ns] : time_ns_) {
      passed += ns;
      if (2 * passed >= total) return static_cast<double>(value);
    }
    return 0;
  }
  double share_up_to(double limit) const {
    std::int64_t total = 0, below = 0;
    for (const auto& [value, ns] : time_ns_) {
      total += ns;
      if (static_cast<double>(value) <= limit) below += ns;
    }
    return total == 0 ? 0 : static_cast<double>(below) / static_cast<double>(total);
  }

 private:
  std::map<std::int64_t, std::int64_t> time_ns_;
};

// Squared changes of the mid over several spans, from samples on a grid.
class Signature {
 public:
  void sample(double mid_ticks) {
    mids_.push_back(mid_ticks);
    for (std::size_t k = 0; k < kSignatureSeconds.size(); ++k) {
      const auto lag =
          static_cast<std::size_t>(std::llround(kSignatureSeconds[k] * kNsPerSecond / kMidStepNs));
      if (mids_.size() <= lag) continue;
      const double change = mids_.back() - mids_[mids_.size() - 1 - lag];
      sums_[k] += change * change;
      ++counts_[k];
    }
    if (mids_.size() > kKept) mids_.pop_front();
  }
  std::vector<StatisticsPoint> points(double spread_ticks) const {
    std::vector<StatisticsPoint> points;
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      if (counts_[k] == 0) continue;
      const double mean = sums_[k] / static_cast<double>(counts_[k]);
      points.push_back({kSignatureSeconds[k], std::sqrt(mean / kSignatureSeconds[k]) / spread_ticks});
    }
    return points;
  }

 private:
  static constexpr std::size_t kKept = 601;  // the longest span and one
  std::deque<double> mids_;
  std::array<double, kSignatureSeconds.size()> sums_{};
  std::array<std::uint64_t, kSignatureSeconds.size()> counts_{};
};

// Trades: autocorrelation of their signs, and how unevenly they come.
class TradeFlow {
 public:
  void trade(std::int64_t now_ns, Side side) {
    if (count_ > 0 && now_ns == last_ns_ && side == last_side_) return;  // one order, filled in pieces
    last_ns_ = now_ns;
    last_side_ = side;
    ++count_;
    const double sign = side == Side::kBuy ? 1 : -1;
    sum_ += sign;
    signs_.push_front(sign);
    for (std::size_t lag = 1; lag < signs_.size(); ++lag) products_[lag] += sign * signs_[lag];
    if (signs_.size() > kSignLagMax) signs_.pop_back();
    for (std::size_t k = 0; k < bins_.size(); ++k) ++bin_at(k, now_ns).now;
  }
  void end(std::int64_t now_ns) {
    for (std::size_t k = 0; k < bins_.size(); ++k) bin_at(k, now_ns);
  }
  void start(std::int64_t now_ns) {
    for (Bin& bin : bins_) bin.start_ns = now_ns;
  }
  std::uint64_t count() const { return count_; }
  std::vector<StatisticsPoint> autocorrelation() const {
    std::vector<StatisticsPoint> points;
    const double mean = count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
    const double variance = 1 - mean * mean;
    for (std::size_t lag = 1; lag <= kSignLagMax && lag < count_ && variance > 0; ++lag) {
      const double product = products_[lag] / static_cast<double>(count_ - lag);
      points.push_back({static_cast<double>(lag), (product - mean * mean) / variance});
    }
    return points;
  }
  std::vector<StatisticsPoint> clustering() const {
    std::vector<StatisticsPoint> points;
    for (std::size_t k = 0; k < bins_.size(); ++k) {
      const Bin& bin = bins_[k];
      const double mean = bin.count < 2 ? 0 : bin.sum / bin.count;
      if (mean > 0) points.push_back({kClusteringSeconds[k], (bin.squares / bin.count - mean * mean) / mean});
    }
    return points;
  }

 private:
  struct Bin {
    std::int64_t start_ns = 0;
    double now = 0, count = 0, sum = 0, squares = 0;
  };
  // The bin that holds `now_ns`; those before it are closed.
  Bin& bin_at(std::size_t k, std::int64_t now_ns) {
    Bin& bin = bins_[k];
    const auto length = static_cast<std::int64_t>(kClusteringSeconds[k] * kNsPerSecond);
    const std::int64_t passed = (now_ns - bin.start_ns) / length;
    if (passed > 0) {
      bin.sum += bin.now;
      bin.squares += bin.now * bin.now;
      bin.count += static_cast<double>(passed);
      bin.now = 0;
      bin.start_ns += passed * length;
    }
    return bin;
  }

  std::uint64_t count_ = 0;
  std::int64_t last_ns_ = 0;
  Side last_side_ = Side::kBuy;
  double sum_ = 0;
  std::deque<double> signs_;
  std::array<double, kSignLagMax + 1> products_{};
  std::array<Bin, kClusteringSeconds.size()> bins_;
};

// Two walks: the first finds the units, the second measures in them.
class Units {
 public:
  explicit Units(const Feed& feed) {
    FeedBook book;
    TimeWeighted touches;
    const auto times = feed.exchange_ns();
    for (std::size_t row = 0; row + 1 < feed.size(); ++row) {
      feed.release_before(row);
      book.apply(feed.event(row));
      if (times[row + 1] == times[row] || !book.two_sided() || book.crossed()) continue;
      const FeedLevel bid = book.best_bid(), ask = book.best_ask();
      const std::int64_t held_ns = times[row + 1] - times[row];
      spreads_.hold(ask.price_ticks - bid.price_ticks, held_ns);
      touches.hold((bid.quantity_lots + ask.quantity_lots) / 2, held_ns);
    }
    spread_ticks = spreads_.median();
    touch_lots = touches.median();
  }
  std::vector<StatisticsPoint> distribution() const {
    std::vector<StatisticsPoint> points;
    for (const double share : kSpreadShares)
      points.push_back({share, spreads_.share_up_to(share * spread_ticks)});
    return points;
  }
  double spread_ticks = 0;
  double touch_lots = 0;

 private:
  TimeWeighted spreads_;
};

class Walk {
 public:
  Walk(const Feed& feed, const Units& units) : feed_(feed), units_(units) {}

  void run(FeedStatistics& out) {
    const auto times = feed_.exchange_ns();
    flow_.start(times[0]);
    next_mid_ns_ = next_depth_ns_ = times[0];
    for (std::size_t row = 0; row < feed_.size(); ++row) {
      feed_.release_before(row);
      const MarketEvent event = feed_.event(row);
      if (event.kind == EventKind::kTrade) flow_.trade(event.exchange_ns, event.side);
      if (row >= feed_.header().opening_row_count) note_life(event);
      book_.apply(event);
      const std::int64_t until_ns = row + 1 < feed_.size() ? times[row + 1] : times[row] + 1;
      if (until_ns != times[row]) stand(until_ns);
    }
    flow_.end(times[feed_.size() - 1]);
    out.trades = flow_.count();
    out.signature = signature_.points(units_.spread_ticks);
    out.sign_autocorrelation = flow_.autocorrelation();
    out.trade_clustering = flow_.clustering();
    for (int k = 0; k < kDepthSpreadsMax && depth_samples_ > 0; ++k)
      out.depth_by_distance.push_back({static_cast<double>(k), depth_[static_cast<std::size_t>(k)] /
                                                                   (2 * depth_samples_ * units_.touch_lots)});
    for (std::size_t k = 0; k < kLifetimeSeconds.size() && lives_ > 0; ++k)
      out.level_lifetime.push_back({kLifetimeSeconds[k], static_cast<double>(ended_[k]) / lives_});
  }

 private:
  // The book stays as it is until `until_ns`.
  void stand(std::int64_t until_ns) {
    const bool fit = book_.two_sided() && !book_.crossed();
    for (; next_mid_ns_ < until_ns; next_mid_ns_ += kMidStepNs) {
      if (fit) mid_ = static_cast<double>(book_.best_bid().price_ticks + book_.best_ask().price_ticks) / 2;
      if (mid_ > 0) signature_.sample(mid_);
    }
    for (; next_depth_ns_ < until_ns; next_depth_ns_ += kDepthStepNs) {
      if (fit) sample_depth();
    }
  }
  void sample_depth() {
    ++depth_samples_;
    for (const auto& side : {book_.bids(), book_.asks()}) {
      for (const FeedLevel& level : side) {
        const double ticks = std::fabs(static_cast<double>(level.price_ticks - side.front().price_ticks));
        const auto bin = static_cast<std::size_t>(ticks / units_.spread_ticks + 0.5);
        if (bin >= kDepthSpreadsMax) break;
        depth_[bin] += static_cast<double>(level.quantity_lots);
      }
    }
  }
  // Before the row is in the book. A level lives from its appearance near the touch to its removal.
  void note_life(const MarketEvent& event) {
    if (event.kind == EventKind::kClear) births_.clear();
    if (event.kind != EventKind::kDepth || !book_.two_sided()) return;
    const std::int64_t key = std::int64_t{event.price_ticks} * 2 + (event.side == Side::kBuy ? 0 : 1);
    const auto born = births_.find(key);
    if (event.quantity_lots > 0) {
      const std::int64_t touch =
          event.side == Side::kBuy ? book_.best_bid().price_ticks : book_.best_ask().price_ticks;
      const double behind = std::fabs(static_cast<double>(event.price_ticks - touch));
      if (born == births_.end() && behind <= kLifetimeSpreadsMax * units_.spread_ticks &&
          book_.quantity_lots(event.side, event.price_ticks) == 0)
        births_.emplace(key, event.exchange_ns);
    } else if (born != births_.end()) {
      const double age_s = static_cast<double>(event.exchange_ns - born->second) / kNsPerSecond;
      births_.erase(born);
      ++lives_;
      for (std::size_t k = 0; k < kLifetimeSeconds.size(); ++k) ended_[k] += age_s <= kLifetimeSeconds[k];
    }
  }

  const Feed& feed_;
  const Units& units_;
  FeedBook book_;
  Signature signature_;
  TradeFlow flow_;
  std::int64_t next_mid_ns_ = 0, next_depth_ns_ = 0;
  double mid_ = 0;
  double depth_samples_ = 0;
  std::array<double, kDepthSpreadsMax> depth_{};
  std::unordered_map<std::int64_t, std::int64_t> births_;
  double lives_ = 0;
  std::array<std::uint64_t, kLifetimeSeconds.size()> ended_{};
};

}  // namespace

FeedStatistics measure_statistics(const Feed& feed) {
  FeedStatistics out;
  out.span_s =
      static_cast<double>(feed.header().last_exchange_ns - feed.header().first_exchange_ns) / kNsPerSecond;
  const Units units(feed);
  out.spread_ticks_typical = units.spread_ticks;
  out.touch_lots_typical = units.touch_lots;
  if (units.spread_ticks <= 0 || units.touch_lots <= 0) return out;
  out.spread_distribution = units.distribution();
  Walk(feed, units).run(out);
  return out;
}

}  // namespace soak::sim

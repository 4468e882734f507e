#include "sim/feed_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/clock.h"
#include "base/plural.h"
#include "sim/feed_book.h"
#include "sim/feed_windows.h"

namespace soak::sim {
namespace {

// Counts of non-negative numbers in buckets that are exact below 256 and at most 1/128 wide above.
class Histogram {
 public:
  void add(std::int64_t value) {
    ++counts_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)))];
    ++total_;
  }
  // Nearest rank, the least value of its bucket; 0 of nothing.
  std::int64_t percentile(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
    std::uint64_t passed = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      passed += counts_[bucket];
      if (passed >= rank && passed > 0) return least_of(bucket);
    }
    return 0;
  }

 private:
  static constexpr int kBits = 7;
  static std::size_t bucket_of(std::uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kBits - 1);
    return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
  }
  static std::int64_t least_of(std::size_t bucket) {
    if (bucket < (std::size_t{2} << kBits)) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = (bucket >> kBits) - 1;
    return static_cast<std::int64_t>((bucket - (shift << kBits)) << shift);
  }
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(std::size_t{64} << kBits);
  std::uint64_t total_ = 0;
};

// Looks at the book each time it has taken all rows of one exchange time.
class StateWalk {
 public:
  explicit StateWalk(const Feed& feed, FeedSummary& summary)
      : summary_(summary), tick_(to_double(feed.tick())) {}

  // The book as of `row`, the last one of its time.
  void look(const FeedBook& book, std::uint64_t row) {
    ++summary_.book_states;
    if (!book.two_sided()) {
      if (++summary_.one_sided_states == 1) summary_.first_one_sided_row = row;
      return;
    }
    const FeedLevel bid = book.best_bid(), ask = book.best_ask();
    if (book.crossed()) {
      if (++summary_.crossed_states == 1) summary_.first_crossed_row = row;
      return;
    }
    const double mid_ticks = static_cast<double>(bid.price_ticks + ask.price_ticks) / 2;
    const std::int64_t spread = ask.price_ticks - bid.price_ticks;
    const double spread_bps = static_cast<double>(spread) / mid_ticks * 1e4;
    spreads_.add(spread);
    spreads_bps_.add(std::llround(spread_bps * kBpsScale));
    const auto [less, more] = std::minmax(bid.quantity_lots, ask.quantity_lots);
    touches_.add(std::midpoint(less, more));  // wide quantities: their sum may not fit
    bps_sum_ += spread_bps;
    ++looked_at_;
    const double mid = mid_ticks * tick_;
    if (looked_at_ == 1) summary_.mid_first = summary_.mid_min = summary_.mid_max = mid;
    summary_.mid_last = mid;
    summary_.mid_min = std::min(summary_.mid_min, mid);
    summary_.mid_max = std::max(summary_.mid_max, mid);
  }

  void end() {
    if (looked_at_ > 0) summary_.spread_bps_mean = bps_sum_ / static_cast<double>(looked_at_);
    summary_.spread_ticks_median = spreads_.percentile(0.5);
    summary_.spread_ticks_p95 = spreads_.percentile(0.95);
    summary_.spread_bps_median = static_cast<double>(spreads_bps_.percentile(0.5)) / kBpsScale;
    summary_.touch_lots_median = touches_.percentile(0.5);
  }

 private:
  FeedSummary& summary_;
  double tick_;
  static constexpr double kBpsScale = 1e6;
  std::uint64_t looked_at_ = 0;
  double bps_sum_ = 0;
  Histogram spreads_, spreads_bps_, touches_;
};

void summarize_latency(const Feed& feed, FeedSummary& summary) {
  Histogram latencies;
  const auto exchange = feed.exchange_ns(), local = feed.local_ns();
  summary.latency_ns_min = summary.latency_ns_max = local[0] - exchange[0];
  for (std::size_t row = 0; row < feed.size(); ++row) {
    feed.release_before(row);
    const std::int64_t latency = local[row] - exchange[row];
    summary.latency_ns_min = std::min(summary.latency_ns_min, latency);
    summary.latency_ns_max = std::max(summary.latency_ns_max, latency);
    latencies.add(latency);
  }
  // A bucket's least value can lie below the exact minimum.
  summary.latency_ns_median = std::max(latencies.percentile(0.5), summary.latency_ns_min);
  summary.latency_ns_p95 = std::max(latencies.percentile(0.95), summary.latency_ns_min);
}

void note_gap(std::int64_t gap_ns, std::uint64_t row, FeedSummary& summary) {
  if (gap_ns >= kLongGapNs) ++summary.long_gaps;
  if (gap_ns <= summary.gap_ns_max) return;
  summary.gap_ns_max = gap_ns;
  summary.gap_row = row;
}

// "row 12 (2024-08-09T00:00:00.123Z)".
std::string place(const Feed& feed, std::uint64_t row) {
  const std::chrono::milliseconds since_1970(feed.exchange_ns()[row] / 1'000'000);
  return fmt::format("row {} ({})", row, base::format_utc(base::UtcTime(since_1970)));
}

struct EmptyWindows {
  std::uint64_t count = 0;
  std::uint64_t first_after_row = 0;
};

EmptyWindows empty_windows(const Feed& feed, std::int64_t window_ns) {
  EmptyWindows empty;
  const auto times = feed.exchange_ns();
  const std::uint64_t windows = whole_windows(feed, window_ns);
  for (std::uint64_t k = 0; k < windows; ++k) {
    const std::int64_t start = times.front() + static_cast<std::int64_t>(k) * window_ns;
    const std::size_t row = feed.row_at(start);
    if (times[row] - start < window_ns) continue;
    if (++empty.count == 1) empty.first_after_row = row - 1;
  }
  return empty;
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

}  // namespace

FeedSummary summarize(const Feed& feed) {
  FeedSummary summary;
  StateWalk walk(feed, summary);
  FeedBook book;
  bool changed = false;
  std::int64_t traded_lots = 0;
  const auto times = feed.exchange_ns();
  for (std::size_t row = 0; row < feed.size(); ++row) {
    feed.release_before(row);
    const MarketEvent event = feed.event(row);
    if (row > 0) note_gap(times[row] - times[row - 1], row, summary);
    if (event.kind == EventKind::kTrade)
      traded_lots += event.quantity_lots;
    else
      changed = true;
    book.apply(event);
    const bool last_of_its_time = row + 1 == feed.size() || times[row + 1] != times[row];
    if (!last_of_its_time || !changed) continue;
    walk.look(book, row);
    changed = false;
  }
  walk.end();
  summary.traded_base = static_cast<double>(traded_lots) * to_double(feed.lot());
  summarize_latency(feed, summary);
  return summary;
}

std::vector<std::string> unfit_reasons(const Feed& feed, const FeedSummary& summary, std::int64_t window_ns) {
  const FeedHeader& h = feed.header();
  constexpr double kAgreementMin = 0.99;
  std::vector<std::string> reasons;
  if (h.opening_row_count == 0 && h.depth_rows == 0)
    reasons.push_back("no book: neither a snapshot nor depth rows");
  if (h.trade_rows == 0) reasons.push_back("no trades: nothing could ever be filled");
  if (summary.crossed_states > 0)
    reasons.push_back(fmt::format("the book is crossed in {} of {} states, first at {}",
                                  summary.crossed_states, summary.book_states,
                                  place(feed, summary.first_crossed_row)));
  if (summary.one_sided_states > 0)
    reasons.push_back(fmt::format("a side of the book is empty in {} of {} states, first at {}",
                                  summary.one_sided_states, summary.book_states,
                                  place(feed, summary.first_one_sided_row)));
  if (h.sequence_breaks > 0)
    reasons.push_back(base::plural(h.sequence_breaks, "sequence break") + ": updates are missing");
  const double agreement =
      h.states_compared == 0 ? 1.0
                             : static_cast<double>(h.states_agreed) / static_cast<double>(h.states_compared);
  if (agreement < kAgreementMin) {
    reasons.push_back(
        fmt::format("the book agrees with the source's best bid and ask in only {} of {} states",
                    h.states_agreed, h.states_compared));
  }
  if (summary.latency_ns_min < 0) reasons.push_back("a message is received before it was sent");
  if (whole_windows(feed, window_ns) == 0) {
    reasons.push_back(fmt::format("{:.1f} s long: not one whole window of {} s",
                                  seconds(h.last_exchange_ns - h.first_exchange_ns), seconds(window_ns)));
  }
  if (const auto empty = empty_windows(feed, window_ns); empty.count > 0) {
    reasons.push_back(fmt::format("{} windows of {} s without a single row, the first after {}", empty.count,
                                  seconds(window_ns), place(feed, empty.first_after_row)));
  }
  return reasons;
}

}  // namespace soak::sim

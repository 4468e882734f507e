#include "sim/feed_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/feed_book.h"
#include "sim/feed_windows.h"

namespace soak::sim {
namespace {

// Nearest rank; 0 of nothing.
template <class T>
T percentile(std::vector<T>& values, double share) {
  if (values.empty()) return T{};
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// Looks at the book each time it has taken all rows of one exchange time.
class StateWalk {
 public:
  explicit StateWalk(const Feed& feed, FeedSummary& summary)
      : summary_(summary), tick_(to_double(feed.tick())) {}

  void look(const FeedBook& book) {
    ++summary_.book_states;
    if (!book.two_sided()) {
      ++summary_.one_sided_states;
      return;
    }
    const FeedLevel bid = book.best_bid(), ask = book.best_ask();
    if (book.crossed()) {
      ++summary_.crossed_states;
      return;
    }
    const double mid_ticks = static_cast<double>(bid.price_ticks + ask.price_ticks) / 2;
    const std::int64_t spread = ask.price_ticks - bid.price_ticks;
    spreads_.push_back(spread);
    spreads_bps_.push_back(static_cast<double>(spread) / mid_ticks * 1e4);
    touches_.push_back((bid.quantity_lots + ask.quantity_lots) / 2);
    const double mid = mid_ticks * tick_;
    if (spreads_.size() == 1) summary_.mid_first = summary_.mid_min = summary_.mid_max = mid;
    summary_.mid_last = mid;
    summary_.mid_min = std::min(summary_.mid_min, mid);
    summary_.mid_max = std::max(summary_.mid_max, mid);
  }

  void end() {
    double sum = 0;
    for (const double bps : spreads_bps_) sum += bps;
    if (!spreads_bps_.empty()) summary_.spread_bps_mean = sum / static_cast<double>(spreads_bps_.size());
    summary_.spread_ticks_median = percentile(spreads_, 0.5);
    summary_.spread_ticks_p95 = percentile(spreads_, 0.95);
    summary_.spread_bps_median = percentile(spreads_bps_, 0.5);
    summary_.touch_lots_median = percentile(touches_, 0.5);
  }

 private:
  FeedSummary& summary_;
  double tick_;
  std::vector<std::int64_t> spreads_, touches_;
  std::vector<double> spreads_bps_;
};

void summarize_latency(const Feed& feed, FeedSummary& summary) {
  std::vector<std::int64_t> latencies;
  latencies.reserve(feed.size());
  const auto exchange = feed.exchange_ns(), local = feed.local_ns();
  for (std::size_t row = 0; row < feed.size(); ++row) latencies.push_back(local[row] - exchange[row]);
  summary.latency_ns_min = *std::min_element(latencies.begin(), latencies.end());
  summary.latency_ns_max = *std::max_element(latencies.begin(), latencies.end());
  summary.latency_ns_median = percentile(latencies, 0.5);
  summary.latency_ns_p95 = percentile(latencies, 0.95);
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
    const MarketEvent event = feed.event(row);
    if (row > 0) summary.gap_ns_max = std::max(summary.gap_ns_max, times[row] - times[row - 1]);
    if (event.kind == EventKind::kTrade)
      traded_lots += event.quantity_lots;
    else
      changed = true;
    book.apply(event);
    const bool last_of_its_time = row + 1 == feed.size() || times[row + 1] != times[row];
    if (!last_of_its_time || !changed) continue;
    walk.look(book);
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
    reasons.push_back(
        fmt::format("the book is crossed in {} of {} states", summary.crossed_states, summary.book_states));
  if (summary.one_sided_states > 0)
    reasons.push_back(fmt::format("a side of the book is empty in {} of {} states", summary.one_sided_states,
                                  summary.book_states));
  if (h.sequence_breaks > 0)
    reasons.push_back(fmt::format("{} sequence breaks: updates are missing", h.sequence_breaks));
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
                                  static_cast<double>(h.last_exchange_ns - h.first_exchange_ns) / 1e9,
                                  static_cast<double>(window_ns) / 1e9));
  }
  return reasons;
}

}  // namespace soak::sim

#include "sim/feed_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace soak::sim {
namespace {

std::vector<Level> to_levels(const std::vector<FeedLevel>& from) {
  std::vector<Level> levels;
  levels.reserve(from.size());
  for (const FeedLevel& level : from)
    levels.push_back({static_cast<std::int32_t>(level.price_ticks), level.quantity_lots});
  return levels;
}

}  // namespace

std::uint64_t whole_windows(const Feed& feed, std::int64_t length_ns) {
  assert(length_ns > 0);
  const FeedHeader& h = feed.header();
  // As unsigned numbers, so that no span of two 64-bit times overflows.
  const auto span =
      static_cast<std::uint64_t>(h.last_exchange_ns) - static_cast<std::uint64_t>(h.first_exchange_ns);
  return span / static_cast<std::uint64_t>(length_ns);
}

FeedWindows::FeedWindows(const Feed& feed, std::int64_t length_ns)
    : feed_(&feed),
      length_ns_(length_ns),
      start_ns_(feed.header().first_exchange_ns),
      count_(whole_windows(feed, length_ns)) {}

Result<FeedWindow> FeedWindows::window(std::uint64_t index) {
  if (index >= count_) {
    return fail(ErrorCode::kFeedTooShort,
                fmt::format("window {} of {} s was asked for and the feed holds {}", index + 1,
                            static_cast<double>(length_ns_) / 1e9, count_),
                feed_->path());
  }
  FeedWindow window;
  window.index = index;
  window.start_ns = start_ns_ + static_cast<std::int64_t>(index) * length_ns_;
  window.end_ns = window.start_ns + length_ns_;
  // The opening book's rows bear the feed's first time; they are the first window's book and not events in
  // it.
  window.first_row = std::max<std::size_t>(feed_->row_at(window.start_ns), feed_->header().opening_row_count);
  window.end_row = std::max(window.first_row, feed_->row_at(window.end_ns));
  move_book_to(window.first_row);
  window.bids = to_levels(book_.bids());
  window.asks = to_levels(book_.asks());
  return window;
}

ReplayFeed FeedWindows::rows(const FeedWindow& window) const {
  ReplayFeed view = replay_feed(*feed_);
  view.row_count = window.end_row - window.first_row;
  for (ReplayColumns* columns : {&view.exchange, &view.local}) {
    columns->times_ns += window.first_row;
    columns->rows += window.first_row;
    columns->size -= window.first_row;
    columns->joined_rows = nullptr;  // they count the feed's rows
  }
  return view;
}

void FeedWindows::move_book_to(std::size_t row) {
  const auto keyframes = feed_->keyframes();
  const auto after = std::upper_bound(
      keyframes.begin(), keyframes.end(), row,
      [](std::size_t wanted, const FeedKeyframe& keyframe) { return wanted < keyframe.row; });
  const std::size_t keyframe_row = after == keyframes.begin() ? 0 : (after - 1)->row;
  if (book_row_ > row || book_row_ < keyframe_row) {
    book_ = FeedBook{};
    if (after != keyframes.begin()) {
      const FeedKeyframe& keyframe = *(after - 1);
      const auto levels = feed_->levels(keyframe);
      book_.assign(levels.first(keyframe.bid_count), levels.subspan(keyframe.bid_count));
    }
    book_row_ = keyframe_row;
  }
  for (; book_row_ < row; ++book_row_) book_.apply(feed_->event(book_row_));
}

}  // namespace soak::sim

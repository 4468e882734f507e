#pragma once
// Consecutive windows of equal length over a feed: what each iteration of a soak replays. Window k covers the
// exchange times [start + k·length, start + (k+1)·length), where start is the time of the feed's opening
// book. Walking forward costs the rows passed; jumping to any window costs at most one keyframe interval of
// rows. One user at a time; the feed must outlive it.

#include <soak/result.h>
#include <cstdint>
#include <vector>

#include "sim/feed.h"
#include "sim/feed_book.h"
#include "sim/replay_feed.h"

namespace soak::sim {

struct FeedWindow {
  std::uint64_t index = 0;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::size_t first_row = 0;  // the window's events are rows [first_row, end_row) of the feed
  std::size_t end_row = 0;
  std::vector<Level> bids;  // the book as the window opens, best first
  std::vector<Level> asks;
};

class FeedWindows {
 public:
  // `length_ns` > 0.
  FeedWindows(const Feed& feed, std::int64_t length_ns);

  // Windows that the feed covers to their end.
  std::uint64_t count() const { return count_; }
  std::int64_t length_ns() const { return length_ns_; }

  // Window `index`, in any order; kFeedTooShort where index >= count(), saying how many there are.
  Result<FeedWindow> window(std::uint64_t index);
  // Its events, decoded.
  std::vector<MarketEvent> events(const FeedWindow& window) const {
    return feed_->events(window.first_row, window.end_row);
  }
  // The feed from its first row on, in place. Not for a feed with wide quantities.
  ReplayFeed rows(const FeedWindow& window) const;

 private:
  void move_book_to(std::size_t row);

  const Feed* feed_;
  std::int64_t length_ns_;
  std::int64_t start_ns_;
  std::uint64_t count_ = 0;
  FeedBook book_;
  std::size_t book_row_ = 0;  // the book is as of before this row
};

// How many whole windows of this length a feed holds, without opening a cursor.
std::uint64_t whole_windows(const Feed& feed, std::int64_t length_ns);

}  // namespace soak::sim

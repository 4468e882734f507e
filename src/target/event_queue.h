#pragma once
// What the threads that watch a target hand to the loop: reports, and changes of the runtime file, in the
// order in which they happened. Thread safe; bounded: a full queue makes its writers wait.

#include <soak/json.h>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace soak::target {

struct TargetEvent {
  enum class Kind {
    kReport,       // `seq` and `report`
    kBadReport,    // `text`: what is wrong with it
    kRuntimeFile,  // `text`: the hash of what it holds now; empty where it is gone
  };
  Kind kind = Kind::kReport;
  std::chrono::steady_clock::time_point at;  // of a report: when it was written, not when we came to read it
  base::UtcTime utc;
  std::int64_t seq = 0;
  Json report;
  std::size_t bytes = 0;  // of the report as it came
  std::string text;
};

class EventQueue {
 public:
  // Waits while the queue is full and not closed.
  void push(TargetEvent event) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || events_.size() < kEventsMax; });
    if (closed_) return;
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  // The next event, or nothing where none has come by then.
  std::optional<TargetEvent> pop_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return !events_.empty(); });
    if (events_.empty()) return std::nullopt;
    TargetEvent event = std::move(events_.front());
    events_.pop_front();
    changed_.notify_all();
    return event;
  }
  // Puts back what pop_until() gave last.
  void put_back(TargetEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_front(std::move(event));
  }
  // Nobody waits any more, and what is pushed is dropped.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t kEventsMax = 4096;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<TargetEvent> events_;
  bool closed_ = false;
};

}  // namespace soak::target

#pragma once
// A thread with a queue of work, one piece after another, and something to do now and then.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace soak::serve {

class Worker {
 public:
  // `tick` (or nothing) runs in the thread between the pieces, at once and then as often as it says; what it
  // returns is how long to wait until the next. Another piece wakes the thread, and tick runs after it only
  // when it is due.
  explicit Worker(std::function<std::chrono::milliseconds()> tick = {});
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // From any thread. Dropped after stop().
  void post(std::function<void()> work);
  // Waits for the piece under way; the others are dropped. Once, from the thread that made it.
  void stop();

 private:
  void run();

  std::function<std::chrono::milliseconds()> tick_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace soak::serve

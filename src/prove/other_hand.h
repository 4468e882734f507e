#pragma once
// Somebody else who does something in a while, in a thread of his own. Not for other rooms.

#include <soak/result.h>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace soak::prove {

class OtherHand {
 public:
  // `act` runs in the other thread, at most once.
  OtherHand(std::chrono::milliseconds after, std::function<Result<void>()> act)
      : act_(std::move(act)), due_(Clock::now() + after), thread_([this] { work(); }) {}
  OtherHand(const OtherHand&) = delete;
  OtherHand& operator=(const OtherHand&) = delete;
  ~OtherHand() { call_off(); }

  // Ends it: true where the deed was done, as it always is once it was due; its error where it went wrong.
  Result<bool> finish() {
    call_off();
    if (!result_) return tl::unexpected(result_.error());
    return acted_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void work() {
    std::unique_lock lock(mutex_);
    called_off_now_.wait_until(lock, due_, [this] { return called_off_; });
    if (Clock::now() < due_) return;
    lock.unlock();
    result_ = act_();
    acted_ = true;
  }
  void call_off() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      called_off_ = true;
    }
    called_off_now_.notify_all();
    thread_.join();
  }

  std::function<Result<void>()> act_;
  Clock::time_point due_;
  std::mutex mutex_;
  std::condition_variable called_off_now_;
  bool called_off_ = false;  // guarded by mutex_
  bool acted_ = false;       // the thread's until it is joined, and so is the result
  Result<void> result_;
  std::thread thread_;  // last: it works with the others
};

}  // namespace soak::prove

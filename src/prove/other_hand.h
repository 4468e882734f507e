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
      : act_(std::move(act)), thread_([this, after] { work(after); }) {}
  OtherHand(const OtherHand&) = delete;
  OtherHand& operator=(const OtherHand&) = delete;
  ~OtherHand() { call_off(); }

  // Ends it, the deed done or not: true where it was done; its error where it went wrong.
  Result<bool> finish() {
    call_off();
    if (!result_) return tl::unexpected(result_.error());
    return acted_;
  }

 private:
  void work(std::chrono::milliseconds after) {
    std::unique_lock lock(mutex_);
    if (called_off_now_.wait_for(lock, after, [this] { return called_off_; })) return;
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
  std::mutex mutex_;
  std::condition_variable called_off_now_;
  bool called_off_ = false;  // guarded by mutex_
  bool acted_ = false;       // the thread's until it is joined, and so is the result
  Result<void> result_;
  std::thread thread_;  // last: it works with the others
};

}  // namespace soak::prove

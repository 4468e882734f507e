#include "serve/worker.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace soak::serve {

Worker::Worker(std::function<std::chrono::milliseconds()> tick) : tick_(std::move(tick)) {
  sigset_t all, before;  // signals are the main thread's
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void Worker::run() {
  auto next = std::chrono::steady_clock::now();
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      const auto something = [this] { return ending_ || !queue_.empty(); };
      if (tick_) {
        wake_.wait_until(lock, next, something);
      } else {
        wake_.wait(lock, something);
      }
      if (ending_) return;
      if (!queue_.empty()) {
        work = std::move(queue_.front());
        queue_.pop_front();
      }
    }
    if (work) work();
    if (tick_ && std::chrono::steady_clock::now() >= next) next = std::chrono::steady_clock::now() + tick_();
  }
}

}  // namespace soak::serve

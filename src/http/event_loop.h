#pragma once
// libevent's loop, closed after itself and stopped from another thread. libevent's own log goes nowhere: only
// `cli` prints.

#include <soak/result.h>
#include <atomic>
#include <memory>

#include "base/descriptor.h"

struct event;
struct event_base;

namespace soak::http {

// Belongs to one thread; only stop() may be called from any other.
class EventLoop {
 public:
  // kIoError: the system gives no more descriptors.
  static Result<std::unique_ptr<EventLoop>> create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  event_base* base() const { return base_.get(); }
  // Serves events until leave() or stop().
  void run();
  // Serves the events that are there already.
  void run_pending();
  // From within an event: run() returns after it.
  void leave();
  // For ever: run() returns, and each later one at once.
  void stop();
  bool stopped() const { return stopped_; }

 private:
  struct Free {
    void operator()(event_base* base) const;
    void operator()(event* wake) const;
  };
  EventLoop() = default;

  base::Descriptor wake_descriptor_;  // an eventfd: libevent's own wake-up needs its library of locks
  std::unique_ptr<event_base, Free> base_;
  std::unique_ptr<event, Free> wake_;  // goes before base_
  std::atomic<bool> stopped_ = false;
};

}  // namespace soak::http

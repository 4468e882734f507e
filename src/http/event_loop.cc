#include "http/event_loop.h"

#include <event2/event.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>

#include "base/file.h"

namespace soak::http {

void EventLoop::Free::operator()(event_base* base) const {
  event_base_free(base);
}
void EventLoop::Free::operator()(event* wake) const {
  event_free(wake);
}

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  static const bool silent = (event_set_log_callback([](int, const char*) {}), true);
  static_cast<void>(silent);
  std::unique_ptr<EventLoop> loop(new EventLoop);
  const auto failed = [] {
    return fail(ErrorCode::kIoError, "the system gives no descriptors for HTTP connections");
  };
  loop->wake_descriptor_ = base::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->wake_descriptor_.valid()) return failed();
  const std::unique_ptr<event_config, decltype(&event_config_free)> config(event_config_new(),
                                                                           &event_config_free);
  if (!config) return failed();
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
  loop->base_.reset(event_base_new_with_config(config.get()));
  if (!loop->base_) return failed();
  loop->wake_.reset(event_new(
      loop->base(), loop->wake_descriptor_.get(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* self) { static_cast<EventLoop*>(self)->leave(); }, loop.get()));
  if (!loop->wake_ || event_add(loop->wake_.get(), nullptr) != 0) return failed();
  return loop;
}

void EventLoop::run() {
  if (!stopped_) event_base_loop(base(), EVLOOP_NO_EXIT_ON_EMPTY);
}
void EventLoop::run_pending() {
  if (!stopped_) event_base_loop(base(), EVLOOP_NONBLOCK);
}
void EventLoop::leave() {
  event_base_loopbreak(base());
}
void EventLoop::stop() {
  stopped_ = true;
  ::eventfd_write(wake_descriptor_.get(), 1);  // never read: the loop stays awake
}

}  // namespace soak::http

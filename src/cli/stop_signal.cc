#include "cli/stop_signal.h"

namespace soak::cli {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

}  // namespace

const volatile std::sig_atomic_t* watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return &stop_requested;
}

}  // namespace soak::cli

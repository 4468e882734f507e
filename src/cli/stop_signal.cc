#include "cli/stop_signal.h"

#include <unistd.h>

#include <string_view>

#include "cli/command.h"

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

void watch_lost_recordings() {
  std::signal(SIGBUS, [](int) {
    constexpr std::string_view kText =
        "soak: cannot read on: the recording was cut while it was read, or its disk failed\n";
    static_cast<void>(!::write(STDERR_FILENO, kText.data(), kText.size()));
    ::_exit(kExitError);
  });
}

}  // namespace soak::cli

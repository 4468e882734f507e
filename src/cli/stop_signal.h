#pragma once
// Signals that commands take.

#include <csignal>

namespace soak::cli {

// SIGINT and SIGTERM for commands that take long. The flag is set by the first, which asks for a clean end; a
// second one ends the process at once, which the artifacts survive too.
const volatile std::sig_atomic_t* watch_stop_signals();

// SIGBUS for commands that map a recording: it is all that tells where one is cut while it is read, or its
// disk fails. The process says so and ends with exit 1.
void watch_lost_recordings();

}  // namespace soak::cli

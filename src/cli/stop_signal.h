#pragma once
// SIGINT and SIGTERM for commands that take long: the first asks for a clean end, a second one ends the
// process at once, which the artifacts survive too.

#include <csignal>

namespace soak::cli {

// Installs the handlers; the flag is set by the first signal.
const volatile std::sig_atomic_t* watch_stop_signals();

}  // namespace soak::cli

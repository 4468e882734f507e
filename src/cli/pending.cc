// Subcommands still to come; each real one replaces its line here. Removed when the last has landed.
#include "cli/command.h"
namespace soak::cli {
#define SOAK_PENDING(name) __attribute__((weak)) void name(CLI::App&, int&) {}
SOAK_PENDING(add_analyze)
SOAK_PENDING(add_snapshot)
SOAK_PENDING(add_gate)
}  // namespace soak::cli

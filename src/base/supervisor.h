#pragma once
// The supervisor's side of base/supervised_process.h: what runs between fork and the end of the program. Not
// for other files. Only async-signal-safe calls, since the process that forks may have threads.

#include <cstdint>

namespace soak::base {

struct SupervisorPlan {
  const char* path;
  char* const* arguments;
  char* const* environment;
  int control;  // a stream socket to the one who asked
  int log;
  int null;  // /dev/null
  std::int64_t grace_ms;
};

// One message to the one who asked.
struct SupervisorNews {
  enum Kind : std::int32_t {
    kStarted = 1,      // value: the program's pid
    kNotStarted = 2,   // value: the errno
    kEnded = 3,        // value: as waitpid(2) gives it
    kNothingLeft = 4,  // of the program and all that it started
  };
  std::int32_t kind;
  std::int32_t value;
};

inline constexpr char kCommandStop = 'T';
inline constexpr char kCommandHangUp = 'H';

// Never returns.
[[noreturn]] void supervise(const SupervisorPlan& plan);

}  // namespace soak::base

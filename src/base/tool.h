#pragma once
// Another program, run to its end: text in, text out. For tools that do one thing for us (curl,
// rsvg-convert). A program that should live beside us is a SupervisedProcess. SIGPIPE must be ignored in the
// process. Linux only; thread safe.

#include <soak/result.h>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace soak::base {

struct ToolRun {
  std::vector<std::string> arguments;  // the program first, looked for in PATH; visible to every user
  std::string input;                   // given on standard input, which nobody else sees
  std::chrono::milliseconds limit{30'000};
  std::size_t output_bytes_max = std::size_t{64} << 20;
};

struct ToolResult {
  int status = 0;  // the exit status
  std::string output;
  std::string errors;  // standard error, of which 64 KiB are kept
};

// kNotFound: no such program. kLimitExceeded: it took longer, or printed more; it is killed then.
// kIoError: it was killed by a signal, or the system gave no process.
Result<ToolResult> run_tool(const ToolRun& run);

}  // namespace soak::base

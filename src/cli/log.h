#pragma once
// What a command tells while it works, a line each on stderr: for people ("soak: warning: ..."), or with
// --log-format json for log collectors ({"time", "level", "event", "message", ...}). Results go to stdout and
// are no log.

#include <soak/json.h>
#include <CLI/CLI.hpp>
#include <string>

namespace soak::cli {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // lines below it are left out
  bool json = false;
};

// For the whole process. Set while the command line is parsed, before anything is told.
void set_log(LogOptions options);
const LogOptions& log_options();
// --log-level and --log-format, taken before and after the subcommand.
void add_log_options(CLI::App& app);

// `event` is a word for programs: "iteration", "warning". `fields` stand beside it in JSON, and nowhere else.
// Control characters in the message become spaces, so that it stays one line. Not for secrets.
void log_line(LogLevel level, const char* event, const std::string& message,
              const Json& fields = Json::object());
// A line on a terminal that is written over by the next one, and gives way to every log line. Not thread
// safe.
void show_status(const std::string& line);
void clear_status();

inline void log_warning(const std::string& message) {
  log_line(LogLevel::kWarning, "warning", message);
}

}  // namespace soak::cli

#include "cli/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace soak::cli {
namespace {

constexpr const char* kLevels[] = {"debug", "info", "warning", "error", "off"};

bool status_shown = false;

LogOptions& options() {
  static LogOptions chosen;
  return chosen;
}

// Information needs no word in front; what a user should look at has one.
const char* prefix(LogLevel level) {
  return level == LogLevel::kWarning ? "soak: warning: " : level == LogLevel::kError ? "soak: " : "";
}

}  // namespace

void set_log(LogOptions chosen) {
  options() = chosen;
}

const LogOptions& log_options() {
  return options();
}

void add_log_options(CLI::App& app) {
  set_log({});
  app.add_option_function<std::string>(
         "--log-level",
         [](const std::string& word) {
           const auto* found = std::find(std::begin(kLevels), std::end(kLevels), word);
           options().level = static_cast<LogLevel>(found - std::begin(kLevels));
         },
         "What is told on stderr: debug, info, warning, error or off")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kLevels), std::end(kLevels))))
      ->default_str("info");
  app.add_option_function<std::string>(
         "--log-format", [](const std::string& word) { options().json = word == "json"; },
         "text, or json: one JSON object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
}

void show_status(const std::string& line) {
  if (options().level > LogLevel::kInfo) return;
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  status_shown = true;
}

void clear_status() {
  if (std::exchange(status_shown, false)) std::fputs("\r\033[K", stderr);
}

void log_line(LogLevel level, const char* event, const std::string& message, const Json& fields) {
  if (level < options().level || options().level == LogLevel::kOff) return;
  std::string line = message;
  std::replace_if(
      line.begin(), line.end(), [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }, ' ');
  if (options().json) {
    Json body = fields;
    body["time"] = base::format_utc(base::RealClock().now());
    body["level"] = kLevels[static_cast<std::size_t>(level)];
    body["event"] = event;
    body["message"] = line;
    line = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  } else {
    line = prefix(level) + line;
  }
  line += "\n";
  clear_status();
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write: lines of two threads do not mix
}

}  // namespace soak::cli

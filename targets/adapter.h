#pragma once
// What every adapter of a third-party program does: it reads the runtime file when that changes, and reports.
// One thread.

#include <soak/json.h>
#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace soak::targets {

struct Report {
  Json kpis;                // by name
  Json params;              // in effect, nested by section, as the program itself says
  std::string instance_id;  // of the program: another one after each start
  Json evidence;            // or null
};

class Adapter {
 public:
  // From SOAK_RUNTIME_OVERRIDES and SOAK_REPORT. kInvalidArgument: one of them is not set.
  static Result<Adapter> from_environment();

  // The members of `section`, where the runtime file has other bytes than at the last call; {} where it has
  // no such section. A file that cannot be read just now is said on stderr, once, and tried again.
  std::optional<Json> changed(const std::string& section);
  // Replaces the report file.
  Result<void> report(const Report& report);

 private:
  Adapter(std::string runtime_path, std::string report_path)
      : runtime_path_(std::move(runtime_path)), report_path_(std::move(report_path)) {}

  std::string runtime_path_, report_path_;
  std::string state_hash_;  // of the bytes read last
  std::string complaint_;
  std::int64_t seq_ = 0;
};

// A setting that may be written into the running program: everything else is refused, whatever the file says.
struct Setting {
  std::string name;
  std::int64_t min = 0, max = 0;
  std::vector<std::string> choices;  // not empty: one of these words, and no number
};
// The text to send; an error says what is allowed.
Result<std::string> checked_text(const std::vector<Setting>& allowed, const std::string& name,
                                 const Json& value);

// Durations of the last `span`, for a KPI that follows a change.
class RecentLatencies {
 public:
  explicit RecentLatencies(std::chrono::milliseconds span) : span_(span) {}
  void add(std::chrono::steady_clock::time_point at, double milliseconds, bool good);
  // Nothing without a request in the span.
  std::optional<double> p95_ms(std::chrono::steady_clock::time_point now);
  std::optional<double> good_ratio(std::chrono::steady_clock::time_point now);
  std::size_t count(std::chrono::steady_clock::time_point now);
  void clear() { requests_.clear(); }

 private:
  struct Request {
    std::chrono::steady_clock::time_point at;
    double milliseconds;
    bool good;
  };
  void forget_before(std::chrono::steady_clock::time_point now);

  std::chrono::milliseconds span_;
  std::vector<Request> requests_;  // in order of time
};

// Set by SIGTERM and SIGINT once end_on_signals() was called.
bool ended();
void end_on_signals();

}  // namespace soak::targets

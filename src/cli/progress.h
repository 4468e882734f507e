#pragma once
// How a run is going, for whoever watches: on a terminal one line that is written over, elsewhere a line an
// iteration; and at the end a table of its KPIs. Memory is bounded, however long the run. One thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "journal/records.h"

namespace soak::cli {

// A course of values as at most kPointsMax means of equally many values each (the last may have fewer).
class Sparkline {
 public:
  static constexpr std::size_t kPointsMax = 32;
  void add(double value);
  std::vector<double> points() const;
  // "▁▃▅█"; a course that does not change is drawn at half height; empty without values.
  std::string text() const;

 private:
  std::vector<double> sums_;    // of per_point_ values each, but the last
  std::int64_t per_point_ = 1;  // values a point
  std::int64_t count_ = 0;
};

struct ProgressOptions {
  bool terminal = false;  // stderr is one, and its lines may be written over
  bool color = false;
  int columns = 80;  // of the terminal
  std::int64_t planned = 0;
  const analyze::Profile* profile = nullptr;                   // outlives this
  std::function<std::chrono::steady_clock::time_point()> now;  // for the time that is left
};

// From the process's surroundings: color where stderr is a terminal and NO_COLOR (no-color.org) is unset or
// empty; no line is written over where TERM is dumb.
ProgressOptions progress_for_stderr(const analyze::Profile& profile, std::int64_t planned);

// Whether text on stdout may be colored.
bool color_on_stdout();

class Progress {
 public:
  explicit Progress(ProgressOptions options);

  // Of an iteration that is complete; not those before a resume.
  void take(const journal::IterationRecord& record);
  // The line that is written over at this moment, without its carriage return; fits the columns.
  std::string status_line() const;
  // The line of an iteration, for a log.
  static std::string plain_line(const journal::IterationRecord& record, const analyze::Profile& profile,
                                std::int64_t planned);
  // Shows the iteration that take() took: writes the line over, or a log line.
  void show(const journal::IterationRecord& record) const;
  // The KPIs of the iterations taken, a row each; empty where there was none.
  std::string table(bool color) const;

 private:
  struct Course {
    std::optional<double> first, last;
    double sum = 0;
    std::int64_t count = 0, passed = 0;
    Sparkline line;
  };
  std::string time_left() const;

  ProgressOptions options_;
  std::map<std::string, Course> courses_;  // of the judged KPIs
  std::chrono::steady_clock::time_point began_;
  std::int64_t taken_ = 0, faults_ = 0, proposed_ = 0, applied_ = 0;
  std::optional<journal::IterationRecord> last_;
};

}  // namespace soak::cli

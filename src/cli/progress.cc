#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cli/log.h"

namespace soak::cli {
namespace {

using std::chrono::steady_clock;

constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr const char* kGreen = "\033[32m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";
constexpr const char* kBetween = " · ";

std::string painted(const std::string& text, bool good, bool color) {
  return color ? (good ? kGreen : kRed) + text + kPlain : text;
}

// Columns that a terminal gives to UTF-8 text without wide or joined characters.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

std::string values_text(const ParamValues& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, canonical_json(value));
  return text;
}

std::string decision_text(const journal::Tuning& tuning) {
  if (tuning.proposed_deltas.empty()) return tuning.rationale.empty() ? "nothing proposed" : tuning.rationale;
  if (tuning.origin == journal::kOriginRollback) return tuning.rationale;
  if (tuning.applied) return "applied " + values_text(tuning.proposed_deltas);
  return fmt::format("held ({}) {}", tuning.skip_reason ? tuning.skip_reason->note : "",
                     values_text(tuning.proposed_deltas));
}

std::string guards_text(const GuardFlags& flags) {
  std::string text;
  const auto add = [&text](bool set, const char* name) {
    if (set) text += (text.empty() ? "" : "+") + std::string(name);
  };
  add(flags.freeze_triggered, "freeze");
  add(flags.oscillation_detected, "oscillation");
  add(flags.velocity_violation, "velocity");
  add(flags.cooldown_active, "cooldown");
  return text.empty() ? "none" : text;
}

std::string kpi_text(const analyze::Kpi& kpi, const journal::Kpis& kpis) {
  const auto value = kpis.find(kpi.name);
  return value == kpis.end() ? kpi.name + " -" : fmt::format("{} {:.4g}", kpi.name, value->second);
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

bool terminal_obeys() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) != "dumb";
}

bool color_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return terminal_obeys() && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

void Sparkline::add(double value) {
  if (static_cast<std::int64_t>(sums_.size()) * per_point_ == count_) {
    if (sums_.size() == kPointsMax) {  // twice the values a point from now on
      for (std::size_t k = 0; k < kPointsMax / 2; ++k) sums_[k] = sums_[2 * k] + sums_[2 * k + 1];
      sums_.resize(kPointsMax / 2);
      per_point_ *= 2;
    }
    sums_.push_back(0);
  }
  sums_.back() += value;
  ++count_;
}

std::vector<double> Sparkline::points() const {
  std::vector<double> means = sums_;
  for (double& mean : means) mean /= static_cast<double>(per_point_);
  if (!means.empty()) {
    const std::int64_t in_last = count_ - static_cast<std::int64_t>(sums_.size() - 1) * per_point_;
    means.back() = sums_.back() / static_cast<double>(in_last);
  }
  return means;
}

std::string Sparkline::text() const {
  const std::vector<double> means = points();
  if (means.empty()) return {};
  const auto [least, greatest] = std::minmax_element(means.begin(), means.end());
  std::string text;
  for (const double mean : means) {
    const double height = *greatest > *least ? (mean - *least) / (*greatest - *least) : 0.5;
    text += kBars[std::min<std::size_t>(7, static_cast<std::size_t>(height * 8))];
  }
  return text;
}

bool color_on_stdout() {
  return ::isatty(STDOUT_FILENO) != 0 && color_wanted();
}

ProgressOptions progress_for_stderr(const analyze::Profile& profile, std::int64_t planned) {
  ProgressOptions options;
  options.terminal = ::isatty(STDERR_FILENO) != 0 && terminal_obeys() && !log_options().json;
  options.color = options.terminal && color_wanted();
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) options.columns = size.ws_col;
  options.planned = planned;
  options.profile = &profile;
  options.now = [] { return steady_clock::now(); };
  return options;
}

Progress::Progress(ProgressOptions options) : options_(std::move(options)), began_(options_.now()) {}

void Progress::take(const journal::IterationRecord& record) {
  ++taken_;
  faults_ += static_cast<std::int64_t>(record.target.faults.size());
  if (!record.tuning.proposed_deltas.empty() && record.tuning.origin != journal::kOriginRollback) {
    ++proposed_;
    if (record.tuning.applied) ++applied_;
  }
  for (const analyze::Kpi& kpi : options_.profile->kpis) {
    const auto value = record.summary.kpis.find(kpi.name);
    if (!kpi.judged || value == record.summary.kpis.end()) continue;
    Course& course = courses_[kpi.name];
    if (!course.first) course.first = value->second;
    course.last = value->second;
    course.sum += value->second;
    ++course.count;
    const bool at_most = kpi.direction == analyze::Direction::kAtMost;
    if (at_most ? value->second <= kpi.threshold : value->second >= kpi.threshold) ++course.passed;
    course.line.add(value->second);
  }
  last_ = record;
}

std::string Progress::time_left() const {
  const std::int64_t left = options_.planned - (last_ ? last_->iteration : 0);
  if (taken_ == 0 || left <= 0) return {};
  const std::chrono::duration<double> spent = options_.now() - began_;
  return duration_text(spent.count() / static_cast<double>(taken_) * static_cast<double>(left)) + " left";
}

std::string Progress::status_line() const {
  if (!last_) return {};
  const bool passed = last_->kpi_verdict == "PASS";
  std::vector<std::string> parts = {
      fmt::format("[{}/{}] {} %", last_->iteration, options_.planned,
                  100 * last_->iteration / std::max<std::int64_t>(1, options_.planned)),
      time_left(), last_->kpi_verdict};
  for (const analyze::Kpi& kpi : options_.profile->kpis) {
    if (kpi.judged) parts.push_back(kpi_text(kpi, last_->summary.kpis));
  }
  parts.push_back("guards: " + guards_text(last_->tuning.guards));
  parts.push_back(fmt::format("applied {} of {}", applied_, proposed_));
  parts.push_back(fmt::format("faults {}", faults_));
  std::string line;
  std::size_t width = 0;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    const std::string next = (line.empty() ? "" : kBetween) + part;
    width += width_of(next);
    if (width >= static_cast<std::size_t>(options_.columns)) break;  // the last column would wrap
    const bool verdict = &part == &parts[2];
    line += verdict ? kBetween + painted(part, passed, options_.color) : next;
  }
  return line;
}

std::string Progress::plain_line(const journal::IterationRecord& record, const analyze::Profile& profile,
                                 std::int64_t planned) {
  std::string line = fmt::format("[{}/{}] {}", record.iteration, planned, record.kpi_verdict);
  for (const analyze::Kpi& kpi : profile.kpis) {
    if (kpi.judged) line += "  " + kpi_text(kpi, record.summary.kpis);
  }
  line += "  | " + decision_text(record.tuning);
  for (const journal::Fault& fault : record.target.faults)
    line += fmt::format("  ! {} {}", fault.kind, fault.parameter);
  return line;
}

void Progress::show(const journal::IterationRecord& record) const {
  if (options_.terminal) {
    return show_status(status_line());
  }
  Json fields = {{"iteration", record.iteration},
                 {"planned", options_.planned},
                 {"kpi_verdict", record.kpi_verdict},
                 {"kpis", record.summary.kpis},
                 {"proposed_deltas", record.tuning.proposed_deltas},
                 {"applied", record.tuning.applied},
                 {"fault_count", record.target.faults.size()}};
  log_line(LogLevel::kInfo, "iteration", plain_line(record, *options_.profile, options_.planned), fields);
}

std::string Progress::table(bool color) const {
  if (courses_.empty()) return {};
  std::vector<std::vector<std::string>> rows = {
      {"KPI", "first", "mean", "last", "threshold", "passed", "over the run"}};
  std::vector<bool> good = {true};
  for (const analyze::Kpi& kpi : options_.profile->kpis) {
    const auto found = courses_.find(kpi.name);
    if (found == courses_.end()) continue;
    const Course& course = found->second;
    const std::string unit =
        kpi.unit.empty() || kpi.is_ratio || kpi.name.ends_with("_" + kpi.unit) ? "" : " " + kpi.unit;
    rows.push_back({kpi.name, fmt::format("{:.4g}", *course.first),
                    fmt::format("{:.4g}", course.sum / static_cast<double>(course.count)),
                    fmt::format("{:.4g}", *course.last),
                    fmt::format("{} {:.4g}{}", kpi.direction == analyze::Direction::kAtMost ? "≤" : "≥",
                                kpi.threshold, unit),
                    fmt::format("{}/{}", course.passed, taken_), course.line.text()});
    const double last = *course.last;
    good.push_back(kpi.direction == analyze::Direction::kAtMost ? last <= kpi.threshold
                                                                : last >= kpi.threshold);
  }
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], width_of(row[k]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      const bool last_column = k + 1 == rows[r].size();
      std::string cell = last_column ? rows[r][k] : padded(rows[r][k], widths[k], k > 0);
      if (r > 0 && k == 3) cell = painted(cell, good[r], color);
      text += (k == 0 ? "" : "  ") + cell;
    }
    text += "\n";
  }
  return text;
}

}  // namespace soak::cli

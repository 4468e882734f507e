#include "analyze/text.h"

#include <fmt/format.h>

#include <cmath>

#include "base/plural.h"

namespace soak::analyze {

std::string number_text(double value, int decimals) {
  if (!std::isfinite(value)) return value > 0 ? "∞" : (value < 0 ? "-∞" : "no number");
  const double size = std::fabs(value);
  if (size >= 1e15 || (size > 0 && size < std::pow(10, -decimals) / 2)) return fmt::format("{:.3g}", value);
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

namespace {
// "share of quote attempts" explains a ratio in a heading, not behind each number.
std::string short_unit(const Kpi& kpi) {
  return kpi.is_ratio || kpi.unit.empty() ? "" : " " + kpi.unit;
}
}  // namespace

std::string value_text(double value, const Kpi& kpi) {
  return number_text(value, std::fabs(value) < 100 ? 3 : 1) + short_unit(kpi);
}

std::string threshold_text(Direction direction, double threshold) {
  return (direction == Direction::kAtMost ? "≤ " : "≥ ") + number_text(threshold);
}

std::string threshold_text(const Kpi& kpi) {
  return threshold_text(kpi.direction, kpi.threshold) + short_unit(kpi);
}

std::string passing_text(int passed, int window) {
  return fmt::format("{} of the last {} {}", passed, base::plural(window, "iteration"),
                     passed == 1 ? "passes" : "pass");
}

std::string percent_text(double share) {
  return number_text(share * 100, std::fabs(share) < 0.0995 ? 1 : 0) + " %";
}

std::string markdown_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == '\t') {
      escaped += ' ';
    } else {
      if (c == '|' || c == '<' || c == '\\') escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

MarkdownTable::MarkdownTable(std::vector<std::string> head) : columns_(head.size()) {
  row(std::move(head));
  text_ += "|";
  for (std::size_t i = 0; i < columns_; ++i) text_ += "---|";
  text_ += "\n";
  rows_ = 0;
}

void MarkdownTable::row(std::vector<std::string> cells) {
  cells.resize(columns_);
  text_ += "|";
  for (const std::string& cell : cells) text_ += fmt::format(" {} |", markdown_escape(cell));
  text_ += "\n";
  ++rows_;
}

}  // namespace soak::analyze

#pragma once
// Numbers and tables for the reports that people read. Pure.

#include <string>
#include <vector>

#include "analyze/profile.h"

namespace soak::analyze {

// At most `decimals` of them and no trailing zeros: 2.7, 350, 0.083. Very large and very small numbers
// as 1.2e+30.
std::string number_text(double value, int decimals = 3);
// With its unit, where there is one that fits behind a number: "2.7 bps", "350 ms", "0.31".
std::string value_text(double value, const Kpi& kpi);
std::string threshold_text(Direction direction, double threshold);  // "≤ 0.42"
std::string threshold_text(const Kpi& kpi);                         // "≥ 2.7 bps"
std::string percent_text(double share);                             // "73 %"
std::string passing_text(int passed, int window);                   // "5 of the last 8 iterations pass"

// A Markdown table. Cells are escaped: a pipe or a newline in a name must not tear the table.
class MarkdownTable {
 public:
  explicit MarkdownTable(std::vector<std::string> head);
  void row(std::vector<std::string> cells);
  bool empty() const { return rows_ == 0; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t columns_;
  std::size_t rows_ = 0;
};

// One line of text that Markdown shows as it stands.
std::string markdown_escape(std::string_view text);

}  // namespace soak::analyze

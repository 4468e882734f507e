#include <fmt/format.h>

#include "analyze/text.h"
#include "export/export.h"

namespace soak::exporting {

std::string gate_markdown(const gate::GateResult& result, const analyze::Snapshot& snapshot) {
  std::string text =
      fmt::format("# Soak gate: {}\n\n{} profile `{}`.\n\n", gate::gate_verdict_name(result.verdict),
                  analyze::passing_text(snapshot.pass_count, snapshot.window),
                  analyze::markdown_escape(snapshot.profile));
  analyze::MarkdownTable table({"check", "status", "measured", "threshold"});
  for (const gate::Check& check : result.checks) {
    std::string measured = "–";
    if (check.measured.is_string()) {
      measured = check.measured.get<std::string>();
    } else if (check.measured.is_number()) {
      measured = analyze::number_text(check.measured.get<double>());
    } else if (!check.measured.is_null()) {
      measured = check.measured.dump();
    }
    table.row({"`" + check.name + "`", std::string(gate::check_status_name(check.status)), measured,
               check.threshold.empty() ? "–" : check.threshold});
  }
  text += table.text();
  for (const auto& [title, lines] :
       {std::pair("Reasons", &result.reasons), std::pair("Warnings", &result.warnings)}) {
    if (lines->empty()) continue;
    text += fmt::format("\n## {}\n\n", title);
    for (const std::string& line : *lines) text += "- " + analyze::markdown_escape(line) + "\n";
  }
  return text;
}

}  // namespace soak::exporting

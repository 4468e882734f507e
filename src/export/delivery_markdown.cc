// DELTA_VERIFY_REPORT.md.

#include <fmt/format.h>

#include <algorithm>

#include "analyze/text.h"
#include "export/export.h"

namespace soak::exporting {
namespace {

constexpr std::size_t kRowsMax = 50;

std::string more(std::size_t count, const char* noun) {
  return count > kRowsMax ? fmt::format("\nand {} more {}.\n", count - kRowsMax, noun) : "";
}

std::string counts(const verify::VerifyResult& verified) {
  analyze::MarkdownTable table({"proposals", "count"});
  table.row({"judged", std::to_string(verified.proposed_count)});
  table.row({"in effect in full", std::to_string(verified.full_apply_count)});
  table.row({"held back, with a reason", std::to_string(verified.partial_ok_count)});
  table.row({"failed", std::to_string(verified.fail_count)});
  if (verified.pending_count > 0)
    table.row({"pending (nothing can prove them)", std::to_string(verified.pending_count)});
  table.row({"signature stuck", std::to_string(verified.signature_stuck_count)});
  return table.text();
}

std::string failures(const verify::VerifyResult& verified) {
  if (verified.failures.empty()) return "";
  analyze::MarkdownTable table({"proposed in", "parameter", "proposed", "observed", "seen in", "likely"});
  for (std::size_t i = 0; i < std::min(verified.failures.size(), kRowsMax); ++i) {
    const verify::Failure& failure = verified.failures[i];
    table.row({std::to_string(failure.iteration), fmt::format("`{}`", failure.parameter),
               failure.proposed.dump(), failure.observed.is_null() ? "not observed" : failure.observed.dump(),
               failure.next ? std::to_string(*failure.next) : "–", failure.kind});
  }
  return "\n## Failed deliveries\n\n" + table.text() + more(verified.failures.size(), "failed deliveries");
}

std::string faults(const verify::VerifyResult& verified) {
  if (verified.faults.empty()) return "";
  analyze::MarkdownTable table({"iteration", "fault", "parameter", "what was seen"});
  for (std::size_t i = 0; i < std::min(verified.faults.size(), kRowsMax); ++i) {
    const journal::Fault& fault = verified.faults[i];
    table.row({std::to_string(fault.iteration), fault.kind, fault.parameter, fault.detail});
  }
  return "\n## Faults of the target\n\n" + table.text() + more(verified.faults.size(), "faults");
}

std::string notes(const verify::VerifyResult& verified) {
  if (verified.notes.empty()) return "";
  std::string text = "\n## Notes\n\n";
  for (std::size_t i = 0; i < std::min(verified.notes.size(), kRowsMax); ++i) {
    text += fmt::format("- {}\n", analyze::markdown_escape(verified.notes[i]));
  }
  return text + more(verified.notes.size(), "notes");
}

}  // namespace

std::string delivery_markdown(const verify::VerifyResult& verified) {
  const verify::Verdict verdict = verify::judge(verified, false);
  return fmt::format("# Delivery: {}\n\n{}\n\n", verdict.passed ? "PASS" : "FAIL",
                     analyze::markdown_escape(verdict.reason)) +
         counts(verified) + failures(verified) + faults(verified) + notes(verified);
}

}  // namespace soak::exporting

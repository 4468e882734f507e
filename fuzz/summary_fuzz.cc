// journal::ArtifactParser and journal::ReportFile: one summary or one report, by the fast parser. What it
// takes for JSON is what parse_json() takes.

#include <string>

#include "fuzz/properties.h"
#include "journal/artifact_parse.h"

namespace soak::fuzz {
namespace {

constexpr auto kCodes = {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue, ErrorCode::kLimitExceeded};

bool take_report(std::string_view text) {
  const auto report = journal::ReportFile::parse(text);
  if (!report) {
    require_refusal(report.error(), kCodes);
    return false;
  }
  const auto& iterations = report->iterations();
  for (std::size_t k = 1; k < iterations.size(); ++k)
    require(iterations[k - 1] < iterations[k], "iterations ascend, no two the same");
  for (const std::int64_t iteration : iterations) {
    auto entry = report->entry(iteration);
    if (!entry) {
      require_refusal(entry.error(), kCodes);
      continue;
    }
    require(entry->has_value(), "an iteration that is listed has an entry");
    for (const auto& [name, value] : (*entry)->tuning.proposed_deltas)
      require_recordable(value, JsonLimits{}.depth_max);
    journal::IterationFacts facts;
    journal::merge_report(std::move(**entry), facts);
  }
  return true;
}

}  // namespace

bool try_input(std::string_view bytes) {
  const std::string padded = std::string(bytes) + std::string(journal::ArtifactParser::kPaddingBytes, '\0');
  const std::string_view text = std::string_view(padded).substr(0, bytes.size());
  static journal::ArtifactParser parser;  // as in a folder of a thousand files
  const auto strict = parse_json(text);
  const auto fast = parser.check(text);
  require(strict.has_value() == fast.has_value(), "both parsers take the same texts for JSON");
  if (!fast) {
    require_refusal(fast.error(), kCodes);
    require(fast.error().code == strict.error().code, "both parsers refuse with one code");
  }
  journal::IterationFacts facts;
  const auto summary = parser.summary(text, Registry::builtin(), facts);
  if (!summary) {
    require_refusal(summary.error(), kCodes);
  } else {
    require(strict.has_value() && strict->is_object(), "a summary is an object");
    for (const auto& [name, value] : facts.effective) require_recordable(value, JsonLimits{}.depth_max);
  }
  const bool report = take_report(text);
  return summary.has_value() || report;
}

}  // namespace soak::fuzz

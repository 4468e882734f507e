#include "target/check_report.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace soak::target {
namespace {

constexpr std::size_t kDepthMax = 64;
constexpr double kSeqMax = 9e15;  // a double counts one by one up to here

std::optional<std::int64_t> seq_of(const Json& report) {
  const auto seq = report.find("seq");
  if (seq == report.end() || !seq->is_number()) return std::nullopt;
  const double number = seq->get<double>();
  if (number != std::floor(number) || number < 0 || number > kSeqMax) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

// The first member of the contract that is of the wrong type, as a sentence; nothing where none is.
std::optional<std::string> wrong_member(const Json& report) {
  const auto is_no_object = [](const Json& parent, const char* name) {
    return parent.contains(name) && !parent[name].is_object();
  };
  const auto is_no_text = [](const Json& parent, const char* name) {
    return parent.contains(name) && !parent[name].is_string();
  };
  for (const char* name : {"totals", "effective", "evidence"}) {
    if (is_no_object(report, name)) return fmt::format("its \"{}\" is not an object", name);
  }
  if (!report.contains("effective")) return std::nullopt;
  const Json& effective = report["effective"];
  if (is_no_object(effective, "params")) return "its \"effective.params\" is not an object";
  for (const char* name : {"state_hash", "instance_id", "precision"}) {
    if (is_no_text(effective, name)) return fmt::format("its \"effective.{}\" is not text", name);
  }
  return std::nullopt;
}

}  // namespace

Result<CheckedReport> check_report(std::string_view bytes) {
  if (bytes.size() > kReportBytesMax)
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("the report is larger than {} bytes", kReportBytesMax));
  auto report = parse_json(bytes, "report", {kReportBytesMax, kDepthMax});
  if (!report) {
    return fail(
        report.error().code,
        fmt::format("the report is torn or not JSON ({}): write another file and rename it into place",
                    report.error().message));
  }
  if (!report->is_object()) return fail(ErrorCode::kInvalidValue, "the report is not a JSON object");
  const auto seq = seq_of(*report);
  if (!seq) {
    return fail(
        ErrorCode::kInvalidValue,
        "the report has no \"seq\", a whole number that grows with each report: without it a new report "
        "cannot be told from an old one");
  }
  if (auto wrong = wrong_member(*report))
    return fail(ErrorCode::kInvalidValue, "the report is invalid: " + *wrong);
  return CheckedReport{*seq, std::move(*report)};
}

}  // namespace soak::target

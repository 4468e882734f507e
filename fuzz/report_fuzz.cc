// target::check_report(): a target's report file, as a bot in any language, and in any state, leaves it.

#include <algorithm>
#include <array>

#include "fuzz/properties.h"
#include "target/check_report.h"
#include "target/report_keeper.h"

namespace soak::fuzz {
namespace {

constexpr std::size_t kDepthMax = 64;
constexpr std::array kCodes = {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue, ErrorCode::kLimitExceeded};

bool has(const Json& object, const char* name, bool (Json::*is_of_type)() const noexcept) {
  return !object.contains(name) || (object[name].*is_of_type)();
}

void require_contract(const target::CheckedReport& checked) {
  require(checked.report.is_object(), "a report is an object");
  require(checked.seq >= 0 && checked.report["seq"].get<double>() == static_cast<double>(checked.seq),
          "seq is the report's own, and not negative");
  for (const char* name : {"totals", "effective", "evidence"})
    require(has(checked.report, name, &Json::is_object), "what the contract calls an object is one");
  if (!checked.report.contains("effective")) return;
  const Json& effective = checked.report["effective"];
  require(has(effective, "params", &Json::is_object), "the parameters are an object");
  for (const char* name : {"state_hash", "instance_id", "precision"})
    require(has(effective, name, &Json::is_string), "what the contract calls text is text");
}

}  // namespace

bool try_input(std::string_view bytes) {
  const auto checked = target::check_report(bytes);
  if (!checked) {
    require_readable(checked.error());
    require(std::find(kCodes.begin(), kCodes.end(), checked.error().code) != kCodes.end(),
            "a refusal has one of the codes that the header names");
    require(checked.error().message.find("report") != std::string::npos, "a refusal says what it is about");
    return false;
  }
  require(bytes.size() <= target::kReportBytesMax, "nothing beyond the limit is taken");
  require_contract(*checked);
  require_recordable(checked->report, kDepthMax);
  const std::string text = canonical_json(checked->report);
  if (text.size() <= target::kReportBytesMax) {  // escapes may make it longer
    const auto again = target::check_report(text);
    require(again && again->seq == checked->seq && again->report == checked->report,
            "a report that was taken is taken again");
  }
  target::ReportKeeper keeper;
  for (const bool settled : {false, true, true}) {
    journal::SeenReport seen;
    seen.seq = checked->seq;
    seen.settled = settled;
    seen.report = checked->report;
    keeper.add(std::move(seen), bytes.size());
  }
  require(keeper.take().back().report == checked->report, "the last report is kept");
  return true;
}

}  // namespace soak::fuzz

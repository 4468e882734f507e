// target::ScrapeMap: a map and an endpoint's answer, from which a report is made. The input: the map's JSON,
// a line "---", the answer.

#include <algorithm>
#include <array>
#include <string>

#include "fuzz/properties.h"
#include "target/check_report.h"
#include "target/scrape_map.h"

namespace soak::fuzz {
namespace {

constexpr std::array kMapCodes = {ErrorCode::kInvalidValue, ErrorCode::kUnknownParameter};
constexpr std::array kReportCodes = {ErrorCode::kNotFound, ErrorCode::kLimitExceeded};

}  // namespace

bool try_input(std::string_view bytes) {
  constexpr std::string_view kBetween = "\n---\n";
  const std::size_t end = std::min(bytes.find(kBetween), bytes.size());
  const auto json = parse_json(bytes.substr(0, end), "map.json");
  if (!json) {
    require_readable(json.error());
    return false;
  }
  const auto map = target::ScrapeMap::from_json(*json, Registry::builtin(), "map.json");
  if (!map) {
    require_readable(map.error());
    require(std::find(kMapCodes.begin(), kMapCodes.end(), map.error().code) != kMapCodes.end(),
            "a map is refused with one of the codes that the header names");
    require(map.error().file == "map.json", "a refusal names the file");
    return false;
  }
  const auto samples =
      target::parse_prometheus(bytes.substr(std::min(end + kBetween.size(), bytes.size())), map->metrics());
  if (!samples) return false;
  const auto report = map->report(*samples, 7);
  if (!report) {
    require_readable(report.error());
    require(std::find(kReportCodes.begin(), kReportCodes.end(), report.error().code) != kReportCodes.end(),
            "an answer is refused with one of the codes that the header names");
    return false;
  }
  require_recordable(*report, 4);
  const auto checked = target::check_report(canonical_json(*report));
  require(checked && checked->seq == 7 && checked->report == *report,
          "what is made of an answer is a report by the contract of a file");
  require(!(*report)["effective"]["params"].empty(), "a report has a parameter in effect");
  return true;
}

}  // namespace soak::fuzz

#include <fmt/format.h>

#include "export/export.h"
#include "export/xml.h"

namespace soak::exporting {
namespace {

std::string check_case(const gate::Check& check) {
  std::string text =
      fmt::format("    <testcase classname=\"soak.gate\" name=\"{}\">", xml_escaped(check.name));
  switch (check.status) {
    case gate::CheckStatus::kFailed:
      text += fmt::format("<failure message=\"{}\"/>", xml_escaped(check.message));
      break;
    case gate::CheckStatus::kWarned:  // delivery unproven: JUnit has no word between passed and failed, and
                                      // it has not passed
    case gate::CheckStatus::kSkipped:
    case gate::CheckStatus::kNotJudged:
      text += fmt::format("<skipped message=\"{}\"/>", xml_escaped(check.message));
      break;
    case gate::CheckStatus::kPassed:
      text += fmt::format("<system-out>{}</system-out>", xml_escaped(check.message));
      break;
  }
  return text + "</testcase>\n";
}

}  // namespace

std::string junit_xml(const gate::GateResult& result, const verify::VerifyResult* verified) {
  std::string cases;
  int failures = 0;
  int skipped = 0;
  for (const gate::Check& check : result.checks) {
    cases += check_case(check);
    failures += check.status == gate::CheckStatus::kFailed ? 1 : 0;
    skipped +=
        check.status == gate::CheckStatus::kFailed || check.status == gate::CheckStatus::kPassed ? 0 : 1;
  }
  std::size_t tests = result.checks.size();
  for (std::size_t i = 0; verified && i < verified->failures.size(); ++i) {
    cases += fmt::format(
        "    <testcase classname=\"soak.delivery\" name=\"failed delivery {}\"><failure "
        "message=\"{}\"/></testcase>\n",
        i + 1, xml_escaped(verify::to_line(verified->failures[i])));
    ++tests;
    ++failures;
  }
  int errors = 0;
  if (result.verdict == gate::GateVerdict::kInconclusive) {
    cases += fmt::format(
        "    <testcase classname=\"soak.gate\" name=\"conclusive\"><error message=\"{}\"/></testcase>\n",
        xml_escaped(result.reasons.empty() ? "could not judge" : result.reasons.front()));
    ++tests;
    ++errors;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"soak gate\" "
      "tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
      tests, failures, errors, skipped, cases);
}

}  // namespace soak::exporting

#include "export/ci.h"

#include <fmt/format.h>
#include <soak/json.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/readable.h"
#include "base/sha256.h"

namespace soak::exporting {
namespace {

constexpr std::size_t kAnnotationsMax = 10;
constexpr std::size_t kChatReasonsMax = 5;

// %, and what would end the command's line; in a property also what would end the property.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char letter : text) {
    const bool special =
        letter == '%' || letter == '\r' || letter == '\n' || (property && (letter == ':' || letter == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(letter)) : std::string(1, letter);
  }
  return out;
}

struct Annotation {
  std::string title, message;
};

std::string commands(const char* kind, const std::vector<Annotation>& annotations) {
  std::string text;
  for (std::size_t k = 0; k < annotations.size(); ++k) {
    if (k + 1 == kAnnotationsMax && annotations.size() > kAnnotationsMax) {
      return text + fmt::format("::{} title=soak gate::and {} more\n", kind, annotations.size() - k);
    }
    text += fmt::format("::{} title={}::{}\n", kind, escaped(annotations[k].title, true),
                        escaped(annotations[k].message, false));
  }
  return text;
}

std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string github_annotations(const gate::GateResult& result, const verify::VerifyResult* verified) {
  std::vector<Annotation> errors, warnings;
  for (const std::string& reason : result.reasons) {
    errors.push_back({fmt::format("soak gate: {}", gate::gate_verdict_name(result.verdict)), reason});
  }
  if (verified != nullptr) {
    for (const verify::Failure& failure : verified->failures)
      errors.push_back({"soak: failed delivery", verify::to_line(failure)});
  }
  for (const std::string& warning : result.warnings) warnings.push_back({"soak gate", warning});
  return commands("error", errors) + commands("warning", warnings);
}

std::string gitlab_code_quality(const gate::GateResult& result, const verify::VerifyResult* verified,
                                const std::string& folder) {
  Json issues = Json::array();
  const auto add = [&](const std::string& check, const std::string& message, const char* severity,
                       const std::string& file) {
    issues.push_back({{"description", base::readable(message)},
                      {"check_name", "soak/" + check},
                      {"fingerprint", base::sha256_hex(check + "\n" + message)},
                      {"severity", severity},
                      {"location", {{"path", folder + "/" + file}, {"lines", {{"begin", 1}}}}}});
  };
  for (const gate::Check& check : result.checks) {
    if (check.status == gate::CheckStatus::kFailed)
      add(check.name, check.message, "blocker", "POST_SOAK_AUDIT.md");
    if (check.status == gate::CheckStatus::kWarned)
      add(check.name, check.message, "minor", "POST_SOAK_AUDIT.md");
  }
  if (result.verdict == gate::GateVerdict::kInconclusive) {
    for (const std::string& reason : result.reasons) add("conclusive", reason, "blocker", "journal.jsonl");
  }
  if (verified != nullptr) {
    for (const verify::Failure& failure : verified->failures)
      add("delivery", verify::to_line(failure), "critical", "DELTA_VERIFY_REPORT.md");
  }
  return json_text(issues) + "\n";
}

std::string chat_message(ChatService service, const gate::GateResult& result, const std::string& run_id) {
  std::string text = fmt::format("soak gate: {} for run {}", gate::gate_verdict_name(result.verdict),
                                 base::readable(run_id));
  const auto& lines = result.reasons.empty() ? result.warnings : result.reasons;
  for (std::size_t k = 0; k < std::min(lines.size(), kChatReasonsMax); ++k)
    text += "\n• " + base::readable(lines[k]);
  if (lines.size() > kChatReasonsMax) text += fmt::format("\nand {} more", lines.size() - kChatReasonsMax);
  if (service == ChatService::kTelegram)
    return json_text({{"text", text}, {"disable_web_page_preview", true}});
  std::string
      marked;  // what Slack would take for markup: https://api.slack.com/reference/surfaces/formatting
  for (const char letter : text)
    marked += letter == '&'   ? "&amp;"
              : letter == '<' ? "&lt;"
              : letter == '>' ? "&gt;"
                              : std::string(1, letter);
  return json_text({{"text", marked}});
}

}  // namespace soak::exporting

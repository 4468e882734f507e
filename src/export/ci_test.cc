#include "export/ci.h"

#include <gmock/gmock.h>
#include <soak/json.h>
#include <nlohmann/json.hpp>

namespace soak::exporting {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

gate::GateResult failed_gate(std::size_t reasons = 1) {
  gate::GateResult result;
  result.verdict = gate::GateVerdict::kFail;
  result.checks = {{"verdict", gate::CheckStatus::kPassed, "PASS", "", {}, "fine"},
                   {"fault_count", gate::CheckStatus::kFailed, 2, "≤ 0", -2, "2 faults"},
                   {"signature_stuck_count", gate::CheckStatus::kWarned, 1, "≤ 1", 0, "1 stuck"}};
  for (std::size_t k = 0; k < reasons; ++k) result.reasons.push_back("reason " + std::to_string(k + 1));
  result.warnings = {"a warning"};
  return result;
}

verify::VerifyResult failed_delivery() {
  verify::VerifyResult verified;
  verify::Failure failure;
  failure.iteration = 3;
  failure.parameter = "min_interval_ms";
  verified.failures = {failure};
  return verified;
}

TEST(GithubAnnotations, AreAnErrorForEachReasonAndFailedDeliveryAndAWarningForEachWarning) {
  const auto verified = failed_delivery();
  const std::string text = github_annotations(failed_gate(), &verified);
  EXPECT_THAT(text, HasSubstr("::error title=soak gate%3A FAIL::reason 1\n"));
  EXPECT_THAT(text, HasSubstr("::error title=soak%3A failed delivery::"));
  EXPECT_THAT(text, HasSubstr("min_interval_ms"));
  EXPECT_THAT(text, HasSubstr("::warning title=soak gate::a warning\n"));
}
TEST(GithubAnnotations, KeepALineALineWhateverItHolds) {
  auto result = failed_gate();
  result.reasons = {"50 % lost\n::set-output name=x::y\r"};
  EXPECT_THAT(github_annotations(result, nullptr), HasSubstr("::50 %25 lost%0A::set-output name=x::y%0D\n"));
}
TEST(GithubAnnotations, SayHowManyMoreThereAreThanGithubShows) {
  const std::string text = github_annotations(failed_gate(25), nullptr);
  EXPECT_THAT(text, HasSubstr("reason 9\n"));
  EXPECT_THAT(text, Not(HasSubstr("reason 10\n")));
  EXPECT_THAT(text, HasSubstr("::error title=soak gate::and 16 more\n"));
}
TEST(GithubAnnotations, OfAPassWithoutWarningsAreNone) {
  gate::GateResult result;
  result.verdict = gate::GateVerdict::kPass;
  EXPECT_EQ(github_annotations(result, nullptr), "");
}

TEST(GitlabCodeQuality, HasAnIssueForEachFailedOrWarnedCheckAndEachFailedDelivery) {
  const auto verified = failed_delivery();
  const Json issues = Json::parse(gitlab_code_quality(failed_gate(), &verified, "runs/a"));
  ASSERT_EQ(issues.size(), 3U);
  EXPECT_EQ(issues[0]["check_name"], "soak/fault_count");
  EXPECT_EQ(issues[0]["severity"], "blocker");
  EXPECT_EQ(issues[0]["location"]["path"], "runs/a/POST_SOAK_AUDIT.md");
  EXPECT_EQ(issues[0]["location"]["lines"]["begin"], 1);
  EXPECT_EQ(issues[1]["severity"], "minor");
  EXPECT_EQ(issues[2]["check_name"], "soak/delivery");
}
TEST(GitlabCodeQuality, FingerprintIsThatOfTheFindingAndNotOfTheRunsFolder) {
  const Json one = Json::parse(gitlab_code_quality(failed_gate(), nullptr, "runs/a"));
  const Json other = Json::parse(gitlab_code_quality(failed_gate(), nullptr, "runs/b"));
  EXPECT_EQ(one[0]["fingerprint"], other[0]["fingerprint"]);
  EXPECT_NE(one[0]["fingerprint"], one[1]["fingerprint"]);
}

TEST(ChatMessage, HasTheVerdictTheRunAndFiveReasonsAtMost) {
  const Json body = Json::parse(chat_message(ChatService::kTelegram, failed_gate(7), "r1"));
  const std::string text = body["text"];
  EXPECT_THAT(text, HasSubstr("soak gate: FAIL for run r1\n• reason 1\n"));
  EXPECT_THAT(text, HasSubstr("reason 5\nand 2 more"));
  EXPECT_THAT(text, Not(HasSubstr("reason 6")));
}
TEST(ChatMessage, ForSlackIsNoMarkup) {
  auto result = failed_gate();
  result.reasons = {"<!channel> a & b"};
  const Json body = Json::parse(chat_message(ChatService::kSlack, result, "r1"));
  EXPECT_THAT(body["text"].get<std::string>(), HasSubstr("&lt;!channel&gt; a &amp; b"));
}

}  // namespace
}  // namespace soak::exporting

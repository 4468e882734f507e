#include "cli/publish.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "analyze/text.h"
#include "base/descriptor.h"
#include "base/file.h"
#include "cli/log.h"
#include "cli/notify.h"
#include "cli/output_file.h"
#include "export/ci.h"
#include "export/export.h"

namespace soak::cli {
namespace {

constexpr std::size_t kSummaryBytesMax = std::size_t{1} << 20;  // GitHub takes no more from a step

void warn(const Error& error) {
  log_warning(to_line(error));
}

Result<void> append(const std::string& path, const std::string& text) {
  const base::Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  return base::write_all(file.get(), text, path);
}

std::string summary_of(const Finding& finding) {
  if (finding.snapshot != nullptr) return exporting::gate_markdown(finding.result, *finding.snapshot) + "\n";
  std::string text = fmt::format("# Soak gate: {}\n\n", gate::gate_verdict_name(finding.result.verdict));
  for (const std::string& reason : finding.result.reasons)
    text += "- " + analyze::markdown_escape(reason) + "\n";
  return text + "\n";
}

void tell_github(const Finding& finding) {
  const char* actions = std::getenv("GITHUB_ACTIONS");
  if (actions == nullptr || std::string_view(actions) != "true") return;
  const std::string annotations = exporting::github_annotations(finding.result, finding.verified);
  std::fwrite(annotations.data(), 1, annotations.size(), stderr);  // the runner reads both streams
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary == nullptr || *summary == '\0') return;
  const std::string text = summary_of(finding);
  if (text.size() > kSummaryBytesMax) return log_warning("the result is too large for GitHub's job summary");
  if (const auto appended = append(summary, text); !appended) warn(appended.error());
}

void tell_chat(const PublishRequest& request, const Finding& finding) {
  if (request.chat.empty() || finding.result.verdict == gate::GateVerdict::kPass) return;
  const auto service =
      request.chat == "slack" ? exporting::ChatService::kSlack : exporting::ChatService::kTelegram;
  const auto told =
      notify({request.webhook_url_file, exporting::chat_message(service, finding.result, finding.run_id)});
  if (!told) warn(told.error());
}

// As GitLab wants it: from where the command runs.
std::string relative_path(const std::string& folder) {
  std::error_code none;
  const auto relative = std::filesystem::path(folder).lexically_relative(std::filesystem::current_path(none));
  return relative.empty() || *relative.begin() == ".." ? folder : relative.string();
}

}  // namespace

void add_publish_options(CLI::App& command, PublishRequest& request) {
  command.add_option("--junit", request.junit, "Write JUnit XML to this file");
  command.add_option("--gitlab", request.gitlab, "Write GitLab's Code Quality report to this file");
  CLI::Option* chat =
      command.add_option("--notify", request.chat, "Tell a chat room of a WARN, a FAIL or an INCONCLUSIVE");
  chat->check(CLI::IsMember({"slack", "telegram"}));
  CLI::Option* url = command.add_option(
      "--webhook-url-file", request.webhook_url_file,
      "A file with the room's address: Slack's incoming webhook, or Telegram's .../sendMessage?chat_id=...");
  chat->needs(url);
  url->needs(chat);
}

Result<void> publish(const PublishRequest& request, const Finding& finding) {
  Result<void> written;
  const auto write = [&](const std::string& path, const std::string& text) {
    if (path.empty()) return;
    const auto done = write_output(path, text, finding.folder);
    if (!done && written) written = done;
  };
  write(request.junit, exporting::junit_xml(finding.result, finding.verified));
  write(request.gitlab,
        exporting::gitlab_code_quality(finding.result, finding.verified, relative_path(finding.folder)));
  tell_github(finding);
  tell_chat(request, finding);
  return written;
}

}  // namespace soak::cli

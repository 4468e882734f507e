#include "cli/publish.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/descriptor.h"
#include "base/file.h"
#include "cli/log.h"
#include "cli/notify.h"
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

void tell_github(const gate::GateResult& result, const verify::VerifyResult* verified,
                 const analyze::Snapshot& snapshot) {
  const char* actions = std::getenv("GITHUB_ACTIONS");
  if (actions == nullptr || std::string_view(actions) != "true") return;
  const std::string annotations = exporting::github_annotations(result, verified);
  std::fwrite(annotations.data(), 1, annotations.size(), stderr);  // the runner reads both streams
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary == nullptr || *summary == '\0') return;
  const std::string text = exporting::gate_markdown(result, snapshot) + "\n";
  if (text.size() > kSummaryBytesMax) return log_warning("the result is too large for GitHub's job summary");
  if (const auto appended = append(summary, text); !appended) warn(appended.error());
}

void tell_chat(const PublishRequest& request, const gate::GateResult& result, const std::string& run_id) {
  if (request.chat.empty() || result.verdict == gate::GateVerdict::kPass) return;
  const auto service =
      request.chat == "slack" ? exporting::ChatService::kSlack : exporting::ChatService::kTelegram;
  const auto told = notify({request.webhook_url_file, exporting::chat_message(service, result, run_id)});
  if (!told) warn(told.error());
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

Result<void> publish(const PublishRequest& request, const gate::GateResult& result,
                     const verify::VerifyResult* verified, const analyze::Snapshot& snapshot,
                     const journal::RunArtifacts& run) {
  if (!request.junit.empty()) {
    if (auto written =
            base::write_file_atomic_not_durable(request.junit, exporting::junit_xml(result, verified));
        !written)
      return written;
  }
  if (!request.gitlab.empty()) {
    const std::string report = exporting::gitlab_code_quality(result, verified, run.folder);
    if (auto written = base::write_file_atomic_not_durable(request.gitlab, report); !written) return written;
  }
  tell_github(result, verified, snapshot);
  const std::string name = std::filesystem::path(run.folder).filename();
  tell_chat(request, result, run.header ? run.header->run_id : name);
  return {};
}

}  // namespace soak::cli

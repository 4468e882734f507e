#include "cli/notify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/readable.h"
#include "base/tool.h"

namespace soak::cli {
namespace {

constexpr std::size_t kUrlBytesMax = 4096;
constexpr std::size_t kCodeDigits = 3;

// A value in curl's configuration: man curl, --config.
std::string quoted(const std::string& value) {
  std::string out = "\"";
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter == '\n' ? std::string("\\n") : std::string(1, letter);
  }
  return out + "\"";
}

Result<std::string> read_url(const std::string& file) {
  const auto text = base::read_file(file, kUrlBytesMax);
  if (!text) return tl::unexpected(text.error());
  const std::string url = text->substr(0, text->find_first_of("\r\n"));
  const bool plain =
      std::all_of(url.begin(), url.end(), [](char letter) { return letter > ' ' && letter < 0x7f; });
  if (!plain || !(url.starts_with("https://") || url.starts_with("http://")))
    return fail(ErrorCode::kInvalidValue, "its first line is no http or https address", file);
  return url;
}

// curl's last sentence without its name and, whatever it says, without the address.
std::string reason(std::string errors, const std::string& url) {
  while (!errors.empty() && errors.back() == '\n') errors.pop_back();
  errors = errors.substr(errors.rfind('\n') + 1);
  if (errors.starts_with("curl: ")) errors = errors.substr(6);
  return errors.find(url) == std::string::npos ? base::readable(errors) : "curl failed";
}

}  // namespace

Result<void> notify(const Notification& notification) {
  const auto url = read_url(notification.url_file);
  if (!url) return tl::unexpected(url.error());
  base::ToolRun run;
  run.arguments = {"curl", "--disable", "--config", "-"};
  run.input = fmt::format(
      "silent\nshow-error\nfail\noutput = \"/dev/null\"\nwrite-out = \"%{{http_code}}\"\nproto = "
      "\"=http,https\"\n"
      "connect-timeout = 5\nmax-time = 10\nretry = {}\nretry-delay = 1\nretry-all-errors\nretry-max-time = "
      "{}\n"
      "header = \"Content-Type: application/json\"\nurl = {}\ndata-raw = {}\n",
      notification.retries, std::max<std::int64_t>(1, notification.limit.count() / 1000), quoted(*url),
      quoted(notification.body));
  run.limit = notification.limit;
  const auto result = base::run_tool(run);
  if (!result) return tl::unexpected(result.error());
  const bool answered = result->status == 0 && result->output.size() >= kCodeDigits;
  const std::string code = answered ? result->output.substr(result->output.size() - kCodeDigits) : "";
  if (code.starts_with('2')) return {};
  const std::string why = answered ? fmt::format("HTTP {}; give the address that it leads to", code)
                                   : reason(result->errors, *url);
  return fail(ErrorCode::kIoError, "the message was not taken: " + why, notification.url_file);
}

}  // namespace soak::cli

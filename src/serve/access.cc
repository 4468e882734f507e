#include "serve/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/sha256.h"
#include "serve/query.h"

namespace soak::serve {
namespace {

constexpr std::size_t kTokenFileBytesMax = 64 << 10;

// The host of "localhost:8484", "[::1]:8484" or "127.0.0.1"; a dot at its end does not count.
std::string host_of(std::string_view header) {
  std::string_view host = header;
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return ascii_lower(host);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::string> read_token(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot read", file));
  auto text = base::read_file(file, kTokenFileBytesMax);
  if (!text) return text;
  if ((status.st_mode & 0077) != 0)
    return fail(ErrorCode::kInvalidValue, "can be read by others than its owner: chmod 600", file);
  std::string token = text->substr(0, text->find('\n'));
  if (token.ends_with('\r')) token.pop_back();
  const bool visible = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (token.size() < kTokenCharactersMin || !visible) {
    return fail(ErrorCode::kInvalidValue,
                fmt::format("the first line must be a token of at least {} visible ASCII characters",
                            kTokenCharactersMin),
                file);
  }
  return token;
}

bool AccessRules::is_token(std::string_view text) const {
  const std::string given = base::sha256_hex(text);
  const std::string right = base::sha256_hex(token_);
  return ::CRYPTO_memcmp(given.data(), right.data(), right.size()) == 0;
}

bool AccessRules::host_is_ours(const http::Request& request) const {
  const std::string* header = request.header("host");
  if (header == nullptr) return false;
  const std::string host = host_of(*header);
  return host == "localhost" || host.ends_with(".localhost") || http::is_loopback(host) ||
         host == address_.host;
}

std::string AccessRules::cookie_name() const {
  return fmt::format("soak_{}", address_.port);
}

std::string AccessRules::cookie() const {
  return fmt::format("{}={}; HttpOnly; SameSite=Strict; Path=/", cookie_name(),
                     base::sha256_hex("cookie " + token_));
}

Access AccessRules::judge(const http::Request& request) const {
  if (token_.empty()) return host_is_ours(request) ? Access::kGranted : Access::kWrongHost;
  if (const std::string* authorization = request.header("authorization")) {
    constexpr std::string_view kBearer = "bearer ";
    // Another scheme is a proxy's in front, and no answer to us.
    if (ascii_lower(authorization->substr(0, kBearer.size())) == kBearer)
      return is_token(trimmed(std::string_view(*authorization).substr(kBearer.size()))) ? Access::kGranted
                                                                                        : Access::kNoToken;
  }
  if (request.path == "/") {
    for (const auto& [name, value] : request.query) {
      if (name == "token") return is_token(value) ? Access::kGrantedByAddress : Access::kNoToken;
    }
  }
  const std::string right = cookie_name() + "=" + base::sha256_hex("cookie " + token_);
  for (const auto& [name, value] : request.headers) {
    if (name != "cookie") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view one = trimmed(rest.substr(0, rest.find(';')));
      if (one.size() == right.size() && ::CRYPTO_memcmp(one.data(), right.data(), right.size()) == 0)
        return Access::kGranted;
      rest.remove_prefix(
          std::min(rest.size(), rest.find(';') == std::string_view::npos ? rest.size() : rest.find(';') + 1));
    }
  }
  return Access::kNoToken;
}

}  // namespace soak::serve

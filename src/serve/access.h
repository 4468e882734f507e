#pragma once
// Who may read. Without a token only what a browser on this machine can be tricked into is kept out: a Host
// that is neither loopback nor the address listened on (DNS rebinding). With a token, whoever does not have
// it. Pure, but for the file.

#include <soak/result.h>
#include <optional>
#include <string>
#include <vector>

#include "http/request.h"
#include "http/server.h"

namespace soak::serve {

inline constexpr std::size_t kTokenCharactersMin = 16;

// The first line of the file. kInvalidValue: fewer than 16 characters, one that is no visible ASCII, or a
// file that others than its owner may read or write; the message never quotes it.
Result<std::string> read_token(const std::string& file);

enum class Access {
  kGranted,
  kGrantedByAddress,  // ?token=: set the cookie, and lead to the address without it
  kWrongHost,
  kNoToken,
};

class AccessRules {
 public:
  // `token` empty: none is needed.
  AccessRules(http::ListenAddress address, std::string token)
      : address_(std::move(address)), token_(std::move(token)) {}
  Access judge(const http::Request& request) const;
  // "soak_8484": a name for each port, since cookies do not tell ports apart.
  std::string cookie_name() const;
  // Set-Cookie's value.
  std::string cookie() const;

 private:
  bool host_is_ours(const http::Request& request) const;
  bool is_token(std::string_view text) const;  // in a time that does not tell how much of it is right

  http::ListenAddress address_;
  std::string token_;
};

}  // namespace soak::serve

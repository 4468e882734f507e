#pragma once
// An HTTP client for one server: GET, one request after another, over libevent. No TLS, no redirects
// followed, no compression asked for.
//
// SIGPIPE must be ignored in the process. One thread; only stop() may be called from another.

#include <soak/result.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace soak::http {

struct Server {
  std::string host;  // a name, an IPv4 address or an IPv6 address, without brackets
  std::uint16_t port = 80;
};

struct ClientOptions {
  std::size_t body_bytes_max = std::size_t{16} << 20;
  bool keep_alive = false;  // the connection is kept for the next request
  std::string accept = "*/*";
};

struct Response {
  int status = 0;
  std::string location;  // where a redirect points to; empty: none
  std::string encoding;  // of the body; empty: none
  std::string body;
};

class Client {
 public:
  // Connects to nobody yet. kIoError: the system gives no more descriptors.
  static Result<std::unique_ptr<Client>> create(Server server, ClientOptions options);
  virtual ~Client() = default;

  // The answer to GET `target` (begins with /), whatever its status. The addresses of the server's name are
  // tried in their order. `limit` is for all of it together, but not for looking the name up, which the
  // system's resolver limits. kIoError: no whole answer, and why (a header of more than 64 KiB is one
  // reason). kLimitExceeded: a body that is too large.
  virtual Result<Response> get(const std::string& target, std::chrono::milliseconds limit) = 0;
  // For ever: a get() under way fails soon, and each later one at once.
  virtual void stop() = 0;
};

}  // namespace soak::http

#pragma once
// An HTTP/1.1 server on an EventLoop, for answers that are read: GET and HEAD, no bodies, event streams. Each
// limit is there so that no client, however slow, many or hostile, costs more than it says.
//
// One thread, that of the loop; only post() may be called from another. SIGPIPE must be ignored in the
// process. No TLS.

#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/event_loop.h"
#include "http/request.h"

namespace soak::http {

struct ListenAddress {
  std::string host = "127.0.0.1";  // an IPv4 or IPv6 address, without brackets
  std::uint16_t port = 0;          // 0: any that is free
};
// "127.0.0.1:8484", "[::1]:8484", "localhost:8484", ":8484" or "8484" (both loopback). kInvalidArgument.
Result<ListenAddress> parse_listen_address(const std::string& text);
bool is_loopback(const std::string& host);  // an address of 127.0.0.0/8, or ::1
// "http://127.0.0.1:8484/".
std::string address_url(const ListenAddress& address);

struct ServerLimits {
  int connections_max = 512;  // beyond: 503 with Retry-After, and closed
  RequestLimits request;
  std::chrono::milliseconds request_max{
      10'000};                                   // from a request's first byte to its last, however they drip
  std::chrono::milliseconds idle_max{60'000};    // between two requests
  std::chrono::milliseconds answer_max{30'000};  // until the client has taken a whole answer
  std::size_t stream_bytes_max = std::size_t{64} << 10;  // waiting in one stream; beyond, it is closed
  std::size_t answer_bytes_max = std::size_t{64} << 20;  // waiting in all connections; beyond: 503
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  Fields headers;  // besides length, type, connection and those of ServerOptions
  std::string body;
};
// {"error": {"code", "message"}}, the form of every error.
Reply error_reply(int status, std::string_view code, std::string_view message);

// Names one request, for ever.
using ExchangeId = std::uint64_t;

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Each request is answered once, now or later, by reply() or open_stream().
  virtual void on_request(ExchangeId exchange, const Request& request) = 0;
  // The client of an open stream has gone, or was too slow.
  virtual void on_stream_closed(ExchangeId exchange) = 0;
};

struct ServerOptions {
  ListenAddress address;
  ServerLimits limits;
  Fields headers;  // on every answer, refusals included
};

class WebServer {
 public:
  // Listens. kInvalidArgument: no address. kAlreadyExists: another program listens there. kPermissionDenied.
  // kIoError. `loop` and `handler` outlive it.
  static Result<std::unique_ptr<WebServer>> create(EventLoop& loop, ServerOptions options,
                                                   RequestHandler& handler);
  virtual ~WebServer() = default;

  // With the port that it has.
  virtual const ListenAddress& address() const = 0;
  // Nothing happens where the client has gone meanwhile.
  virtual void reply(ExchangeId exchange, Reply reply) = 0;
  // text/event-stream, open until the client goes. False: it has gone already, or asked for
  // the head alone.
  virtual bool open_stream(ExchangeId exchange, std::string_view first) = 0;
  // False: there is no such stream (any more); on_stream_closed() was called or is being called.
  virtual bool send(ExchangeId exchange, std::string_view text) = 0;
  // Runs `work` in the loop's thread. From any thread.
  virtual void post(std::function<void()> work) = 0;
  virtual int connections() const = 0;
};

}  // namespace soak::http

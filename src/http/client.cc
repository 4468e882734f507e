#include "http/client.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "http/event_loop.h"

namespace soak::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;

struct FreeConnection {
  void operator()(evhttp_connection* connection) const { evhttp_connection_free(connection); }
};
using Connection = std::unique_ptr<evhttp_connection, FreeConnection>;

// One address of a name, as a number.
struct NumericAddress {
  int family = AF_UNSPEC;
  std::string text;
};

Result<std::vector<NumericAddress>> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    return fail(ErrorCode::kIoError, fmt::format("cannot find the host {}: {}", host, ::gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<NumericAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.push_back({each->ai_family, text});
  }
  return addresses;
}

timeval timeval_of(std::chrono::nanoseconds time) {
  const auto us = std::chrono::ceil<std::chrono::microseconds>(std::max(time, time.zero())).count();
  return {static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
}

Error error_of(evhttp_request_error error, std::size_t body_bytes_max) {
  switch (error) {
    case EVREQ_HTTP_DATA_TOO_LONG:
      return {ErrorCode::kLimitExceeded,
              fmt::format("the answer is larger than {} bytes", body_bytes_max),
              {},
              {}};
    case EVREQ_HTTP_EOF:
      return {ErrorCode::kIoError, "the connection was closed before the answer was whole", {}, {}};
    case EVREQ_HTTP_INVALID_HEADER:
      return {ErrorCode::kIoError,
              fmt::format("the answer is not HTTP, or its header is larger than {} bytes", kHeaderBytesMax),
              {},
              {}};
    default:
      return {ErrorCode::kIoError, "the connection broke", {}, {}};
  }
}

// What becomes of one request on one connection.
struct Exchange {
  EventLoop& loop;
  std::size_t body_bytes_max;
  steady_clock::time_point deadline;
  bool connected = false;
  bool late = false;
  bool ended = false;
  std::optional<Error> error{};
  std::optional<Response> response{};

  // evhttp writes a request once it is connected, and does not say so otherwise.
  static void on_output(evbuffer*, const evbuffer_cb_info* info, void* self) {
    if (info->n_added > 0) static_cast<Exchange*>(self)->connected = true;
  }
  static void on_error(evhttp_request_error error, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.error = error_of(error, exchange.body_bytes_max);
  }
  // `request` is null, or has no status, where there is no answer.
  static void on_answer(evhttp_request* request, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.ended = true;
    exchange.loop.leave();
    const int status = request == nullptr ? 0 : evhttp_request_get_response_code(request);
    if (status == 0 || exchange.error) return;
    Response response;
    response.status = status;
    const evkeyvalq* headers = evhttp_request_get_input_headers(request);
    if (const char* location = evhttp_find_header(headers, "Location")) response.location = location;
    if (const char* encoding = evhttp_find_header(headers, "Content-Encoding")) response.encoding = encoding;
    evbuffer* body = evhttp_request_get_input_buffer(request);
    response.body.resize(evbuffer_get_length(body));
    evbuffer_remove(body, response.body.data(), response.body.size());
    exchange.response = std::move(response);
  }
  static void on_time(evutil_socket_t, short, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.late = true;
    exchange.loop.leave();
  }
};

class EventClient final : public Client {
 public:
  EventClient(Server server, ClientOptions options, std::unique_ptr<EventLoop> loop)
      : server_(std::move(server)), options_(std::move(options)), loop_(std::move(loop)) {
    host_header_ = server_.host.find(':') == std::string::npos ? server_.host : "[" + server_.host + "]";
    if (server_.port != 80) host_header_ += fmt::format(":{}", server_.port);
  }

  Result<Response> get(const std::string& target, milliseconds limit) override {
    const auto deadline = steady_clock::now() + limit;
    loop_->run_pending();  // notices that a connection which was kept is closed
    if (connection_) {
      if (auto answer = ask(target, deadline, deadline)) return *answer;
    }
    const auto addresses = addresses_of(server_.host);
    if (!addresses) return tl::unexpected(addresses.error());
    Result<Response> result = no_answer();
    for (std::size_t k = 0; k < addresses->size(); ++k) {
      // Each address has its share of the time to take the connection, and all the rest to answer.
      const auto now = steady_clock::now();
      const auto share = (deadline - now) / static_cast<std::int64_t>(addresses->size() - k);
      if (auto opened = open((*addresses)[k]); !opened) return tl::unexpected(opened.error());
      if (auto answer = ask(target, now + share, deadline)) return *answer;
      result = cannot_connect((*addresses)[k]);
    }
    return result;
  }

  void stop() override { loop_->stop(); }

 private:
  tl::unexpected<Error> no_answer() const {
    return fail(ErrorCode::kIoError, loop_->stopped() ? "stopped" : "no connection");
  }
  tl::unexpected<Error> cannot_connect(const NumericAddress& address) const {
    if (loop_->stopped()) return no_answer();
    return fail(ErrorCode::kIoError,
                fmt::format("nobody takes the connection at {}, port {}", address.text, server_.port));
  }

  Result<void> open(const NumericAddress& address) {
    connection_.reset(evhttp_connection_base_new(loop_->base(), nullptr, address.text.c_str(), server_.port));
    if (!connection_) return fail(ErrorCode::kIoError, "the system gives no descriptor for a connection");
    evhttp_connection_set_family(connection_.get(), address.family);
    evhttp_connection_set_max_body_size(connection_.get(), static_cast<ev_ssize_t>(options_.body_bytes_max));
    evhttp_connection_set_max_headers_size(connection_.get(), static_cast<ev_ssize_t>(kHeaderBytesMax));
    return {};
  }

  // Nothing where no connection came about by `connect_deadline`.
  std::optional<Result<Response>> ask(const std::string& target, steady_clock::time_point connect_deadline,
                                      steady_clock::time_point deadline) {
    Exchange exchange{*loop_, options_.body_bytes_max, deadline};
    evbuffer* output = bufferevent_get_output(evhttp_connection_get_bufferevent(connection_.get()));
    evbuffer_cb_entry* watch = evbuffer_add_cb(output, &Exchange::on_output, &exchange);
    const timeval beyond = timeval_of(deadline - steady_clock::now() + std::chrono::seconds(1));
    evhttp_connection_set_timeout_tv(connection_.get(), &beyond);  // ours come first
    if (send(target, exchange)) wait(exchange, connect_deadline);
    evbuffer_remove_cb_entry(output, watch);
    if (!exchange.response || !options_.keep_alive) connection_.reset();
    if (exchange.response) return Result<Response>(std::move(*exchange.response));
    if (loop_->stopped()) return Result<Response>(no_answer());
    if (!exchange.connected) return std::nullopt;
    if (exchange.error) return Result<Response>(tl::unexpected(*exchange.error));
    return Result<Response>(fail(ErrorCode::kIoError, "no whole answer in time"));
  }

  bool send(const std::string& target, Exchange& exchange) {
    evhttp_request* request = evhttp_request_new(&Exchange::on_answer, &exchange);
    evhttp_request_set_error_cb(request, &Exchange::on_error);
    evkeyvalq* headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Host", host_header_.c_str());
    evhttp_add_header(headers, "Accept", options_.accept.c_str());
    evhttp_add_header(headers, "Accept-Encoding", "identity");
    evhttp_add_header(headers, "User-Agent", "soak");
    if (!options_.keep_alive) evhttp_add_header(headers, "Connection", "close");
    return evhttp_make_request(connection_.get(), request, EVHTTP_REQ_GET, target.c_str()) == 0;
  }

  void wait(Exchange& exchange, steady_clock::time_point connect_deadline) {
    const std::unique_ptr<event, decltype(&event_free)> timer(
        evtimer_new(loop_->base(), &Exchange::on_time, &exchange), &event_free);
    for (auto until = connect_deadline; !exchange.ended; until = exchange.deadline) {
      exchange.late = false;
      const timeval time = timeval_of(until - steady_clock::now());
      evtimer_add(timer.get(), &time);
      loop_->run();
      const bool goes_on = exchange.late && exchange.connected && until < exchange.deadline;
      if (!goes_on) return;
    }
  }

  Server server_;
  ClientOptions options_;
  std::string host_header_;
  std::unique_ptr<EventLoop> loop_;
  Connection connection_;  // goes before the loop
};

}  // namespace

Result<std::unique_ptr<Client>> Client::create(Server server, ClientOptions options) {
  auto loop = EventLoop::create();
  if (!loop) return tl::unexpected(loop.error());
  return std::make_unique<EventClient>(std::move(server), std::move(options), std::move(*loop));
}

}  // namespace soak::http

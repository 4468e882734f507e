#include "http/server.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <soak/json.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/file.h"
#include "http/connection.h"

namespace soak::http {
namespace {

constexpr int kBacklog = 256;
constexpr int kRefusedMax = 64;  // connections that are being told that there are too many

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

std::optional<SocketAddress> socket_address(const ListenAddress& address) {
  SocketAddress out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    out.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    out.length = sizeof *v6;
  } else {
    return std::nullopt;
  }
  return out;
}

struct FreeListener {
  void operator()(evconnlistener* listener) const { evconnlistener_free(listener); }
  void operator()(event* one) const { event_free(one); }
};

class EventServer final : public WebServer, private ConnectionOwner {
 public:
  EventServer(EventLoop& loop, ServerOptions options, RequestHandler& handler)
      : loop_(loop), options_(std::move(options)), handler_(handler) {}
  ~EventServer() override {
    closing_ = true;
    connections_.clear();
  }

  Result<void> listen() {
    const auto address = socket_address(options_.address);
    if (!address)
      return fail(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is no address", options_.address.host));
    const auto* raw = reinterpret_cast<const sockaddr*>(&address->storage);
    base::Descriptor socket(::socket(raw->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    const bool usable =
        socket.valid() && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (!usable || ::bind(socket.get(), raw, address->length) != 0 || ::listen(socket.get(), kBacklog) != 0)
      return cannot_listen(errno);
    if (auto known = learn_port(socket.get()); !known) return known;
    listener_.reset(evconnlistener_new(loop_.base(), &EventServer::on_accept, this,
                                       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, socket.get()));
    if (!listener_) return cannot_listen(ENOMEM);
    static_cast<void>(socket.release());
    evconnlistener_set_error_cb(listener_.get(), &EventServer::on_accept_error);
    resume_.reset(evtimer_new(
        loop_.base(),
        [](evutil_socket_t, short, void* self) {
          evconnlistener_enable(static_cast<EventServer*>(self)->listener_.get());
        },
        this));
    mail_descriptor_ = base::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    mail_.reset(event_new(
        loop_.base(), mail_descriptor_.get(), EV_READ | EV_PERSIST,
        [](evutil_socket_t, short, void* self) { static_cast<EventServer*>(self)->run_posted(); }, this));
    if (!resume_ || !mail_descriptor_.valid() || !mail_ || event_add(mail_.get(), nullptr) != 0)
      return cannot_listen(EMFILE);
    return {};
  }

  const ListenAddress& address() const override { return options_.address; }
  int connections() const override { return counted_; }

  void reply(ExchangeId exchange, Reply reply) override {
    if (Connection* connection = find(exchange)) connection->reply(std::move(reply));
  }
  bool open_stream(ExchangeId exchange, std::string_view first) override {
    Connection* connection = find(exchange);
    if (connection != nullptr) connection->open_stream(first);
    return find(exchange) != nullptr;
  }
  bool send(ExchangeId exchange, std::string_view text) override {
    Connection* connection = find(exchange);
    return connection != nullptr && connection->send(text);
  }

  void post(std::function<void()> work) override {
    {
      const std::lock_guard lock(posted_mutex_);
      posted_.push_back(std::move(work));
    }
    ::eventfd_write(mail_descriptor_.get(), 1);
  }

 private:
  tl::unexpected<Error> cannot_listen(int number) const {
    const std::string where = address_url(options_.address);
    if (number == EADDRINUSE)
      return fail(ErrorCode::kAlreadyExists, fmt::format("another program listens on {}", where));
    const Error error = base::error_from_errno(number, "cannot listen on " + where, "");
    return tl::unexpected(error);
  }

  Result<void> learn_port(int socket) {
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return cannot_listen(errno);
    options_.address.port =
        ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                                          : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
    return {};
  }

  static void on_accept(evconnlistener*, evutil_socket_t socket, sockaddr*, int, void* self) {
    static_cast<EventServer*>(self)->accept(socket);
  }
  // No descriptors are left: accepting again at once would only spin.
  static void on_accept_error(evconnlistener* listener, void* self) {
    evconnlistener_disable(listener);
    const timeval soon{0, 100'000};
    evtimer_add(static_cast<EventServer*>(self)->resume_.get(), &soon);
  }

  void accept(int socket) {
    const bool refused = counted_ >= options_.limits.connections_max;
    const int refused_now = static_cast<int>(connections_.size()) - counted_;
    if (refused && refused_now >= kRefusedMax) {
      ::close(socket);
      return;
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = Connection::create(*this, loop_.base(), socket, refused);
    if (!connection) return;
    counted_ += connection->counted() ? 1 : 0;
    Connection* const key = connection.get();
    connections_.emplace(key, std::move(connection));
  }

  Connection* find(ExchangeId exchange) const {
    const auto found = exchanges_.find(exchange);
    return found == exchanges_.end() ? nullptr : found->second;
  }

  const ServerOptions& options() const override { return options_; }
  std::size_t& waiting_bytes() override { return waiting_bytes_; }
  ExchangeId new_exchange(Connection& connection) override {
    exchanges_.emplace(++last_exchange_, &connection);
    return last_exchange_;
  }
  void end_exchange(ExchangeId exchange, bool was_stream) override {
    exchanges_.erase(exchange);
    if (was_stream && !closing_) handler_.on_stream_closed(exchange);
  }
  void hand_over(ExchangeId exchange, const Request& request) override {
    handler_.on_request(exchange, request);
  }
  void remove(Connection& connection) override {
    counted_ -= connection.counted() ? 1 : 0;
    const auto found = connections_.find(&connection);
    const auto last = std::move(found->second);  // out of the table before its destructor asks questions
    connections_.erase(found);
  }

  void run_posted() {
    eventfd_t count = 0;
    ::eventfd_read(mail_descriptor_.get(), &count);
    std::vector<std::function<void()>> work;
    {
      const std::lock_guard lock(posted_mutex_);
      work.swap(posted_);
    }
    for (const auto& one : work) one();
  }

  EventLoop& loop_;
  ServerOptions options_;
  RequestHandler& handler_;
  bool closing_ = false;
  int counted_ = 0;
  std::size_t waiting_bytes_ = 0;
  ExchangeId last_exchange_ = 0;
  std::unordered_map<ExchangeId, Connection*> exchanges_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<evconnlistener, FreeListener> listener_;
  std::unique_ptr<event, FreeListener> resume_;
  base::Descriptor mail_descriptor_;
  std::unique_ptr<event, FreeListener> mail_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace

Result<ListenAddress> parse_listen_address(const std::string& text) {
  ListenAddress address;
  const std::size_t colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!host.empty() && host != "localhost") address.host = host;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (problem != std::errc() || end != port.data() + port.size() || !socket_address(address)) {
    return fail(ErrorCode::kInvalidArgument,
                "an address to listen on is like 127.0.0.1:8484, [::1]:8484 or 0.0.0.0:8484");
  }
  return address;
}

bool is_loopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string address_url(const ListenAddress& address) {
  return address.host.find(':') == std::string::npos
             ? fmt::format("http://{}:{}/", address.host, address.port)
             : fmt::format("http://[{}]:{}/", address.host, address.port);
}

Reply error_reply(int status, std::string_view code, std::string_view message) {
  Reply reply;
  reply.status = status;
  reply.body = canonical_json({{"error", {{"code", code}, {"message", message}}}}) + "\n";
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

Result<std::unique_ptr<WebServer>> WebServer::create(EventLoop& loop, ServerOptions options,
                                                     RequestHandler& handler) {
  auto server = std::make_unique<EventServer>(loop, std::move(options), handler);
  if (auto listening = server->listen(); !listening) return tl::unexpected(listening.error());
  return server;
}

}  // namespace soak::http

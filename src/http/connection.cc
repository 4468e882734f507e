#include "http/connection.h"

#include <event2/buffer.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <variant>

namespace soak::http {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDrain{1'000};
constexpr int kStreamSendBufferBytes = 64 << 10;  // the kernel's part of a slow reader

timeval timeval_of(milliseconds time) {
  const auto ms = time.count();
  return {static_cast<time_t>(ms / 1000), static_cast<suseconds_t>(ms % 1000 * 1000)};
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

std::string_view code_of(int status) {
  switch (status) {
    case 413:
    case 414:
    case 431:
      return "limit_exceeded";
    case 405:
    case 505:
      return "unsupported";
    case 408:
      return "io_error";
    case 503:
      return "limit_exceeded";
    default:
      return "invalid_argument";
  }
}

}  // namespace

std::unique_ptr<Connection> Connection::create(ConnectionOwner& owner, event_base* base, int socket,
                                               bool refused) {
  std::unique_ptr<Connection> connection(new Connection(owner));
  connection->stream_.reset(bufferevent_socket_new(base, socket, BEV_OPT_CLOSE_ON_FREE));
  if (!connection->stream_) {
    ::close(socket);
    return nullptr;
  }
  connection->timer_.reset(evtimer_new(
      base,
      [](evutil_socket_t, short, void* self) {
        auto& late = *static_cast<Connection*>(self);
        if (late.state_ == State::kReading) return late.refuse({408, "the request was not complete in time"});
        late.owner_.remove(late);
      },
      connection.get()));
  if (!connection->timer_) return nullptr;
  bufferevent_setcb(
      connection->stream_.get(), [](bufferevent*, void* self) { static_cast<Connection*>(self)->read(); },
      [](bufferevent*, void* self) { static_cast<Connection*>(self)->written(); },
      [](bufferevent*, short what, void* self) {
        static_cast<Connection*>(self)->gone((what & BEV_EVENT_ERROR) != 0);
      },
      connection.get());
  const std::size_t read_max = owner.options().limits.request.head_bytes_max + 1;
  bufferevent_setwatermark(connection->stream_.get(), EV_READ, 0, read_max);
  bufferevent_enable(connection->stream_.get(), EV_READ | EV_WRITE);
  connection->enter(State::kReading);  // who connects has to ask soon
  if (refused) {
    connection->counted_ = false;
    connection->refuse({503, "too many connections; try again in a second"});
  }
  return connection;
}

Connection::~Connection() {
  owner_.waiting_bytes() -= accounted_;
  if (exchange_ != 0) owner_.end_exchange(exchange_, state_ == State::kStream);
}

void Connection::enter(State state) {
  state_ = state;
  const ServerLimits& limits = owner_.options().limits;
  if (state == State::kWaiting || state == State::kStream) {
    evtimer_del(timer_.get());
    return;
  }
  const timeval time = timeval_of(state == State::kIdle      ? limits.idle_max
                                  : state == State::kReading ? limits.request_max
                                  : state == State::kWriting ? limits.answer_max
                                                             : kDrain);
  evtimer_add(timer_.get(), &time);
}

void Connection::account() {
  const std::size_t now = evbuffer_get_length(output());
  owner_.waiting_bytes() += now - accounted_;  // wraps around where it is less, and comes out right
  accounted_ = now;
}

void Connection::read() {
  evbuffer* input = bufferevent_get_input(stream_.get());
  if (state_ == State::kDraining) {
    evbuffer_drain(input, evbuffer_get_length(input));
    return;
  }
  if (state_ == State::kStream) return owner_.remove(*this);  // who reads a stream has nothing to say
  if (state_ != State::kIdle && state_ != State::kReading) return;
  const std::size_t length = evbuffer_get_length(input);
  if (length == 0) return;
  const auto* bytes = reinterpret_cast<const char*>(evbuffer_pullup(input, -1));
  auto parsed = parse_request({bytes, length}, owner_.options().limits.request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*refusal);
  if (std::holds_alternative<Incomplete>(parsed)) {
    if (state_ == State::kIdle) enter(State::kReading);
    return;
  }
  auto& complete = std::get<Complete>(parsed);
  evbuffer_drain(input, complete.bytes);
  head_ = complete.request.head;
  keep_alive_ = complete.request.keep_alive;
  exchange_ = owner_.new_exchange(*this);
  enter(State::kWaiting);
  if (owner_.waiting_bytes() > owner_.options().limits.answer_bytes_max) {
    keep_alive_ = false;
    return reply(error_reply(503, code_of(503), "too much is being sent already; try again in a second"));
  }
  owner_.hand_over(exchange_, complete.request);  // may answer, and so destroy this
}

void Connection::refuse(const Refusal& refusal) {
  keep_alive_ = false;
  head_ = false;
  Reply answer = error_reply(refusal.status, code_of(refusal.status), refusal.message);
  if (refusal.status == 405) answer.headers.emplace_back("Allow", "GET, HEAD");
  reply(std::move(answer));
}

void Connection::write_head(const Reply& reply, bool with_length) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", reply.status, reason_of(reply.status));
  if (!reply.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", reply.content_type);
  if (with_length && reply.status != 304) head += fmt::format("Content-Length: {}\r\n", reply.body.size());
  if (reply.status == 503) head += "Retry-After: 1\r\n";
  for (const auto& [name, value] : owner_.options().headers) head += fmt::format("{}: {}\r\n", name, value);
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  evbuffer_add(output(), head.data(), head.size());
}

void Connection::reply(Reply reply) {
  if (exchange_ != 0) owner_.end_exchange(std::exchange(exchange_, 0), false);
  write_head(reply, true);
  if (!head_ && reply.status != 304) evbuffer_add(output(), reply.body.data(), reply.body.size());
  account();
  enter(State::kWriting);
}

void Connection::open_stream(std::string_view first) {
  Reply head;
  head.content_type = "text/event-stream";
  head.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  keep_alive_ = false;
  if (head_) {  // a stream has no length, and HEAD no stream
    owner_.end_exchange(std::exchange(exchange_, 0), false);
    write_head(head, false);
    account();
    return enter(State::kWriting);
  }
  const int bytes = kStreamSendBufferBytes;
  ::setsockopt(bufferevent_getfd(stream_.get()), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  write_head(head, false);
  evbuffer_add(output(), first.data(), first.size());
  account();
  enter(State::kStream);
}

bool Connection::send(std::string_view text) {
  if (evbuffer_get_length(output()) + text.size() > owner_.options().limits.stream_bytes_max) {
    owner_.remove(*this);
    return false;
  }
  evbuffer_add(output(), text.data(), text.size());
  account();
  return true;
}

void Connection::written() {
  account();
  if (state_ != State::kWriting || evbuffer_get_length(output()) > 0) return;
  if (keep_alive_) {
    enter(State::kIdle);
    return read();
  }
  ::shutdown(bufferevent_getfd(stream_.get()), SHUT_WR);
  enter(State::kDraining);
  read();
}

void Connection::gone(bool broken) {
  // A client may have closed its side alone, and still want its answer.
  if (!broken && (state_ == State::kWaiting || state_ == State::kWriting)) {
    keep_alive_ = false;
    return;
  }
  owner_.remove(*this);
}

}  // namespace soak::http

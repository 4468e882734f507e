#pragma once
// One connection of the server: reads a head, waits for its answer, writes it, and so on. Not for other
// rooms.
//
// Each state has a deadline of its own, set when the state is entered and moved by no byte.

#include <event2/bufferevent.h>
#include <event2/event.h>

#include <chrono>
#include <memory>
#include <string_view>

#include "http/server.h"

namespace soak::http {

class Connection;

// What a connection needs of its server.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual const ServerOptions& options() const = 0;
  virtual ExchangeId new_exchange(Connection& connection) = 0;
  virtual void end_exchange(ExchangeId exchange, bool was_stream) = 0;
  virtual void hand_over(ExchangeId exchange, const Request& request) = 0;
  virtual std::size_t& waiting_bytes() = 0;         // in the outputs of all connections
  virtual void remove(Connection& connection) = 0;  // destroys it
};

class Connection {
 public:
  // Takes over the socket. Nothing where memory is short. `refused`: it is told that there are too many.
  static std::unique_ptr<Connection> create(ConnectionOwner& owner, event_base* base, int socket,
                                            bool refused);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void reply(Reply reply);
  void open_stream(std::string_view first);
  // False: too slow, and destroyed.
  bool send(std::string_view text);
  bool counted() const { return counted_; }

 private:
  enum class State {
    kIdle,     // between two requests
    kReading,  // part of a head is there
    kWaiting,  // for the answer of the handler
    kWriting,  // the answer
    kStream,
    kDraining,  // our side is closed: what the client still sends is thrown away, so that it sees the answer
  };
  struct FreeEvent {
    void operator()(event* timer) const { event_free(timer); }
    void operator()(bufferevent* stream) const { bufferevent_free(stream); }
  };

  explicit Connection(ConnectionOwner& owner) : owner_(owner) {}
  void enter(State state);
  void read();
  void refuse(const Refusal& refusal);
  void write_head(const Reply& reply, bool with_length);
  void written();
  void gone(bool broken);
  void account();
  evbuffer* output() const { return bufferevent_get_output(stream_.get()); }

  ConnectionOwner& owner_;
  std::unique_ptr<bufferevent, FreeEvent> stream_;
  std::unique_ptr<event, FreeEvent> timer_;
  State state_ = State::kIdle;
  ExchangeId exchange_ = 0;
  std::size_t accounted_ = 0;
  bool head_ = false;
  bool keep_alive_ = true;
  bool counted_ = true;
};

}  // namespace soak::http

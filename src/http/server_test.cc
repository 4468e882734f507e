// The server before clients that are slow, many, or want too much.

#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "base/descriptor.h"
#include "http/client.h"

namespace soak::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr milliseconds kAmple{20'000};

// Answers /hello, /large (1 MiB), /later (by another thread), /stream; says what becomes of streams.
class TestHandler final : public RequestHandler {
 public:
  WebServer* server = nullptr;
  std::atomic<int> streams_closed = 0;
  std::atomic<ExchangeId> stream = 0;

  void on_request(ExchangeId exchange, const Request& request) override {
    if (request.path == "/stream") {
      server->open_stream(exchange, "retry: 2000\n\n");
      stream = exchange;
      return;
    }
    if (request.path == "/never") return;
    if (request.path == "/later") {
      later_ = std::async(std::launch::async, [this, exchange] {
        server->post([this, exchange] { server->reply(exchange, text("later")); });
      });
      return;
    }
    server->reply(exchange,
                  text(request.path == "/large" ? std::string(std::size_t{1} << 20, 'x') : "hello"));
  }
  void on_stream_closed(ExchangeId) override { ++streams_closed; }
  void wait_for_later() {
    if (later_.valid()) later_.wait();
  }

 private:
  static Reply text(std::string body) {
    Reply reply;
    reply.content_type = "text/plain";
    reply.body = std::move(body);
    return reply;
  }
  std::future<void> later_;
};

class Peer {
 public:
  explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool say(std::string_view text) {
    return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Until the server closes, or `until` has been read.
  std::string hear(std::string_view until = {}) {
    std::string all;
    char buffer[65536];
    while (until.empty() || all.find(until) == std::string::npos) {
      pollfd waiting{socket_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(kAmple.count())) != 1) return all + "<nothing more in time>";
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  void say_no_more() { ::shutdown(socket_.get(), SHUT_WR); }
  bool connected() const { return connected_; }

 private:
  base::Descriptor socket_;
  bool connected_ = false;
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
  void start(ServerLimits limits = {}) {
    loop_ = std::move(*EventLoop::create());
    ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.limits = limits;
    options.headers = {{"X-Always", "yes"}};
    auto server = WebServer::create(*loop_, std::move(options), handler_);
    ASSERT_TRUE(server) << to_line(server.error());
    server_ = std::move(*server);
    handler_.server = server_.get();
    thread_ = std::thread([this] { loop_->run(); });
  }
  void TearDown() override {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
    handler_.wait_for_later();
    server_.reset();
  }
  Peer peer() { return Peer(server_->address().port); }
  std::string ask(const std::string& text) {
    Peer one = peer();
    one.say(text);
    return one.hear();
  }
  static std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  static std::string last(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  }
  template <class Condition>
  static bool soon(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kAmple;
    while (!condition() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(2));
    return condition();
  }

  TestHandler handler_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<WebServer> server_;
  std::thread thread_;
};

TEST_F(ServerTest, AnswersOneRequestAfterAnotherOnAConnection) {
  start();
  Peer one = peer();
  one.say(get("/hello") + get("/later") + last("/hello"));  // pipelined
  const std::string all = one.hear();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(all, HasSubstr("hello"));
  EXPECT_THAT(all, HasSubstr("later"));
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n\r\nhello"));
}

TEST_F(ServerTest, OurOwnClientReadsIt) {
  start();
  auto client = Client::create({"127.0.0.1", server_->address().port}, {});
  ASSERT_TRUE(client);
  const auto answer = (*client)->get("/large", kAmple);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.size(), std::size_t{1} << 20);
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  start();
  const std::string answer = ask("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_TRUE(ask("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, RefusalIsADocumentWithTheSameHeaders) {
  start();
  const std::string answer = ask("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Always: yes\r\n"));
  EXPECT_THAT(answer,
              HasSubstr(R"({"error":{"code":"unsupported","message":"only GET and HEAD are served"}})"));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(ServerTest, DrippingRequestEndsByItsDeadline) {
  ServerLimits limits;
  limits.request_max = milliseconds(300);
  start(limits);
  Peer one = peer();
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<bool> ended = false;
  std::thread dripping([&] {
    for (const char* piece = "GET / HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
         *piece && !ended; ++piece) {
      one.say({piece, 1});
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  EXPECT_THAT(one.hear(), StartsWith("HTTP/1.1 408 "));
  ended = true;
  dripping.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kAmple);
}

TEST_F(ServerTest, IdleConnectionIsClosed) {
  ServerLimits limits;
  limits.idle_max = milliseconds(100);
  start(limits);
  Peer one = peer();
  one.say(get("/hello"));
  EXPECT_TRUE(one.hear().ends_with("hello"));
}

TEST_F(ServerTest, TooManyConnectionsAreToldToComeBack) {
  ServerLimits limits;
  limits.connections_max = 3;
  start(limits);
  std::vector<Peer> kept;
  for (int k = 0; k < 3; ++k) {
    kept.push_back(peer());
    kept.back().say(get("/hello"));
    EXPECT_THAT(kept.back().hear("hello"), StartsWith("HTTP/1.1 200 "));
  }
  for (int k = 0; k < 100; ++k) {
    const std::string answer = ask(last("/hello"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  }
  kept.pop_back();
  EXPECT_TRUE(soon([this] { return ask(last("/hello")).starts_with("HTTP/1.1 200 "); }));
}

TEST_F(ServerTest, ClientThatHasSaidEverythingStillGetsItsAnswer) {
  start();
  Peer one = peer();
  one.say(get("/later"));
  one.say_no_more();
  EXPECT_THAT(one.hear(), HasSubstr("later"));
}

TEST_F(ServerTest, AnswerThatNobodyTakesEndsByItsDeadline) {
  ServerLimits limits;
  limits.answer_max = milliseconds(200);
  start(limits);
  std::vector<Peer> peers;
  for (int k = 0; k < 4; ++k) {
    peers.push_back(peer());
    for (int j = 0; j < 16; ++j) peers.back().say(get("/large"));  // 16 MiB: more than the kernel takes
  }
  std::this_thread::sleep_for(3 * limits.answer_max);
  for (Peer& one : peers) EXPECT_LT(one.hear().size(), std::size_t{16} << 20);
}

TEST_F(ServerTest, MoreThanTheLimitOfWaitingBytesIsRefused) {
  ServerLimits limits;
  limits.answer_bytes_max = 100;
  start(limits);
  std::vector<Peer> slow;
  for (int k = 0; k < 8; ++k) {
    slow.push_back(peer());
    for (int j = 0; j < 16; ++j) slow.back().say(get("/large"));
  }
  EXPECT_TRUE(soon([this] { return ask(last("/hello")).starts_with("HTTP/1.1 503 "); }));
}

TEST_F(ServerTest, StreamIsSentToUntilItsReaderGoes) {
  start();
  {
    Peer one = peer();
    one.say(get("/stream"));
    EXPECT_THAT(one.hear("retry: 2000\n\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
    ASSERT_TRUE(soon([this] { return handler_.stream != 0; }));
    server_->post([this] { EXPECT_TRUE(server_->send(handler_.stream, "data: 1\n\n")); });
    EXPECT_THAT(one.hear("\n\n"), HasSubstr("data: 1"));
  }
  EXPECT_TRUE(soon([this] { return handler_.streams_closed == 1; }));
  std::promise<bool> sent;
  server_->post([&] { sent.set_value(server_->send(handler_.stream, "data: 2\n\n")); });
  EXPECT_FALSE(sent.get_future().get());
}

TEST_F(ServerTest, SlowReaderOfAStreamIsDropped) {
  ServerLimits limits;
  limits.stream_bytes_max = 10'000;
  start(limits);
  Peer one = peer();
  one.say(get("/stream"));
  ASSERT_TRUE(soon([this] { return handler_.stream != 0; }));
  const std::string event(5'000, 'x');
  for (int k = 0; k < 5'000 && handler_.streams_closed == 0; ++k) {
    std::promise<void> done;
    server_->post([&] {
      static_cast<void>(server_->send(handler_.stream, event));
      done.set_value();
    });
    done.get_future().get();
  }
  EXPECT_EQ(handler_.streams_closed, 1);
}

TEST_F(ServerTest, ReaderOfAStreamThatSpeaksIsDropped) {
  start();
  Peer one = peer();
  one.say(get("/stream"));
  one.hear("retry: 2000\n\n");
  one.say(get("/hello"));
  EXPECT_EQ(one.hear(), "");
}

TEST_F(ServerTest, AnswerToAClientThatHasGoneIsNoHarm) {
  start();
  for (int k = 0; k < 50; ++k) peer().say(get("/later"));
  EXPECT_THAT(ask(last("/hello")), StartsWith("HTTP/1.1 200 "));
}

TEST(ListenAddressTest, IsAnAddressAndAPort) {
  EXPECT_EQ(parse_listen_address("0.0.0.0:80")->host, "0.0.0.0");
  EXPECT_EQ(parse_listen_address("[::1]:8484")->host, "::1");
  EXPECT_EQ(parse_listen_address("localhost:1")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address(":8484")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen_address("8484")->port, 8484);
  for (const char* wrong :
       {"", "a", "host:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "1.2.3:4", "127.0.0.1:8x"})
    EXPECT_EQ(parse_listen_address(wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
  EXPECT_TRUE(is_loopback("127.9.9.9"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("localhost.example"));
  EXPECT_EQ(address_url({"::1", 80}), "http://[::1]:80/");
}

TEST_F(ServerTest, AddressThatIsTakenIsAnError) {
  start();
  const auto other = WebServer::create(*loop_, {server_->address(), {}, {}}, handler_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kAlreadyExists);
}

}  // namespace
}  // namespace soak::http

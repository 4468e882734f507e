// The client before servers that say exactly what a test lets them say.

#include "http/client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "base/descriptor.h"

namespace soak::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Never more than a test may last.
constexpr milliseconds kAmple{20'000};

// A TCP server on loopback: a script for each connection, one connection after another.
class ScriptedServer {
 public:
  class Peer {
   public:
    explicit Peer(int descriptor) : descriptor_(descriptor) {}
    // Up to the empty line; empty where the client closes before.
    std::string request() {
      std::string text;
      char letter = 0;
      while (!text.ends_with("\r\n\r\n")) {
        if (::read(descriptor_.get(), &letter, 1) != 1) return {};
        text += letter;
      }
      return text;
    }
    // False once the client has closed.
    bool say(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t count = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
      }
      return true;
    }
    void wait_until_closed() {
      char letter = 0;
      while (::read(descriptor_.get(), &letter, 1) > 0) {
      }
    }

   private:
    base::Descriptor descriptor_;
  };
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script, bool ipv6 = false) : script_(std::move(script)) {
    listener_ = base::Descriptor(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    auto* const address = ipv6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = ipv6 ? sizeof v6 : sizeof v4;
    usable_ = ::bind(listener_.get(), address, size) == 0 && ::listen(listener_.get(), 8) == 0 &&
              ::getsockname(listener_.get(), address, &size) == 0;
    port_ = ntohs(ipv6 ? v6.sin6_port : v4.sin_port);
    if (usable_) thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }
  bool usable() const { return usable_; }
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void serve() {
    while (!ending_) {
      pollfd waiting{listener_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 10) != 1) continue;
      Peer peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ++connections_;
      script_(peer);
    }
  }

  Script script_;
  base::Descriptor listener_;
  bool usable_ = false;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

ScriptedServer::Script answers(std::string bytes) {
  return [bytes = std::move(bytes)](ScriptedServer::Peer& peer) {
    if (!peer.request().empty()) peer.say(bytes);
  };
}

class HttpClient : public ::testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }

  static Result<Response> get(std::uint16_t port, milliseconds limit = kAmple,
                              const std::string& host = "127.0.0.1") {
    ClientOptions options;
    options.body_bytes_max = 1000;
    auto client = Client::create({host, port}, options);
    if (!client) return tl::unexpected(client.error());
    return (*client)->get("/metrics", limit);
  }
  // What went wrong, and how long it took.
  static std::string problem(const ScriptedServer::Script& script, milliseconds limit = kAmple) {
    const ScriptedServer server(script);
    const auto response = get(server.port(), limit);
    return response ? fmt::format("(status {})", response->status) : response.error().message;
  }
};

TEST_F(HttpClient, ReadsAnAnswerOfAKnownLengthAndSaysWhoItIs) {
  std::string request;
  const ScriptedServer server([&](ScriptedServer::Peer& peer) {
    request = peer.request();
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more");
  });
  const auto response = get(server.port());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_THAT(request, StartsWith("GET /metrics HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr(fmt::format("\r\nHost: 127.0.0.1:{}\r\n", server.port())));
  EXPECT_THAT(request, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAccept-Encoding: identity\r\n"));
}

TEST_F(HttpClient, ReadsAnAnswerInChunks) {
  const ScriptedServer server(
      answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\n, m\r\n0\r\n\r\n"));
  EXPECT_EQ(get(server.port())->body, "hello, m");
}

TEST_F(HttpClient, ReadsAnAnswerThatEndsWithTheConnection) {
  const ScriptedServer server(answers("HTTP/1.0 200 OK\r\n\r\nhello"));
  EXPECT_EQ(get(server.port())->body, "hello");
}

TEST_F(HttpClient, PassesOnEveryStatusAndWhereARedirectPoints) {
  const ScriptedServer missing(answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(get(missing.port())->status, 404);
  const ScriptedServer moved(answers("HTTP/1.1 302 Found\r\nLocation: /m2\r\nContent-Length: 0\r\n\r\n"));
  const auto response = get(moved.port());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->location, "/m2");
  EXPECT_EQ(moved.connections(), 1);
}

TEST_F(HttpClient, TakesNoBodyBeyondItsBoundHoweverItComes) {
  const std::string much(1001, 'x');
  for (const std::string& header :
       {std::string("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
        std::string("HTTP/1.0 200 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n")}) {
    const ScriptedServer server(answers(header + much + "\r\n0\r\n\r\n"));
    const auto response = get(server.port());
    ASSERT_FALSE(response) << header;
    EXPECT_EQ(response.error().code, ErrorCode::kLimitExceeded) << header << response.error().message;
    EXPECT_THAT(response.error().message, HasSubstr("larger than 1000 bytes"));
  }
  const std::string whole = much.substr(1);
  const ScriptedServer server(answers("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + whole));
  EXPECT_EQ(get(server.port())->body, whole);
}

TEST_F(HttpClient, TakesNoHeaderWithoutEnd) {
  EXPECT_THAT(problem([](ScriptedServer::Peer& peer) {
                peer.request();
                peer.say("HTTP/1.1 200 OK\r\n");
                while (peer.say("X-More: " + std::string(1000, 'x') + "\r\n")) {
                }
              }),
              HasSubstr("its header is larger than 65536 bytes"));
}

TEST_F(HttpClient, NamesWhatIsNoAnswer) {
  EXPECT_THAT(problem(answers("")), HasSubstr("closed before the answer was whole"));
  EXPECT_THAT(problem(answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")),
              HasSubstr("closed before the answer was whole"));
  EXPECT_THAT(problem(answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")),
              HasSubstr("closed before the answer was whole"));
  EXPECT_THAT(problem(answers("SSH-2.0-OpenSSH_9.2\r\n")), HasSubstr("not HTTP"));
  EXPECT_THAT(problem(answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nhello\r\n")),
              AnyOf(HasSubstr("not HTTP"), HasSubstr("larger"), HasSubstr("broke")));
}

TEST_F(HttpClient, LimitsTheTimeOfTheWholeHoweverSlowlyItDrips) {
  const auto begin = steady_clock::now();
  EXPECT_EQ(problem(
                [](ScriptedServer::Peer& peer) {
                  peer.request();
                  peer.say("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
                  while (peer.say("x")) std::this_thread::sleep_for(milliseconds(20));
                },
                milliseconds(200)),
            "no whole answer in time");
  EXPECT_EQ(problem([](ScriptedServer::Peer& peer) { peer.wait_until_closed(); }, milliseconds(200)),
            "no whole answer in time");
  EXPECT_GE(steady_clock::now() - begin, milliseconds(400));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
}

TEST_F(HttpClient, NamesAPortWhereNobodyListens) {
  std::uint16_t port = 0;
  {
    const ScriptedServer gone(answers(""));
    port = gone.port();
  }
  const auto response = get(port);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kIoError);
  EXPECT_EQ(response.error().message, fmt::format("nobody takes the connection at 127.0.0.1, port {}", port));
}

TEST_F(HttpClient, NamesAnAddressThatNoNetworkLeadsTo) {
  const auto response = get(80, kAmple, "255.255.255.255");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "nobody takes the connection at 255.255.255.255, port 80");
}

TEST_F(HttpClient, NamesAHostThatDoesNotExist) {
  const auto response = get(80, kAmple, "no-such-host.invalid");
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("cannot find the host no-such-host.invalid"));
}

TEST_F(HttpClient, TriesEveryAddressOfAName) {
  const auto script = answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const ScriptedServer v4(script);
  const auto by_name = get(v4.port(), kAmple, "localhost");
  ASSERT_TRUE(by_name) << by_name.error().message;
  const ScriptedServer v6(script, true);
  if (!v6.usable()) GTEST_SKIP() << "this machine has no IPv6";
  const auto by_number = get(v6.port(), kAmple, "::1");
  ASSERT_TRUE(by_number) << by_number.error().message;
  EXPECT_EQ(by_number->body, "ok");
}

TEST_F(HttpClient, KeepsAConnectionAndOpensAnotherWhereItWasClosed) {
  const ScriptedServer server([](ScriptedServer::Peer& peer) {
    for (int k = 0; k < 3 && !peer.request().empty(); ++k)
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  ClientOptions options;
  options.keep_alive = true;
  const auto client = Client::create({"127.0.0.1", server.port()}, options);
  for (int k = 0; k < 7; ++k) {
    const auto response = (*client)->get("/", kAmple);
    ASSERT_TRUE(response) << k << ": " << response.error().message;
    if (k % 3 == 2) std::this_thread::sleep_for(milliseconds(50));  // until the server has closed it
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpClient, IsStoppedFromAnotherThreadForEver) {
  const ScriptedServer server([](ScriptedServer::Peer& peer) { peer.wait_until_closed(); });
  const auto client = Client::create({"127.0.0.1", server.port()}, {});
  std::thread other([&] {
    while (server.connections() == 0) std::this_thread::sleep_for(milliseconds(1));
    (*client)->stop();
  });
  const auto begin = steady_clock::now();
  const auto response = (*client)->get("/", kAmple);
  other.join();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "stopped");
  EXPECT_FALSE((*client)->get("/", kAmple));
  EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
}

}  // namespace
}  // namespace soak::http

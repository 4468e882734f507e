// soak-target-haproxy: an haproxy of its own on loopback, before three small web servers, under a steady
// load, as a target of soak.
//
// What the runtime file's section `haproxy` names is set by the runtime socket where the list below allows
// it. That socket answers nothing on success, and takes `set maxconn frontend fe abc` as 0 without a word:
// what is in effect is what `get weight` and `show stat typed` say. The share of responses that each server
// gave, by haproxy's own Prometheus exporter, is evidence on the weights.

#include <event2/buffer.h>
#include <event2/http.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/supervised_process.h"
#include "base/temporary_folder.h"
#include "http/client.h"
#include "http/event_loop.h"
#include "targets/adapter.h"

namespace soak::targets {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

// A balancer that takes no connection any more (maxconn 0) must not keep the reports waiting.
constexpr milliseconds kAnswerLimit{250};
constexpr std::array<const char*, 3> kServers = {"s1", "s2", "s3"};

struct Options {
  std::string program = "haproxy";
  int requests_per_s = 1'000;
  int report_ms = 100;
  bool unchecked = false;
};

const std::vector<Setting> kAllowed = {{"weight_s1", 0, 256, {}},
                                       {"weight_s2", 0, 256, {}},
                                       {"weight_s3", 0, 256, {}},
                                       {"maxconn", 1, 10'000, {}}};

// Of a bound IPv4 socket; 0 where it has none.
int port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin_port)
                                                                                  : 0;
}

// The web servers behind the balancer, in a thread of their own: each answers with its name.
class Backends {
 public:
  static Result<std::unique_ptr<Backends>> start() {
    auto loop = http::EventLoop::create();
    if (!loop) return tl::unexpected(loop.error());
    std::unique_ptr<Backends> backends(new Backends(std::move(*loop)));
    for (std::size_t k = 0; k < kServers.size(); ++k) {
      evhttp* server = evhttp_new(backends->loop_->base());
      backends->servers_[k].reset(server);
      evhttp_bound_socket* bound = evhttp_bind_socket_with_handle(server, "127.0.0.1", 0);
      if (bound == nullptr) return fail(ErrorCode::kIoError, "no port of loopback is free");
      backends->ports_[k] = port_of(evhttp_bound_socket_get_fd(bound));
      evhttp_set_gencb(server, &Backends::answer, const_cast<char*>(kServers[k]));
    }
    backends->thread_ = std::thread([loop_of = backends->loop_.get()] { loop_of->run(); });
    return backends;
  }
  ~Backends() {
    loop_->stop();
    if (thread_.joinable()) thread_.join();
  }
  int port(std::size_t k) const { return ports_[k]; }

 private:
  struct Free {
    void operator()(evhttp* server) const { evhttp_free(server); }
  };
  explicit Backends(std::unique_ptr<http::EventLoop> loop) : loop_(std::move(loop)) {}
  static void answer(evhttp_request* request, void* name) {
    const std::unique_ptr<evbuffer, decltype(&evbuffer_free)> body(evbuffer_new(), &evbuffer_free);
    evbuffer_add_printf(body.get(), "%s", static_cast<const char*>(name));
    evhttp_send_reply(request, 200, "OK", body.get());
  }

  std::unique_ptr<http::EventLoop> loop_;
  std::array<std::unique_ptr<evhttp, Free>, kServers.size()> servers_;  // go before the loop
  std::array<int, kServers.size()> ports_{};
  std::thread thread_;
};

// Ports of loopback that nobody has at this moment, each another.
std::array<int, 2> free_ports() {
  std::array<int, 2> ports{};
  std::array<base::Descriptor, 2> sockets;  // all held until each has its port
  for (std::size_t k = 0; k < ports.size(); ++k) {
    sockets[k] = base::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(sockets[k].get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      ports[k] = port_of(sockets[k].get());
  }
  return ports;
}

std::string configuration(const std::string& folder, int port, int metrics_port, const Backends& backends) {
  std::string text = fmt::format(
      "global\n  nbthread 1\n  stats socket {}/haproxy.sock level admin\n"
      "defaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n"
      "frontend fe\n  bind 127.0.0.1:{}\n  maxconn 1000\n  default_backend be\n"
      "frontend exporter\n  bind 127.0.0.1:{}\n"
      "  http-request use-service prometheus-exporter if {{ path /metrics }}\n"
      "backend be\n  balance roundrobin\n",
      folder, port, metrics_port);
  for (std::size_t k = 0; k < kServers.size(); ++k)
    text += fmt::format("  server {} 127.0.0.1:{} weight 10\n", kServers[k], backends.port(k));
  return text;
}

class RuntimeSocket {
 public:
  explicit RuntimeSocket(std::string path) : path_(std::move(path)) {}
  // The answer; kTargetFailed where nobody listens.
  Result<std::string> ask(const std::string& line) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof(address.sun_path)) return gone("the path of its socket is too long");
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    const base::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      return gone("haproxy's socket does not answer");
    const std::string bytes = line + "\n";
    if (::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      return gone("haproxy's socket takes no command");
    std::string answer;
    char piece[4096];
    for (ssize_t count = 0; (count = ::read(socket.get(), piece, sizeof(piece))) > 0;)
      answer.append(piece, static_cast<std::size_t>(count));
    return answer;
  }

 private:
  tl::unexpected<Error> gone(std::string why) const {
    return fail(ErrorCode::kTargetFailed, std::move(why), path_);
  }
  std::string path_;
};

// The number behind the first `mark`; nothing where there is none.
std::optional<std::int64_t> number_behind(const std::string& text, const std::string& mark) {
  const auto at = text.find(mark);
  if (at == std::string::npos) return std::nullopt;
  char* end = nullptr;
  const char* begin = text.c_str() + at + mark.size();
  const std::int64_t value = std::strtoll(begin, &end, 10);
  return end == begin ? std::nullopt : std::optional(value);
}

class HaproxyTarget {
 public:
  HaproxyTarget(const Options& options, Adapter adapter, RuntimeSocket socket,
                std::unique_ptr<http::Client> client, std::unique_ptr<http::Client> exporter)
      : options_(options),
        adapter_(std::move(adapter)),
        socket_(std::move(socket)),
        client_(std::move(client)),
        exporter_(std::move(exporter)) {}

  Result<void> run() {
    if (auto ready = await_ready(); !ready) return ready;
    constexpr milliseconds kSlice{10};
    auto next_report = SteadyClock::now();
    for (auto next = SteadyClock::now(); !ended(); next += kSlice) {
      std::this_thread::sleep_until(next);
      if (const auto settings = adapter_.changed("haproxy")) {
        if (auto done = set(*settings); !done) return done;
      }
      for (int k = 0; k < options_.requests_per_s * kSlice.count() / 1000 && request(); ++k) {
      }
      if (SteadyClock::now() < next_report) continue;
      next_report = SteadyClock::now() + milliseconds(options_.report_ms);
      if (auto reported = report(); !reported) return reported;
    }
    return {};
  }

 private:
  Result<void> await_ready() {
    const auto until = SteadyClock::now() + milliseconds(10'000);
    for (;;) {
      const auto answer = socket_.ask("show info typed");
      if (answer) return {};
      if (SteadyClock::now() > until) return tl::unexpected(answer.error());
      std::this_thread::sleep_for(milliseconds(20));
    }
  }

  static std::string command_of(const std::string& name, const std::string& text) {
    return name == "maxconn" ? "set maxconn frontend fe " + text
                             : "set server be/" + name.substr(name.find('_') + 1) + " weight " + text;
  }
  Result<void> set(const Json& settings) {
    for (const auto& [name, value] : settings.items()) {
      auto text = checked_text(kAllowed, name, value);
      if (!text && options_.unchecked) text = value.is_string() ? value.get<std::string>() : value.dump();
      if (!text) {
        std::fprintf(stderr, "not set: %s\n", to_line(text.error()).c_str());
        continue;
      }
      const auto answer = socket_.ask(command_of(name, *text));
      if (!answer) return tl::unexpected(answer.error());
      if (answer->size() > 1) std::fprintf(stderr, "%s: %s", name.c_str(), answer->c_str());
    }
    recent_.clear();
    counts_at_change_ = counts();
    return {};
  }

  // False where it failed.
  bool request() {
    const auto begin = SteadyClock::now();
    const auto response = client_->get("/", kAnswerLimit);
    const auto end = SteadyClock::now();
    const std::chrono::duration<double, std::milli> took = end - begin;
    const bool good = response && response->status == 200;
    recent_.add(end, took.count(), good);
    return good;
  }

  using Counts = std::array<std::int64_t, kServers.size()>;
  // Responses by server since haproxy began; nothing where the exporter does not answer.
  std::optional<Counts> counts() {
    const auto metrics = exporter_->get("/metrics?scope=server", kAnswerLimit);
    if (!metrics || metrics->status != 200) return std::nullopt;
    Counts counts{};
    for (std::size_t k = 0; k < kServers.size(); ++k) {
      const auto count = number_behind(
          metrics->body,
          fmt::format("haproxy_server_http_responses_total{{proxy=\"be\",server=\"{}\",code=\"2xx\"}} ",
                      kServers[k]));
      if (!count) return std::nullopt;
      counts[k] = *count;
    }
    return counts;
  }

  // Round robin deals exactly by weight: after enough responses their shares, in units of all the weights,
  // are the weights.
  Json evidence(const std::array<std::int64_t, kServers.size()>& weights) {
    constexpr std::int64_t kRoundsMin = 4;
    const auto now = counts();
    if (!now || !counts_at_change_) return nullptr;
    std::int64_t responses = 0, weight = 0;
    for (std::size_t k = 0; k < kServers.size(); ++k) {
      responses += (*now)[k] - (*counts_at_change_)[k];
      weight += weights[k];
    }
    if (weight == 0 || responses < kRoundsMin * weight) return nullptr;
    Json evidence;
    for (std::size_t k = 0; k < kServers.size(); ++k) {
      const double share =
          static_cast<double>((*now)[k] - (*counts_at_change_)[k]) / static_cast<double>(responses);
      evidence[fmt::format("weight_{}", kServers[k])] = {
          {"equals", std::llround(share * static_cast<double>(weight))}};
    }
    return evidence;
  }

  Result<void> report() {
    Report report;
    std::array<std::int64_t, kServers.size()> weights{};
    for (std::size_t k = 0; k < kServers.size(); ++k) {
      const auto answer = socket_.ask(fmt::format("get weight be/{}", kServers[k]));
      if (!answer) return tl::unexpected(answer.error());
      weights[k] = number_behind(*answer, "").value_or(-1);
      report.params["haproxy"][fmt::format("weight_{}", kServers[k])] = weights[k];
    }
    const auto stat = socket_.ask("show stat fe 1 -1 typed");
    if (!stat) return tl::unexpected(stat.error());
    const auto info = socket_.ask("show info typed");
    if (!info) return tl::unexpected(info.error());
    const auto maxconn = number_behind(*stat, ".slim.1:CLP:u32:"),
               pid = number_behind(*info, ".Pid.1:SGP:u32:");
    if (!maxconn || !pid)  // it is on its way out: half an answer is no report of another instance
      return fail(ErrorCode::kTargetFailed, "haproxy's socket gives half an answer");
    report.params["haproxy"]["maxconn"] = *maxconn;
    report.instance_id = fmt::format("haproxy-{}", *pid);
    const auto now = SteadyClock::now();
    const auto good = recent_.good_ratio(now), p95_ms = recent_.p95_ms(now);
    report.kpis = {{"success_ratio", good ? Json(*good) : Json()},
                   {"p95_latency_ms", p95_ms ? Json(*p95_ms) : Json()}};
    const auto shares = counts();
    if (!counts_at_change_) counts_at_change_ = shares;
    if (shares && counts_at_change_) {
      const double all = static_cast<double>(((*shares)[0] - (*counts_at_change_)[0]) +
                                             ((*shares)[1] - (*counts_at_change_)[1]) +
                                             ((*shares)[2] - (*counts_at_change_)[2]));
      for (std::size_t k = 0; all > 0 && k < kServers.size(); ++k)
        report.kpis[fmt::format("share_{}", kServers[k])] =
            static_cast<double>((*shares)[k] - (*counts_at_change_)[k]) / all;
    }
    report.evidence = evidence(weights);
    return adapter_.report(report);
  }

  Options options_;
  Adapter adapter_;
  RuntimeSocket socket_;
  std::unique_ptr<http::Client> client_, exporter_;
  RecentLatencies recent_{milliseconds(1000)};
  std::optional<Counts> counts_at_change_;
};

Result<void> run(const Options& options) {
  auto adapter = Adapter::from_environment();
  if (!adapter) return tl::unexpected(adapter.error());
  const auto folder = base::TemporaryFolder::create("soak-haproxy-");
  if (!folder) return tl::unexpected(folder.error());
  const auto backends = Backends::start();
  if (!backends) return tl::unexpected(backends.error());
  const auto [port, metrics_port] = free_ports();
  const std::string file = folder->path() + "/haproxy.cfg";
  if (auto written = base::write_file_atomic_not_durable(
          file, configuration(folder->path(), port, metrics_port, **backends));
      !written)
    return written;
  const auto proxy = base::SupervisedProcess::start({{options.program, "-db", "-f", file}, {}, {}});
  if (!proxy) return tl::unexpected(proxy.error());
  http::ClientOptions kept;
  kept.keep_alive = true;
  auto client = http::Client::create({"127.0.0.1", static_cast<std::uint16_t>(port)}, kept);
  if (!client) return tl::unexpected(client.error());
  auto exporter = http::Client::create({"127.0.0.1", static_cast<std::uint16_t>(metrics_port)}, kept);
  if (!exporter) return tl::unexpected(exporter.error());
  return HaproxyTarget(options, std::move(*adapter), RuntimeSocket(folder->path() + "/haproxy.sock"),
                       std::move(*client), std::move(*exporter))
      .run();
}

int main_of(int argc, char** argv) {
  CLI::App app{"An haproxy before three servers, as a target of `soak run ... -- soak-target-haproxy`",
               "soak-target-haproxy"};
  Options options;
  app.add_option("--haproxy", options.program, "The program");
  app.add_option("--requests-per-s", options.requests_per_s, "The load, at most")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--report-ms", options.report_ms, "Between two reports")->check(CLI::Range(10, 60'000));
  app.add_flag("--unchecked", options.unchecked,
               "Send whatever the runtime file says; shows that reading back finds what haproxy made of it");
  CLI11_PARSE(app, argc, argv);
  end_on_signals();
  std::signal(SIGPIPE, SIG_IGN);  // a write to a balancer that is gone is an error, and no end
  const auto done = run(options);
  if (!done) std::fprintf(stderr, "soak-target-haproxy: %s\n", to_line(done.error()).c_str());
  return done ? 0 : 1;
}

}  // namespace
}  // namespace soak::targets

int main(int argc, char** argv) {
  return soak::targets::main_of(argc, argv);
}

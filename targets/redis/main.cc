// soak-target-redis: a redis-server of its own on a socket of its own, under a Zipf load, as a target of
// soak.
//
// Cache-aside: each request asks for a key; a miss is filled. What the runtime file's section `redis` names
// is sent as CONFIG SET where the list below allows it; what is in effect is what CONFIG GET says, never what
// was sent.

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "base/supervised_process.h"
#include "base/temporary_folder.h"
#include "targets/adapter.h"

namespace soak::targets {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::string program = "redis-server";
  std::size_t keys = 20'000;
  std::size_t value_bytes = 400;
  double zipf_exponent = 0.99;
  int requests_per_s = 4'000;
  int report_ms = 100;
  std::uint64_t seed = 1;
};

// Live in Redis 7, and harmless: CONFIG SET takes `port` too, and cuts everyone off.
const std::vector<Setting> kAllowed = {{"maxmemory", 1 << 20, std::int64_t{1} << 32, {}},
                                       {"maxmemory-policy",
                                        0,
                                        0,
                                        {"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru",
                                         "volatile-lfu", "volatile-random", "volatile-ttl", "noeviction"}},
                                       {"maxmemory-samples", 1, 64, {}},
                                       {"hz", 1, 500, {}}};

// Zipf's law over `keys` ranks: rank k with a weight of k^-exponent, by its cumulated weights.
class Zipf {
 public:
  Zipf(std::size_t keys, double exponent) {
    double sum = 0;
    for (std::size_t rank = 1; rank <= keys; ++rank)
      cumulated_.push_back(sum += std::pow(static_cast<double>(rank), -exponent));
  }
  std::size_t draw(base::Rng& random) const {
    const double at = random.uniform() * cumulated_.back();
    return static_cast<std::size_t>(std::lower_bound(cumulated_.begin(), cumulated_.end(), at) -
                                    cumulated_.begin());
  }

 private:
  std::vector<double> cumulated_;
};

class Redis {
 public:
  struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;

  static Result<Redis> connect(const std::string& socket, milliseconds limit) {
    const auto until = SteadyClock::now() + limit;
    for (;;) {
      std::unique_ptr<redisContext, Free> context(redisConnectUnix(socket.c_str()));
      if (context && context->err == 0) {
        Redis redis(std::move(context));
        const Reply pong = redis.command({"PING"});
        if (pong && pong->type == REDIS_REPLY_STATUS) return redis;
      }
      if (SteadyClock::now() > until)
        return fail(ErrorCode::kTargetFailed, "redis-server does not answer", socket);
      std::this_thread::sleep_for(milliseconds(20));
    }
  }
  // Nothing where the connection is gone.
  Reply command(const std::vector<std::string>& words) const {
    std::vector<const char*> data;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      data.push_back(word.data());
      sizes.push_back(word.size());
    }
    return Reply(static_cast<redisReply*>(
        redisCommandArgv(context_.get(), static_cast<int>(words.size()), data.data(), sizes.data())));
  }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  explicit Redis(std::unique_ptr<redisContext, Free> context) : context_(std::move(context)) {}
  std::unique_ptr<redisContext, Free> context_;
};

class RedisTarget {
 public:
  RedisTarget(const Options& options, Adapter adapter, Redis redis)
      : options_(options),
        adapter_(std::move(adapter)),
        redis_(std::move(redis)),
        zipf_(options.keys, options.zipf_exponent),
        random_(options.seed),
        value_(options.value_bytes, 'x') {}

  Result<void> run() {
    constexpr milliseconds kSlice{10};
    auto next_report = SteadyClock::now();
    for (auto next = SteadyClock::now(); !ended(); next += kSlice) {
      std::this_thread::sleep_until(next);
      if (const auto settings = adapter_.changed("redis")) set(*settings);
      for (int k = 0; k < options_.requests_per_s * kSlice.count() / 1000; ++k)
        if (auto asked = request(); !asked) return asked;
      if (SteadyClock::now() < next_report) continue;
      next_report = SteadyClock::now() + milliseconds(options_.report_ms);
      if (auto reported = report(); !reported) return reported;
    }
    return {};
  }

 private:
  static tl::unexpected<Error> gone() { return fail(ErrorCode::kTargetFailed, "redis-server is gone"); }

  void set(const Json& settings) {
    for (const auto& [name, value] : settings.items()) {
      const auto text = checked_text(kAllowed, name, value);
      if (!text) {
        std::fprintf(stderr, "not set: %s\n", to_line(text.error()).c_str());
        continue;
      }
      const auto reply = redis_.command({"CONFIG", "SET", name, *text});
      if (reply && reply->type == REDIS_REPLY_ERROR)
        std::fprintf(stderr, "%s: %s\n", name.c_str(), reply->str);
    }
    recent_.clear();
  }

  Result<void> request() {
    const std::string key = fmt::format("key:{}", zipf_.draw(random_));
    const auto begin = SteadyClock::now();
    const auto got = redis_.command({"GET", key});
    if (!got) return gone();
    const bool hit = got->type == REDIS_REPLY_STRING;
    const std::chrono::duration<double, std::milli> took = SteadyClock::now() - begin;
    recent_.add(SteadyClock::now(), took.count(), hit);
    if (!hit && !redis_.command({"SET", key, value_})) return gone();  // refused without room: a miss again
    return {};
  }

  Result<std::string> config(const std::string& name) const {
    const auto reply = redis_.command({"CONFIG", "GET", name});
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) return gone();
    return std::string(reply->element[1]->str);
  }
  Result<std::string> run_id() const {
    const auto reply = redis_.command({"INFO", "server"});
    if (!reply || reply->str == nullptr) return gone();
    const char* found = std::strstr(reply->str, "run_id:");
    return found == nullptr ? std::string() : std::string(found + 7, std::strcspn(found + 7, "\r\n"));
  }

  Result<void> report() {
    Report report;
    for (const Setting& setting : kAllowed) {
      const auto text = config(setting.name);
      if (!text) return tl::unexpected(text.error());
      report.params["redis"][setting.name] =
          setting.choices.empty() ? Json(std::strtoll(text->c_str(), nullptr, 10)) : Json(*text);
    }
    const auto id = run_id();
    if (!id) return tl::unexpected(id.error());
    report.instance_id = *id;
    const auto now = SteadyClock::now();
    const auto hit_ratio = recent_.good_ratio(now), p95_ms = recent_.p95_ms(now);
    report.kpis = {{"hit_ratio", hit_ratio ? Json(*hit_ratio) : Json()},
                   {"p95_latency_ms", p95_ms ? Json(*p95_ms) : Json()}};
    return adapter_.report(report);
  }

  Options options_;
  Adapter adapter_;
  Redis redis_;
  Zipf zipf_;
  base::Rng random_;
  std::string value_;
  RecentLatencies recent_{milliseconds(1000)};
};

Result<void> run(const Options& options) {
  auto adapter = Adapter::from_environment();
  if (!adapter) return tl::unexpected(adapter.error());
  const auto folder = base::TemporaryFolder::create("soak-redis-");
  if (!folder) return tl::unexpected(folder.error());
  const std::string socket = folder->path() + "/redis.sock";
  auto server = base::SupervisedProcess::start(
      {{options.program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir",
        folder->path(), "--loglevel", "warning"},
       {},
       {}});
  if (!server) return tl::unexpected(server.error());
  auto redis = Redis::connect(socket, milliseconds(10'000));
  if (!redis) return tl::unexpected(redis.error());
  return RedisTarget(options, std::move(*adapter), std::move(*redis)).run();
}

int main_of(int argc, char** argv) {
  CLI::App app{"A redis-server under a Zipf load, as a target of `soak run ... -- soak-target-redis`",
               "soak-target-redis"};
  Options options;
  app.add_option("--redis-server", options.program, "The program");
  app.add_option("--keys", options.keys, "Keys that the load asks for")->check(CLI::Range(1, 100'000'000));
  app.add_option("--value-bytes", options.value_bytes, "Length of a value")->check(CLI::Range(1, 1 << 20));
  app.add_option("--zipf", options.zipf_exponent, "Exponent of Zipf's law")->check(CLI::Range(0.0, 5.0));
  app.add_option("--requests-per-s", options.requests_per_s, "The load, at most")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--report-ms", options.report_ms, "Between two reports")->check(CLI::Range(10, 60'000));
  app.add_option("--seed", options.seed, "Of the load");
  CLI11_PARSE(app, argc, argv);
  end_on_signals();
  const auto done = run(options);
  if (!done) std::fprintf(stderr, "soak-target-redis: %s\n", to_line(done.error()).c_str());
  return done ? 0 : 1;
}

}  // namespace
}  // namespace soak::targets

int main(int argc, char** argv) {
  return soak::targets::main_of(argc, argv);
}

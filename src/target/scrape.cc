#include "target/scrape.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"

namespace soak::target {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBodyBytesMax = std::size_t{16} << 20;
constexpr char kAccept[] = "text/plain;version=0.0.4";

class HttpScraper final : public Scraper {
 public:
  HttpScraper(const ScrapeOptions& options, const HttpAddress& address, EventQueue& queue)
      : options_(options), path_(address.path), queue_(queue), client_(address.origin) {
    client_.set_connection_timeout(options.timeout);
    client_.set_read_timeout(options.timeout);
    client_.set_write_timeout(options.timeout);
    client_.set_keep_alive(false);
    thread_ = std::thread([this] { work(); });
  }
  ~HttpScraper() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    client_.stop();
    thread_.join();
  }
  std::string last_problem() const override {
    const std::lock_guard lock(mutex_);
    return problem_;
  }

 private:
  void work() {
    auto next = steady_clock::now();
    for (;;) {
      scrape();
      next = std::max(next + options_.every, steady_clock::now());
      std::unique_lock lock(mutex_);
      if (changed_.wait_until(lock, next, [&] { return stopping_; })) return;
    }
  }

  void scrape() {
    TargetEvent event;
    event.at = steady_clock::now();
    event.utc = base::RealClock().now();
    auto body = get(event.at + options_.timeout);
    if (!body) return note(body.error().message);
    const auto samples = parse_prometheus(*body, options_.map.metrics());
    if (!samples) {
      event.kind = TargetEvent::Kind::kBadReport;
      event.text = options_.url + ": " + samples.error().message;
      return queue_.push(std::move(event));
    }
    auto report = options_.map.report(*samples, seq_ + 1);
    if (!report) return note(report.error().message);
    note({});
    event.seq = ++seq_;
    event.report = std::move(*report);
    event.bytes = event.report.dump().size();
    queue_.push(std::move(event));
  }

  Result<std::string> get(steady_clock::time_point deadline) {
    std::string body;
    bool too_large = false;
    const auto result =
        client_.Get(path_, httplib::Headers{{"Accept", kAccept}}, [&](const char* bytes, std::size_t size) {
          too_large = body.size() + size > kBodyBytesMax;
          if (!too_large) body.append(bytes, size);
          return !too_large && steady_clock::now() < deadline;  // of the whole, however slowly it drips
        });
    const auto problem = [&](const std::string& what) {
      return fail(ErrorCode::kIoError, fmt::format("{}: {}", options_.url, what));
    };
    if (too_large) return problem(fmt::format("the answer is larger than {} bytes", kBodyBytesMax));
    if (steady_clock::now() >= deadline) return problem("no whole answer in time");
    if (!result) return problem(httplib::to_string(result.error()));
    if (result->status != 200) return problem(fmt::format("HTTP status {}", result->status));
    return body;
  }

  void note(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }

  ScrapeOptions options_;
  std::string path_;
  EventQueue& queue_;
  httplib::Client client_;
  std::int64_t seq_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_, like problem_
  std::string problem_;
  std::thread thread_;
};

}  // namespace

Result<HttpAddress> http_address(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://")) return fail(ErrorCode::kUnsupported, "only http:// can be scraped", url);
  const std::size_t slash = url.find('/', kScheme.size());
  const std::string origin = url.substr(0, slash);
  const bool printable =
      std::all_of(url.begin(), url.end(), [](char letter) { return letter > ' ' && letter <= '~'; });
  if (!url.starts_with(kScheme) || origin.size() == kScheme.size() || !printable)
    return fail(ErrorCode::kInvalidArgument,
                "is no address to scrape; one looks like http://127.0.0.1:9100/metrics", url);
  return HttpAddress{origin, slash == std::string::npos ? "/" : url.substr(slash)};
}

Result<std::unique_ptr<Scraper>> Scraper::start(const ScrapeOptions& options, EventQueue& queue) {
  const auto address = http_address(options.url);
  if (!address) return tl::unexpected(address.error());
  return std::make_unique<HttpScraper>(options, *address, queue);
}

}  // namespace soak::target

#include "target/scrape.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "http/client.h"

namespace soak::target {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBodyBytesMax = std::size_t{16} << 20;
constexpr char kAccept[] = "text/plain;version=0.0.4";

class HttpScraper final : public Scraper {
 public:
  HttpScraper(const ScrapeOptions& options, std::string path, std::unique_ptr<http::Client> client,
              EventQueue& queue)
      : options_(options), path_(std::move(path)), queue_(queue), client_(std::move(client)) {
    thread_ = std::thread([this] { work(); });
  }
  ~HttpScraper() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    client_->stop();
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
    auto body = get();
    if (!body) return note(body.error().message);
    const auto samples = parse_prometheus(*body, options_.map.metrics());
    if (!samples) {
      event.kind = TargetEvent::Kind::kBadReport;
      event.text = shown_address(options_.url) + ": " + samples.error().message;
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

  Result<std::string> get() {
    auto response = client_->get(path_, options_.timeout);
    const auto problem = [&](const std::string& what) {
      return fail(ErrorCode::kIoError, fmt::format("{}: {}", shown_address(options_.url), what));
    };
    if (!response) return problem(response.error().message);
    if (!response->location.empty())
      return problem(fmt::format("HTTP status {}: it has moved to {}, and soak follows nowhere",
                                 response->status, shown_address(response->location)));
    if (response->status != 200) return problem(fmt::format("HTTP status {}", response->status));
    if (!response->encoding.empty() && response->encoding != "identity")
      return problem(fmt::format("the answer is packed ({}), for which nobody asked", response->encoding));
    return std::move(response->body);
  }

  void note(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }

  ScrapeOptions options_;
  std::string path_;
  EventQueue& queue_;
  std::unique_ptr<http::Client> client_;
  std::int64_t seq_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_, like problem_
  std::string problem_;
  std::thread thread_;
};

}  // namespace

std::string shown_address(const std::string& url) {
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string shown = url.substr(0, query) + (query < url.size() ? "?..." : "");
  const std::size_t scheme = shown.find("//");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 2;
  const std::size_t user = shown.substr(0, shown.find_first_of("/?#", host)).rfind('@');
  if (user != std::string::npos && user >= host) shown.erase(host, user + 1 - host);
  return shown;
}

Result<HttpAddress> http_address(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://"))
    return fail(ErrorCode::kUnsupported, "only http:// can be scraped", shown_address(url));
  const auto is_none = [&] {
    return fail(ErrorCode::kInvalidArgument,
                "is no address to scrape; one looks like http://127.0.0.1:9100/metrics", shown_address(url));
  };
  const bool printable =
      std::all_of(url.begin(), url.end(), [](char letter) { return letter > ' ' && letter <= '~'; });
  if (!url.starts_with(kScheme) || !printable) return is_none();
  const std::size_t path = std::min(url.find_first_of("/?#", kScheme.size()), url.size());
  std::string_view host = std::string_view(url).substr(kScheme.size(), path - kScheme.size());
  HttpAddress address{{}, 80, url.substr(path, url.find('#') - path)};
  if (!address.path.starts_with('/')) address.path.insert(0, "/");
  const bool bracketed = host.starts_with('[');  // an IPv6 address
  const std::size_t end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && end == std::string_view::npos) return is_none();
  std::string_view port = host.substr(std::min(bracketed ? end + 1 : end, host.size()));
  address.host = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  if (address.host.empty() || address.host.find_first_of("@[]") != std::string::npos) return is_none();
  if (port.empty()) return address;
  if (!port.starts_with(':')) return is_none();
  port.remove_prefix(1);
  const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || last != port.data() + port.size() || address.port == 0) return is_none();
  return address;
}

Result<std::unique_ptr<Scraper>> Scraper::start(const ScrapeOptions& options, EventQueue& queue) {
  const auto address = http_address(options.url);
  if (!address) return tl::unexpected(address.error());
  auto client = http::Client::create({address->host, address->port},
                                     {.body_bytes_max = kBodyBytesMax, .accept = kAccept});
  if (!client) return tl::unexpected(client.error());
  return std::make_unique<HttpScraper>(options, address->path, std::move(*client), queue);
}

}  // namespace soak::target

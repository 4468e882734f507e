#pragma once
// Scraping a Prometheus endpoint for reports, in a thread of its own.

#include <soak/params.h>
#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "target/event_queue.h"
#include "target/scrape_map.h"

namespace soak::target {

struct ScrapeOptions {
  std::string url;  // http://HOST:PORT/PATH
  ScrapeMap map;
  std::chrono::milliseconds every{15'000};
  std::chrono::milliseconds timeout{5'000};  // of one scrape as a whole
};

// "http://HOST[:PORT][/PATH]" taken apart.
struct HttpAddress {
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string path;  // begins with /, with the query
};
// kInvalidArgument; kUnsupported: https. The errors show the address by shown_address().
Result<HttpAddress> http_address(const std::string& url);

// As it may be printed and recorded: without user and password, and with "..." for a query, which may hold a
// token.
std::string shown_address(const std::string& url);

class Scraper {
 public:
  // Begins at once. Each scrape that succeeds is a report in the queue, `at` the moment that it was asked
  // for; one that cannot be understood is a bad report; one that fails, or lacks a parameter of the map, is
  // none.
  static Result<std::unique_ptr<Scraper>> start(const ScrapeOptions& options, EventQueue& queue);
  virtual ~Scraper() = default;
  // Why the last scrape gave no report; empty where it did.
  virtual std::string last_problem() const = 0;
};

}  // namespace soak::target

// A target for soak in 60 lines of C++ (nlohmann-json, OpenSSL for the hash). It re-reads its overrides when
// they change, works by them, and says in each report what it really used and what it measured.
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;
static volatile std::sig_atomic_t running = 1;  // on SIGTERM a bot cancels its orders

static std::string sha256(const std::string& bytes) {
  unsigned char digest[32];
  EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    hex += two;
  }
  return hex;
}

int main() {
  const std::string runtime = std::getenv("SOAK_RUNTIME_OVERRIDES"), report = std::getenv("SOAK_REPORT");
  const char* length_s = std::getenv("SOAK_ITERATION_S");
  const Ms report_every(std::min(1000.0, 100 * std::atof(length_s ? length_s : "10")));
  const std::string instance =
      std::to_string(::getpid()) + "-" + std::to_string(Clock::now().time_since_epoch().count());
  std::signal(SIGTERM, [](int) { running = 0; });
  json params;
  std::string hash;
  ino_t version = 0;
  std::optional<Clock::time_point> last_quote;
  std::optional<double> shortest_ms;
  Clock::time_point last_report{};
  for (long seq = 0; running != 0; std::this_thread::sleep_for(Ms(2))) {
    struct stat now {};
    if (::stat(runtime.c_str(), &now) == 0 && now.st_ino != version) {  // replaced by a rename: another file
      std::ifstream in(runtime, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)), {});
      const json overrides = json::parse(bytes);
      params = {{"min_interval_ms", 20}};
      if (overrides.contains("engine")) params.update(overrides["engine"]);
      hash = sha256(bytes), version = now.st_ino, last_quote.reset(), shortest_ms.reset();
    }
    const Ms since = last_quote ? Clock::now() - *last_quote : Ms(1e9);
    if (since >= Ms(params["min_interval_ms"].get<double>())) {  // the work: here a bot sends its quotes
      if (last_quote) shortest_ms = std::min(shortest_ms.value_or(1e9), since.count());
      last_quote = Clock::now();
    }
    if (Clock::now() - last_report < report_every) continue;
    last_report = Clock::now();
    json out = {{"seq", ++seq}, {"totals", {{"net_bps", 2.5}}}};
    out["effective"] = {{"state_hash", hash}, {"params", params}, {"instance_id", instance}};
    if (shortest_ms) out["evidence"]["min_interval_ms"]["at_least"] = *shortest_ms;
    std::ofstream(report + ".new") << out;  // whole or not at all: another file, renamed into place
    std::rename((report + ".new").c_str(), report.c_str());
  }
}

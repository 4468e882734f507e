// A target for soak in 60 lines of C++ (nlohmann-json, OpenSSL for the hash). It re-reads its overrides when
// they change, works by them, and says in each report what it really used and what it measured.
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;
static volatile std::sig_atomic_t running = 1;

static std::string sha256(const std::string& bytes) {
  unsigned char digest[32];
  EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const int byte : digest) hex += {"0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]};
  return hex;
}

int main() {
  const std::string runtime = std::getenv("SOAK_RUNTIME_OVERRIDES"), report = std::getenv("SOAK_REPORT");
  const Ms report_every(std::min(1000.0, 100 * std::atof(std::getenv("SOAK_ITERATION_S"))));
  const std::string instance = std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  std::signal(SIGTERM, [](int) { running = 0; });
  Ms min_interval{}, shortest{};  // in effect; measured while it was, 0 for nothing yet
  std::string hash;               // of exactly the bytes that it comes from
  struct stat now = {}, read = {};
  Clock::time_point last_quote{}, last_report{};
  for (long seq = 0; running != 0; std::this_thread::sleep_for(Ms(2))) {
    if (::stat(runtime.c_str(), &now) == 0 &&
        (now.st_ino != read.st_ino || now.st_mtim.tv_nsec != read.st_mtim.tv_nsec)) {
      std::ifstream in(runtime, std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      min_interval = Ms(json::parse(bytes).value(json::json_pointer("/engine/min_interval_ms"), 20.0));
      hash = sha256(bytes), read = now, last_quote = {}, shortest = {};
    }
    if (const Ms since = Clock::now() - last_quote; since >= min_interval) {  // the work: here a bot quotes
      if (last_quote != Clock::time_point{}) shortest = shortest > Ms{} ? std::min(shortest, since) : since;
      last_quote = Clock::now();
    }
    if (Clock::now() - last_report < report_every) continue;
    last_report = Clock::now();
    json out = {{"seq", ++seq}, {"totals", {{"net_bps", 2.5}}}};
    out["effective"] = {{"params", {{"min_interval_ms", min_interval.count()}}}, {"state_hash", hash}};
    out["effective"]["instance_id"] = instance;
    if (shortest > Ms{}) out["evidence"]["min_interval_ms"]["at_least"] = shortest.count();
    std::ofstream(report + ".new") << out;  // whole or not at all: another file, renamed into place
    std::rename((report + ".new").c_str(), report.c_str());
  }
}

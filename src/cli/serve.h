#pragma once
// The live page, for `soak serve` and for `soak run --serve`.

#include <soak/result.h>
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "serve/service.h"

namespace soak::cli {

void add_serve(CLI::App& app, int& exit_code);

inline constexpr char kServeAddress[] = "127.0.0.1:8484";

struct ServeRequest {
  std::string path;
  std::string listen = kServeAddress;
  std::string token_file;
  std::string kpi_profile;  // for runs that recorded none; a file
  std::string params;
  const serve::ApplyTimes* apply_times = nullptr;  // of the run in this process; outlives the service
  bool quiet = false;                              // does not say where it listens
};

// Empty where it is an address to listen on: a CLI11 check.
std::string check_listen_address(const std::string& text);

// Listens, and says where on stderr. Serving begins with the service's run().
Result<std::unique_ptr<serve::Service>> open_service(const ServeRequest& request);

// The page beside a run, in a thread of its own that reads the artifacts alone. Whatever becomes of it, the
// run goes on; so a failure to listen is a line on stderr.
class ServedRun {
 public:
  explicit ServedRun(const ServeRequest& request);
  ~ServedRun();
  ServedRun(const ServedRun&) = delete;
  ServedRun& operator=(const ServedRun&) = delete;

 private:
  struct Serving;
  std::unique_ptr<Serving> serving_;  // none: it does not serve
};

}  // namespace soak::cli

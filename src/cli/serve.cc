// `soak serve`: the live page over the runs below a folder.

#include "cli/serve.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "analyze/profile.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/log.h"
#include "cli/stop_signal.h"
#include "serve/access.h"

namespace soak::cli {
namespace {

Result<serve::Defaults> defaults_of(const ServeRequest& request) {
  auto registry = load_registry(request.params);
  if (!registry) return tl::unexpected(registry.error());
  serve::Defaults defaults{std::move(*registry), analyze::market_maker_profile(), false};
  if (request.kpi_profile.empty()) return defaults;
  auto profile = analyze::load_profile(request.kpi_profile);
  if (!profile) return tl::unexpected(profile.error());
  defaults.profile = std::move(*profile);
  return defaults;
}

// A second signal ends the process at once; the first is looked for ten times a second.
void stop_on_signal(serve::Service& service, const volatile std::sig_atomic_t* stop,
                    const std::atomic<bool>& ended) {
  while (*stop == 0 && !ended) ::usleep(100'000);
  service.stop();
}

int run_serve(const ServeRequest& request) {
  const auto* stop = watch_stop_signals();  // before anybody is told that it serves
  auto service = open_service(request);
  if (!service) return report_error(service.error());
  std::atomic<bool> ended = false;
  std::thread waiting([&] { stop_on_signal(**service, stop, ended); });
  (*service)->run();
  ended = true;
  waiting.join();
  return kExitOk;
}

// What the parser cannot see.
void check_token(const ServeRequest& request) {
  const auto address = http::parse_listen_address(request.listen);
  if (address && !http::is_loopback(address->host) && request.token_file.empty()) {
    throw CLI::ValidationError(
        "--listen",
        "an address that is not loopback needs --token-file FILE: anyone who reaches it could read the runs");
  }
}

}  // namespace

std::string check_listen_address(const std::string& text) {
  const auto address = http::parse_listen_address(text);
  return address ? "" : address.error().message;
}

Result<std::unique_ptr<serve::Service>> open_service(const ServeRequest& request) {
  auto defaults = defaults_of(request);
  if (!defaults) return tl::unexpected(defaults.error());
  const auto address = http::parse_listen_address(request.listen);
  if (!address) return tl::unexpected(address.error());
  serve::ServiceOptions options;
  options.address = *address;
  options.library = {request.path, std::move(*defaults), SOAK_VERSION, request.apply_times};
  if (!request.token_file.empty()) {
    auto token = serve::read_token(request.token_file);
    if (!token) return tl::unexpected(token.error());
    options.token = std::move(*token);
  }
  auto service = serve::Service::create(std::move(options));
  if (!service) return service;
  if (request.quiet) return service;
  log_line(LogLevel::kInfo, "serving",
           fmt::format("soak: serving on {}{}", http::address_url((*service)->address()),
                       request.token_file.empty() ? "" : "; open it once with ?token=TOKEN"));
  return service;
}

struct ServedRun::Serving {
  std::unique_ptr<serve::Service> service;
  std::thread thread;
};

ServedRun::ServedRun(const ServeRequest& request) {
  auto service = open_service(request);
  if (!service) {
    log_warning("the run goes on without its page: " + to_line(service.error()));
    return;
  }
  serving_ = std::make_unique<Serving>();
  serving_->service = std::move(*service);
  sigset_t all, before;  // signals are the run's
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  serving_->thread = std::thread([served = serving_->service.get()] { served->run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ServedRun::~ServedRun() {
  if (!serving_) return;
  serving_->service->stop();
  serving_->thread.join();
}

void add_serve(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("serve", "The live page over the runs below a folder, in a browser");
  const auto request = std::make_shared<ServeRequest>();
  command
      ->add_option("--path", request->path,
                   "One run's folder, or one that holds runs (such as artifacts/soak)")
      ->required();
  command->add_option("--listen", request->listen, "Address and port; port 0 takes one that is free")
      ->check(check_listen_address)
      ->capture_default_str();
  command->add_option("--token-file", request->token_file,
                      "A file (chmod 600) whose first line is the token that each request must bear");
  command->add_option(
      "--kpi-profile", request->kpi_profile,
      "A KPI profile (JSON) for runs that recorded none; without it, the built-in market-maker");
  command->add_option("--params", request->params, "More parameters, on top of the built-in ones (JSON)");
  command->callback([request, &exit_code] {
    check_token(*request);
    exit_code = run_serve(*request);
  });
}

}  // namespace soak::cli

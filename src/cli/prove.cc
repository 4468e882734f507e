// `soak prove`: the fault matrix against the simulated target, or against a program of the user's own.

#include "prove/prove.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/prove.h"
#include "cli/prove_program.h"
#include "cli/stop_signal.h"

namespace soak::cli {
namespace {

constexpr std::int64_t kRunsMax = 1'000'000;
constexpr unsigned kThreadsMax = 1024;

struct ProveRequest {
  prove::ProveOptions options;
  std::vector<std::string> kinds;
  ProgramRequest program;
  bool json = false;
};

std::string check_kind(const std::string& name) {
  if (target::fault_kind_of(name)) return {};
  std::string known;
  for (const target::FaultKind kind : target::kFaultKinds)
    known += (known.empty() ? "" : ", ") + std::string(target::fault_kind_name(kind));
  return "no kind of fault: " + name + "; there are " + known;
}

// On a terminal only, one line that is rewritten.
std::function<void(std::int64_t, std::int64_t)> progress_line() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [](std::int64_t done, std::int64_t all) {
    std::fprintf(stderr, "\rprove %lld of %lld runs", static_cast<long long>(done),
                 static_cast<long long>(all));
  };
}

std::vector<target::FaultKind> kinds_of(const ProveRequest& request) {
  std::vector<target::FaultKind> kinds;
  for (const target::FaultKind kind : target::kFaultKinds) {
    const bool wanted =
        request.kinds.empty() || std::find(request.kinds.begin(), request.kinds.end(),
                                           target::fault_kind_name(kind)) != request.kinds.end();
    if (wanted) kinds.push_back(kind);
  }
  return kinds;
}

int run_program(ProveRequest request) {
  request.program.kinds = request.kinds;
  request.program.keep = request.options.keep;
  request.program.threads = std::max(1U, request.options.threads);
  check_program_request(request.program);
  const auto result = prove_program(request.program);
  if (!result) return report_error(result.error(), request.json);
  return tell_proof(*result, request.json);
}

int run_prove(const ProveRequest& request) {
  prove::ProveOptions options = request.options;
  options.kinds = kinds_of(request);
  options.soak_version = SOAK_VERSION;
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  options.progress = progress_line();
  options.stop = watch_stop_signals();
  const auto result = prove::run_matrix(options);
  if (options.progress) std::fputs("\r\033[K", stderr);
  if (!result) return report_error(result.error(), request.json);
  return tell_proof(*result, request.json);
}

// Those that only the simulated matrix has.
std::vector<CLI::Option*> add_matrix_options(CLI::App& command, prove::ProveOptions& options) {
  return {command.add_option("--seeds", options.seeds, "Runs of each kind of fault")
              ->check(CLI::Range(std::int64_t{0}, kRunsMax))
              ->capture_default_str(),
          command.add_option("--healthy", options.healthy, "Runs without a fault")
              ->check(CLI::Range(std::int64_t{0}, kRunsMax))
              ->capture_default_str(),
          command.add_option("--seed", options.first_seed, "The first seed; same seeds, same table")
              ->check(check_seed)
              ->capture_default_str()};
}

void refuse(const std::vector<CLI::Option*>& options, const std::string& why) {
  for (const CLI::Option* option : options) {
    if (option->count() > 0) throw CLI::ValidationError(option->get_name(), why);
  }
}

}  // namespace

int tell_proof(const prove::ProveResult& result, bool json) {
  const bool printed = json ? print_json(prove::to_json(result)) : print_text(prove::to_text(result));
  if (result.stopped) return kExitInterrupted;
  return printed && result.passed() ? kExitOk : kExitError;
}

void add_prove(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "prove", "Run targets with every kind of fault, and healthy ones: is each fault caught and named?");
  const auto request = std::make_shared<ProveRequest>();
  prove::ProveOptions& options = request->options;
  const auto of_matrix = add_matrix_options(*command, options);
  const auto of_program = add_program_options(*command, request->program);
  command->add_option("--kind", request->kinds, "Only this kind of fault, as often as needed")
      ->allow_extra_args(false)
      ->check(check_kind);
  command->add_option(
      "--keep", options.keep,
      "Leave the artifacts of each run in this folder, as KIND-SEED and healthy-SEED (behind -- CMD the seed "
      "is a number)");
  command
      ->add_option("--threads", options.threads,
                   "Runs at a time (default: as many as there are cores; behind -- CMD one)")
      ->check(CLI::Range(1U, kThreadsMax));
  command->add_flag("--json", request->json, "Print one JSON document");
  request->options.threads = 0;
  command->callback([request, of_matrix, of_program, &exit_code] {
    if (!request->program.command.empty()) {
      refuse(of_matrix, "is for simulated targets, and has no meaning with a program");
      exit_code = run_program(*request);
      return;
    }
    refuse(of_program, "needs a program to prove: -- CMD ARG...");
    if (request->options.seeds == 0 && request->options.healthy == 0)
      throw CLI::ValidationError("--seeds, --healthy", "leave nothing to run");
    exit_code = run_prove(*request);
  });
}

}  // namespace soak::cli

// `soak run`: the loop on a target: simulated, external or scraped.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "apply/file_store.h"
#include "base/plural.h"
#include "cli/approval.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/log.h"
#include "cli/progress.h"
#include "cli/run_request.h"
#include "cli/serve.h"
#include "cli/stop_signal.h"
#include "journal/write_artifacts.h"
#include "serve/live_metrics.h"

namespace soak::cli {
namespace {

constexpr std::int64_t kIterationsMax = 10'000'000;
constexpr double kSecondsMax = 86'400;

std::string summary_text(const PreparedRun& run, const loop::RunOutcome& outcome, const Progress& progress) {
  const char* end = outcome.end == loop::RunEnd::kFinished      ? "finished"
                    : outcome.end == loop::RunEnd::kInterrupted ? "interrupted; go on with --resume"
                    : outcome.end == loop::RunEnd::kVetoed      ? "stopped on a veto"
                                                                : "ended by its target";
  return fmt::format(
      "run {}: {}, {} of {}, {} passed\n"
      "proposals: {}, applied {}, held {}{}; delivery faults: {}\n"
      "artifacts: {}\n{}",
      outcome.run_id, end, outcome.iterations, base::plural(run.plan.header.iterations, "iteration"),
      outcome.passed, outcome.proposed, outcome.applied, outcome.held,
      outcome.rolled_back > 0 ? fmt::format(", rolled back {}", outcome.rolled_back) : std::string(),
      outcome.faults, run.folder, progress.table(color_on_stdout()));
}

loop::FolderUse folder_use(const RunRequest& request) {
  return request.resume      ? loop::FolderUse::kResume
         : request.overwrite ? loop::FolderUse::kOverwrite
                             : loop::FolderUse::kFresh;
}

// Tells how long each apply took.
class TimedStore final : public apply::Store {
 public:
  TimedStore(apply::Store& store, serve::ApplyTimes& times) : store_(store), times_(times) {}
  Result<apply::Loaded> load() override { return store_.load(); }
  Result<std::string> replace(const std::string& version, std::string_view bytes,
                              const BeforeCommit& before_commit) override {
    const auto began = std::chrono::steady_clock::now();
    auto replaced = store_.replace(version, bytes, before_commit);
    times_.observe(std::chrono::steady_clock::now() - began);
    return replaced;
  }
  Result<void> make_durable() override { return store_.make_durable(); }
  std::string name() const override { return store_.name(); }

 private:
  apply::Store& store_;
  serve::ApplyTimes& times_;
};

Result<loop::RunOutcome> run_prepared(const RunRequest& request, PreparedRun& run, Progress& progress) {
  if (auto ready = loop::prepare_run_folder(run.folder, folder_use(request), run.plan.start_runtime); !ready)
    return tl::unexpected(ready.error());
  if (!run.latest_root.empty()) {
    if (auto linked = loop::point_latest_at(run.latest_root, run.plan.header.run_id); !linked)
      return tl::unexpected(linked.error());
  }
  const std::string runtime_path = run.folder + "/" + journal::kRuntimeName;
  apply::FileStore store(runtime_path, apply::Links::kRefuse);
  loop::RunTools tools;
  tools.folder = run.folder;
  tools.target = run.target.get();
  tools.tuner = run.tuner.get();
  tools.runtime_path = runtime_path;
  tools.stop = request.stop;
  if (request.approve) {
    const std::chrono::milliseconds within(std::llround(request.approve_s * 1000));
    tools.approve = make_approval({request.approve_file, within, request.stop});
  }
  serve::ApplyTimes apply_times;
  TimedStore timed(store, apply_times);
  tools.store = &timed;
  std::vector<std::unique_ptr<ServedRun>> served;
  const bool one = request.serve == request.metrics_listen && !request.serve.ends_with(":0");
  for (const std::string& address : {request.serve, request.metrics_listen}) {
    if (address.empty() || (one && !served.empty())) continue;  // the page has /metrics too
    served.push_back(std::make_unique<ServedRun>(ServeRequest{run.folder, address, "", request.kpi_profile,
                                                              request.params, &apply_times, request.quiet}));
  }
  tools.on_iteration = [&request, &progress](const journal::IterationRecord& record) {
    progress.take(record);
    if (!request.quiet) progress.show(record);
  };
  auto outcome = loop::run_soak(run.plan, tools);
  clear_status();
  return outcome;
}

// What the system would not do now it may do later, and the journal holds what was complete.
bool may_go_on(const Error& error) {
  const bool by_the_system = error.code == ErrorCode::kIoError ||
                             error.code == ErrorCode::kPermissionDenied ||
                             error.code == ErrorCode::kUnknownOutcome;
  return by_the_system && error.message.find("--resume") == std::string::npos;
}

int exit_code_of(const Error& error) {
  const int code = report_error(error);
  return code == kExitConflict ? kExitError : code;  // 6 is a promise of `soak apply`
}

int run_request(const RunRequest& request) {
  auto run = prepare_run(request);
  if (!run) return exit_code_of(run.error());
  for (const std::string& warning : (*run)->warnings) log_warning(warning);
  Progress progress(progress_for_stderr((*run)->profile, (*run)->plan.header.iterations));
  auto outcome = run_prepared(request, **run, progress);
  if (!outcome && may_go_on(outcome.error()))
    outcome.error().message += "; --resume goes on from the last complete iteration";
  if (!outcome) return exit_code_of(outcome.error());
  const bool printed = print_text(summary_text(**run, *outcome, progress));
  if (outcome->end == loop::RunEnd::kInterrupted) return kExitInterrupted;
  if (outcome->end == loop::RunEnd::kTargetEnded) {
    log_line(LogLevel::kError, "target_ended",
             "the target died or stopped reporting: " + outcome->end_reason);
    return kExitTargetFailed;
  }
  if (outcome->end == loop::RunEnd::kVetoed) {
    log_line(LogLevel::kError, "veto", "stopped on a veto: " + outcome->end_reason);
    return kExitError;
  }
  return printed ? kExitOk : kExitError;
}

// What the parser cannot see: options that only make sense together. Thrown as its own errors are, which
// main() turns into exit 2.
void check_combinations(const RunRequest& request) {
  if (!request.mock && request.feed.empty() && !request.external()) {
    throw CLI::ValidationError(
        "run",
        "say what to run: --mock for the synthetic market, --feed FILE for recorded data, "
        "-- CMD ARG... for a program, or --scrape URL");
  }
  if (request.external() && (request.mock || !request.feed.empty()))
    throw CLI::ValidationError("run", "a program or --scrape takes the place of --mock and --feed");
  if (request.scrape.empty() != request.scrape_map.empty())
    throw CLI::ValidationError("--scrape, --map", "need each other");
  if (request.reload_by_sighup && request.command.empty())
    throw CLI::ValidationError("--reload", "needs a program that soak starts: -- CMD ARG...");
  if (!std::isfinite(request.iteration_s) || (request.settle_s && !std::isfinite(*request.settle_s)))
    throw CLI::ValidationError("--iteration-s, --settle-s", "must be numbers of seconds");
  if (request.loop_feed && request.feed.empty())
    throw CLI::ValidationError("--loop-feed", "needs --feed FILE");
  if (request.settle_s && *request.settle_s >= request.iteration_s) {
    throw CLI::ValidationError("--settle-s", "must be shorter than the iteration");
  }
}

// --iterations and --duration to the number of iterations that both allow.
void set_iterations(RunRequest& request) {
  if (request.iterations == 0 && !request.duration_s)
    throw CLI::RequiredError("--iterations N, or --duration TIME,");
  if (!request.duration_s) return;
  const double whole = std::floor(*request.duration_s / request.iteration_s + 1e-9);
  if (whole < 1) {
    throw CLI::ValidationError("--duration", fmt::format("{:g} s is shorter than one iteration of {:g} s",
                                                         *request.duration_s, request.iteration_s));
  }
  const auto fitting = static_cast<std::int64_t>(std::min(whole, static_cast<double>(kIterationsMax)));
  request.iterations = request.iterations == 0 ? fitting : std::min(request.iterations, fitting);
}

void add_safeguards(CLI::App& command, RunRequest& request) {
  command.add_flag(
      "--rollback", request.rollback,
      "After a change that the target does not take, that makes a KPI worse beyond the profile's "
      "limit, or under which it crashes: put the last known good values back");
  command.add_flag("--stop-on-veto", request.stop_on_veto,
                   "End the run with the first iteration in which a veto KPI fails (exit 1)");
  command
      .add_option_function<std::vector<std::string>>(
          "--approve",
          [&request](const std::vector<std::string>& file) {
            request.approve = true;
            if (!file.empty()) request.approve_file = file.front();
          },
          "Wait for a yes before each change: on the terminal, or in FILE, which then says \"yes\", \"no\" "
          "or, of iteration 3, \"3 yes\"")
      ->expected(0, 1)
      ->allow_extra_args(false)
      ->type_name("[FILE]");
  command.add_option("--approve-s", request.approve_s, "How long to wait for an answer; then it is a no")
      ->check(CLI::Range(0.001, kSecondsMax * 365))
      ->capture_default_str();
}

void add_external_options(CLI::App& command, RunRequest& request) {
  command.add_option("command", request.command,
                     "Behind --: the program to run as the target, and its arguments");
  command
      .add_option_function<std::string>(
          "--reload", [&request](const std::string& how) { request.reload_by_sighup = how == "sighup"; },
          "watch: the target sees by itself that its runtime file has changed; sighup: it is sent SIGHUP as "
          "well")
      ->check(CLI::IsMember({"watch", "sighup"}))
      ->default_str("watch");
  command.add_option("--ready-s", request.ready_s, "How long the target may take for its first report")
      ->check(CLI::Range(0.001, kSecondsMax))
      ->capture_default_str();
  command.add_option("--grace-s", request.grace_s, "How long the target may take to end after SIGTERM")
      ->check(CLI::Range(0.0, kSecondsMax))
      ->capture_default_str();
  command.add_option("--scrape", request.scrape,
                     "A Prometheus endpoint, http://HOST:PORT/PATH, that reports are made of");
  command.add_option("--map", request.scrape_map, "Which of its metrics is which KPI and parameter (JSON)");
  command
      .add_option("--scrape-every-s", request.scrape_every_s,
                  "Between two scrapes (default: a twentieth of the iteration, 0.1 to 15)")
      ->check(CLI::Range(0.01, kSecondsMax));
}

std::string check_loopback(const std::string& text) {
  const auto address = http::parse_listen_address(text);
  if (!address) return address.error().message;
  return http::is_loopback(address->host)
             ? ""
             : "a run is served on loopback alone; beyond it, soak serve --token-file";
}

void add_serve_options(CLI::App& command, RunRequest& request) {
  command
      .add_option_function<std::vector<std::string>>(
          "--serve",
          [&request](const std::vector<std::string>& address) {
            request.serve = address.empty() ? kServeAddress : address.front();
          },
          "The live page of this run, on loopback, while it goes on (default address: 127.0.0.1:8484)")
      ->expected(0, 1)
      ->allow_extra_args(false)
      ->check(check_loopback)
      ->type_name("[ADDRESS]");
  command
      .add_option(
          "--metrics-listen", request.metrics_listen,
          "Where Prometheus finds the run's metrics while it goes on, at /metrics: an address on loopback")
      ->check(check_loopback);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("run", "Run a soak: iterate, tune, apply, and prove what took effect");
  const auto request = std::make_shared<RunRequest>();
  command->add_option("--iterations", request->iterations, "How many iterations")
      ->check(CLI::Range(std::int64_t{1}, kIterationsMax));
  command
      ->add_option_function<std::string>(
          "--duration", [request](const std::string& text) { request->duration_s = parse_duration(text); },
          "For how long at most, in whole iterations: 90s, 15m, 2h, 1d")
      ->check([](const std::string& text) {
        const auto seconds = parse_duration(text);
        return seconds && *seconds > 0 ? std::string() : "a duration is like 90s, 15m, 2h or 1d";
      });
  CLI::Option* auto_tune =
      command->add_flag("--auto-tune", request->auto_tune, "Tune by the built-in rules (--tuner rules)");
  command
      ->add_option("--tuner", request->tuner,
                   "Where proposals come from: rules, plan:FILE (JSON lines) or none")
      ->check(check_tuner)
      ->excludes(auto_tune);
  command->add_flag("--mock", request->mock, "The simulated market maker on a synthetic market");
  command
      ->add_option("--seed", request->seed, "Seed of the synthetic market; same seed and options, same bytes")
      ->check(check_seed)
      ->capture_default_str();
  command->add_option("--feed", request->feed, "Recorded market data instead of the synthetic market");
  command->add_flag("--loop-feed", request->loop_feed, "Start the feed over when it ends");
  command->add_option("--out", request->out,
                      "Write into this folder instead of artifacts/soak/runs/<run id>");
  command->add_option("--overrides", request->overrides, "The runtime to start from");
  CLI::Option* resume = command->add_flag("--resume", request->resume, "Go on with the run in the folder");
  command->add_flag("--overwrite", request->overwrite, "Replace the run in the folder")->excludes(resume);
  command
      ->add_option("--iteration-s", request->iteration_s,
                   "Length of an iteration by the run's clock, seconds")
      ->capture_default_str()
      ->check(CLI::Range(0.001, kSecondsMax));
  command
      ->add_option("--settle-s", request->settle_s,
                   "Reports this soon after an apply prove nothing (default: a tenth of the iteration)")
      ->check(CLI::Range(0.0, kSecondsMax));
  add_external_options(*command, *request);
  add_safeguards(*command, *request);
  command->add_option("--pin", request->pins, "A parameter that the tuner leaves alone, as often as needed")
      ->allow_extra_args(false);
  command->add_option("--params", request->params,
                      "A JSON list of parameters on top of the built-in registry");
  command->add_option("--kpi-profile", request->kpi_profile,
                      "KPIs, thresholds and rules instead of the built-in market-maker");
  command
      ->add_option("--keep-summaries", request->keep_summaries,
                   "How many ITER_SUMMARY files stay, of the newest iterations; the journal keeps all")
      ->check(CLI::Range(std::int64_t{1}, journal::kSummariesKeptMax))
      ->capture_default_str();
  add_serve_options(*command, *request);
  command->add_flag("--quiet", request->quiet, "Nothing on stderr but warnings and errors");
  command->callback([request, &exit_code] {
    check_combinations(*request);
    set_iterations(*request);
    request->stop = watch_stop_signals();
    exit_code = run_request(*request);
  });
}

}  // namespace soak::cli

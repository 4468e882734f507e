#include "cli/prove_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/plural.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/stop_signal.h"
#include "prove/program.h"
#include "tuner/tuner.h"

namespace soak::cli {
namespace {

using std::chrono::milliseconds;

constexpr double kSecondsMax = 86'400;
constexpr std::int64_t kIterationsMax = 1000;

milliseconds milliseconds_of(double seconds) {
  return milliseconds(std::llround(seconds * 1000));
}

Result<Json> read_start(const std::string& path, const Registry& registry) {
  if (path.empty()) return Json::object();
  auto file = read_json_with_hash(path);
  if (!file) return tl::unexpected(file.error());
  if (!file->value.is_object()) return fail(ErrorCode::kInvalidValue, "is not a JSON object", path);
  for (const Parameter& parameter : registry.all()) {
    const auto section = file->value.find(parameter.section);
    if (section != file->value.end() && !section->is_object())
      return fail(ErrorCode::kInvalidValue, "its section \"" + parameter.section + "\" is not an object",
                  path);
  }
  for (const auto& [name, value] : get_all_params(file->value, registry)) {
    if (const auto normal = normalise_value(*registry.find(name), value); !normal)
      return fail(normal.error().code, name + ": " + normal.error().message, path, name);
  }
  return std::move(file->value);
}

// The plan's lines that a run of that many iterations uses.
Result<std::map<std::int64_t, ParamValues>> read_plan(const std::string& path, std::int64_t iterations,
                                                      const Registry& registry) {
  std::map<std::int64_t, ParamValues> plan;
  if (path.empty()) return plan;
  const auto planned = tuner::make_plan_tuner(path, iterations, registry);
  if (!planned) return tl::unexpected(planned.error());
  if (!planned->never_used.empty())
    std::fprintf(
        stderr,
        "soak: warning: %s: the lines for iteration %lld and later are not used; --iterations takes more\n",
        path.c_str(), static_cast<long long>(planned->never_used.front()));
  for (std::int64_t i = 1; i < iterations; ++i) {
    tuner::TunerInput input;
    input.iteration = i;
    ParamValues values = planned->tuner->propose(input).proposed_deltas;
    if (!values.empty()) plan[i] = std::move(values);
  }
  return plan;
}

Result<void> read_data(const ProgramRequest& request, prove::ProgramOptions& options) {
  auto registry = load_registry(request.params);
  if (!registry) return tl::unexpected(registry.error());
  options.registry = std::move(*registry);
  if (!request.params.empty()) {
    auto source = read_json_with_hash(request.params);
    if (!source) return tl::unexpected(source.error());
    options.registry_source = std::move(source->value);
  }
  if (!request.kpi_profile.empty()) {
    auto profile = analyze::load_profile(request.kpi_profile);
    if (!profile) return tl::unexpected(profile.error());
    options.profile = std::move(*profile);
  }
  auto start = read_start(request.overrides, options.registry);
  if (!start) return tl::unexpected(start.error());
  options.start_runtime = std::move(*start);
  auto plan = read_plan(request.plan, request.iterations, options.registry);
  if (!plan) return tl::unexpected(plan.error());
  options.plan = std::move(*plan);
  return {};
}

// "1 min 10 s".
std::string duration_text(milliseconds duration) {
  const double seconds = static_cast<double>(duration.count()) / 1000;
  if (seconds < 60) return fmt::format("{:.3g} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string trial_text(const prove::Trial& trial) {
  if (trial.good()) return trial.kind == target::FaultKind::kNone ? "not accused" : "named rightly";
  return base::plural(trial.problems.size(), "problem");
}

void tell_progress(const ProgramRequest& request, prove::ProgramOptions& options) {
  options.on_begin = [&request](std::int64_t runs, milliseconds about) {
    const std::string at_once =
        request.threads > 1 ? fmt::format(", {} at a time after the first", request.threads) : std::string();
    std::fprintf(
        stderr,
        "soak: %s of %lld iterations of %g s%s: about %s, and what the program takes to start and to end\n",
        base::plural(runs, "run").c_str(), static_cast<long long>(request.iterations), request.iteration_s,
        at_once.c_str(), duration_text(about).c_str());
  };
  options.on_trial = [](const prove::Trial& trial, std::int64_t done, std::int64_t all) {
    std::fprintf(stderr, "[%lld/%lld] %s: %s\n", static_cast<long long>(done), static_cast<long long>(all),
                 trial.name.c_str(), trial_text(trial).c_str());
  };
}

}  // namespace

std::vector<CLI::Option*> add_program_options(CLI::App& command, ProgramRequest& request) {
  command.add_option("command", request.command,
                     "Behind --: a program of your own to prove, and its arguments");
  return {
      command.add_option(
          "--overrides", request.overrides,
          "The runtime to start from; each number in it that has a step is moved by one, and back"),
      command.add_option("--plan", request.plan,
                         "What to propose instead (JSON lines, as --tuner plan:FILE)"),
      command.add_option("--params", request.params,
                         "A JSON list of parameters on top of the built-in registry"),
      command.add_option("--kpi-profile", request.kpi_profile,
                         "KPIs that a run has to pass besides (default: a report in each iteration)"),
      command.add_option("--iterations", request.iterations, "Of each run")
          ->check(CLI::Range(prove::kProgramIterationsMin, kIterationsMax))
          ->capture_default_str(),
      command.add_option("--iteration-s", request.iteration_s, "Length of an iteration, seconds")
          ->check(CLI::Range(0.001, kSecondsMax))
          ->capture_default_str(),
      command
          .add_option("--settle-s", request.settle_s,
                      "Reports this soon after an apply prove nothing (default: a tenth of the iteration)")
          ->check(CLI::Range(0.0, kSecondsMax)),
      command.add_option("--ready-s", request.ready_s, "How long the program may take for its first report")
          ->check(CLI::Range(0.001, kSecondsMax))
          ->capture_default_str(),
      command.add_option("--grace-s", request.grace_s, "How long the program may take to end after SIGTERM")
          ->check(CLI::Range(0.0, kSecondsMax))
          ->capture_default_str(),
      command
          .add_option_function<std::string>(
              "--reload", [&request](const std::string& how) { request.reload_by_sighup = how == "sighup"; },
              "watch: the program sees by itself that its file has changed; sighup: it is sent SIGHUP as "
              "well")
          ->check(CLI::IsMember({"watch", "sighup"}))
          ->default_str("watch")};
}

void check_program_request(const ProgramRequest& request) {
  if (request.overrides.empty() && request.plan.empty())
    throw CLI::ValidationError(
        "--overrides, --plan",
        "say what to move: --overrides FILE with the values to start from, or --plan FILE, or both");
  for (const double seconds :
       {request.iteration_s, request.settle_s.value_or(0), request.ready_s, request.grace_s}) {
    if (!std::isfinite(seconds))
      throw CLI::ValidationError("--iteration-s, --settle-s, --ready-s, --grace-s",
                                 "must be numbers of seconds");
  }
  if (request.settle_s && *request.settle_s >= request.iteration_s)
    throw CLI::ValidationError("--settle-s", "must be shorter than the iteration");
  for (const std::string& name : request.kinds) {
    const auto kind = target::fault_kind_of(name);
    const auto& injected = prove::kInjectedKinds;
    if (kind && std::find(injected.begin(), injected.end(), *kind) != injected.end()) continue;
    std::string known;
    for (const target::FaultKind each : injected)
      known += (known.empty() ? "" : ", ") + std::string(target::fault_kind_name(each));
    throw CLI::ValidationError("--kind", "nobody can inject " + name + " from outside; there are " + known);
  }
}

Result<prove::ProveResult> prove_program(const ProgramRequest& request) {
  prove::ProgramOptions options;
  if (auto read = read_data(request, options); !read) return tl::unexpected(read.error());
  options.program.command = request.command;
  options.program.reload = request.reload_by_sighup ? target::Reload::kSighup : target::Reload::kWatch;
  options.program.ready = milliseconds_of(request.ready_s);
  options.program.grace = milliseconds_of(request.grace_s);
  for (const target::FaultKind kind : prove::kInjectedKinds) {
    if (std::find(request.kinds.begin(), request.kinds.end(), target::fault_kind_name(kind)) !=
        request.kinds.end())
      options.kinds.push_back(kind);
  }
  options.iterations = request.iterations;
  options.iteration_length = milliseconds_of(request.iteration_s);
  options.settle = milliseconds_of(request.settle_s.value_or(request.iteration_s / 10));
  options.keep = request.keep;
  options.soak_version = SOAK_VERSION;
  options.threads = request.threads;
  options.stop = watch_stop_signals();
  tell_progress(request, options);
  return prove::prove_program(options);
}

}  // namespace soak::cli

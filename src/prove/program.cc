#include "prove/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/supervised_process.h"
#include "journal/write_artifacts.h"
#include "prove/experiment.h"
#include "prove/injected_target.h"
#include "prove/matrix.h"
#include "prove/moves.h"

namespace soak::prove {
namespace {

using std::chrono::milliseconds;
using target::FaultKind;

constexpr char kProgramFolderName[] = "program";  // in the run's folder: where the program's file is

// One run to make.
struct Run {
  FaultKind kind = FaultKind::kNone;
  bool next_iteration = false;
  std::string name;
};

// The runs of one program: what they share.
class Proof {
 public:
  explicit Proof(const ProgramOptions& options) : options_(options) {}

  Result<ProveResult> run() {
    if (auto ready = prepare(); !ready) return tl::unexpected(ready.error());
    const auto place = Place::make(options_.keep);
    if (!place) return tl::unexpected(place.error());
    const std::vector<Run> injected = injected_runs();
    const std::vector<Run> healthy = {{FaultKind::kNone, false, "healthy-1"}};
    for (const auto* runs : {&injected, &healthy}) {
      for (const Run& one : *runs) {
        if (auto unused = place->check_unused(one.name); !unused) return tl::unexpected(unused.error());
      }
    }
    all_ = static_cast<std::int64_t>(injected.size() + healthy.size());
    if (options_.on_begin) options_.on_begin(all_, duration(injected.size()));
    ProveResult of_healthy;
    make_all(*place, healthy, 1, of_healthy);
    if (of_healthy.passed()) {
      make_all(*place, injected, options_.threads, result_);
    } else if (!of_healthy.stopped) {
      result_.notes.emplace_back(
          "the program does not stand the healthy run, so that the runs with injections would prove nothing: "
          "they were not made");
    }
    result_.stopped = result_.stopped || of_healthy.stopped;
    result_.rows.push_back(of_healthy.rows.front());
    return std::move(result_);
  }

 private:
  bool chosen(FaultKind kind) const {
    return options_.kinds.empty() ||
           std::find(options_.kinds.begin(), options_.kinds.end(), kind) != options_.kinds.end();
  }

  Result<void> prepare() {
    if (!options_.make_target) {
      const auto& command = options_.program.command;
      if (auto found = base::find_program(command.empty() ? std::string() : command.front()); !found)
        return tl::unexpected(found.error());
    }
    moves_ = options_.plan;
    if (moves_.empty())
      moves_ = step_and_back(options_.start_runtime, options_.registry, options_.iterations);
    if (moves_.empty()) {
      return fail(
          ErrorCode::kInvalidArgument,
          "there is nothing to move: give --overrides FILE with a number that has a step (`soak params "
          "list` tells; --params FILE for parameters of your own), or --plan FILE");
    }
    const auto occasion =
        find_occasion(moves_, options_.start_runtime, options_.registry, options_.iterations);
    if (!occasion) return tl::unexpected(occasion.error());
    occasion_ = *occasion;
    if (auto ready = prepare_half(); !ready) return ready;
    if (auto ready = prepare_profile(); !ready) return ready;
    return prepare_start();
  }

  Result<void> prepare_half() {
    if (occasion_.changes > 1 || !chosen(FaultKind::kHalfApplied)) return {};
    half_ = false;
    const std::string why =
        fmt::format("the change after iteration {} is of one parameter alone", occasion_.iteration - 1);
    if (!options_.kinds.empty())
      return fail(ErrorCode::kInvalidArgument, "there is no half of it that could be lost: " + why);
    result_.notes.push_back("half_applied was not tried: " + why);
    return {};
  }

  Result<void> prepare_profile() {
    if (!options_.profile) {
      auto profile = delivery_profile(options_.iterations);
      if (!profile) return tl::unexpected(profile.error());
      profile_ = std::move(*profile);
      return {};
    }
    profile_ = *options_.profile;
    profile_.steady.clear();
    const std::int64_t wanted =
        std::max<std::int64_t>(profile_.warn_at_least, profile_.min_iterations.value_or(0));
    if (wanted > options_.iterations)
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("the KPI profile judges no run of less than {} iterations: give --iterations {}",
                      wanted, wanted));
    return {};
  }

  // No guard may hold what the proof has to see delivered.
  Result<void> prepare_start() {
    start_ = options_.start_runtime;
    Json& tuner = start_["tuner"];
    if (!tuner.is_null() && !tuner.is_object())
      return fail(ErrorCode::kInvalidValue, "the section \"tuner\" of the runtime is not an object");
    tuner["cooldown_iters"] = 0;
    tuner["oscillation_window"] = 0;
    tuner["velocity_cap"] = 1'000'000;
    return {};
  }

  std::vector<Run> injected_runs() const {
    std::vector<Run> runs;
    for (const FaultKind kind : kInjectedKinds) {
      if (!chosen(kind) || (kind == FaultKind::kHalfApplied && !half_)) continue;
      const std::string name(target::fault_kind_name(kind));
      runs.push_back({kind, false, name + "-1"});
      if (kind == FaultKind::kLate) runs.push_back({kind, true, name + "-2"});
    }
    return runs;
  }

  milliseconds duration(std::size_t injected) const {
    const std::size_t threads = std::max(1U, options_.threads);
    const auto turns = static_cast<std::int64_t>(1 + (injected + threads - 1) / threads);
    return options_.iteration_length * (turns * options_.iterations);
  }

  void make_all(const Place& place, const std::vector<Run>& runs, unsigned threads, ProveResult& result) {
    Matrix matrix;
    matrix.place = &place;
    matrix.threads = threads;
    matrix.stop = options_.stop;
    for (const Run& run : runs) {
      const bool known = !result.rows.empty() && result.rows.back().kind == run.kind;
      matrix.tasks.push_back(
          {run.kind, run.name, known ? result.rows.size() - 1 : add_row(result, run.kind)});
    }
    matrix.make = [&](std::size_t index, const std::string& folder) { return make(runs[index], folder); };
    matrix.on_trial = [&](const Trial& trial) {
      ++done_;
      if (options_.on_trial) options_.on_trial(trial, done_, all_);
    };
    make_trials(matrix, result);
  }

  std::optional<Trial> make(const Run& run, const std::string& folder) const {
    Trial trial;
    trial.kind = run.kind;
    trial.name = run.name;
    trial.named_as = "nothing";
    trial.again = run.kind == FaultKind::kNone
                      ? "the same command with --keep DIR"
                      : fmt::format("the same command with --kind {} --keep DIR", fault_kind_name(run.kind));
    const auto end = run_and_look(run, folder, trial);
    if (end && *end == loop::RunEnd::kInterrupted) return std::nullopt;
    if (!end) {
      trial.detected = false;
      trial.problems.push_back("the run failed: " + to_line(end.error()));
    }
    return trial;
  }

  Result<loop::RunEnd> run_and_look(const Run& run, const std::string& folder, Trial& trial) const {
    Injection injection;
    injection.kind = run.kind;
    injection.iteration = occasion_.iteration;
    injection.next_iteration = run.next_iteration;
    const auto faulty = make_injected_target(
        make_program(folder),
        {injection, folder + "/" + journal::kRuntimeName, program_runtime(folder), &options_.registry});
    Moves moves = moves_;
    // What comes an iteration late must not be overtaken by a newer value.
    if (run.next_iteration) moves.erase(occasion_.iteration);
    const loop::RunPlan plan = plan_of(run);
    Experiment experiment;
    experiment.plan = &plan;
    experiment.proposals = &moves;
    experiment.faulty = faulty.get();
    experiment.target = faulty.get();
    experiment.past = TargetsPast::kUnknown;
    experiment.folder = folder;
    experiment.stop = options_.stop;
    return make_experiment(experiment, trial);
  }

  static std::string program_runtime(const std::string& folder) {
    return folder + "/" + kProgramFolderName + "/" + journal::kRuntimeName;
  }

  std::unique_ptr<target::Target> make_program(const std::string& folder) const {
    target::ExternalTargetOptions options = options_.program;
    options.folder = folder;
    options.runtime_path = program_runtime(folder);
    options.iteration_length = options_.iteration_length;
    options.stop = options_.stop;
    return options_.make_target ? options_.make_target(options)
                                : target::make_external_target(std::move(options));
  }

  loop::RunPlan plan_of(const Run& run) const {
    loop::RunPlan plan;
    plan.header.run_id = "prove-" + run.name;
    plan.header.iterations = options_.iterations;
    plan.header.soak_version = options_.soak_version;
    plan.header.kpi_profile = profile_.name;
    plan.header.options = {{"prove", fault_kind_name(run.kind)}, {"command", options_.program.command}};
    plan.start_runtime = start_;
    plan.registry_source = options_.registry_source;
    plan.registry = &options_.registry;
    plan.profile = &profile_;
    plan.iteration_length = options_.iteration_length;
    plan.settle = options_.settle;
    plan.real_clock = true;
    plan.start = base::RealClock().now();
    return plan;
  }

  const ProgramOptions& options_;
  Moves moves_;
  Occasion occasion_;
  bool half_ = true;  // there is a half to lose
  analyze::Profile profile_;
  Json start_;
  ProveResult result_;
  std::int64_t done_ = 0;
  std::int64_t all_ = 0;
};

}  // namespace

Result<ProveResult> prove_program(const ProgramOptions& options) {
  return Proof(options).run();
}

}  // namespace soak::prove

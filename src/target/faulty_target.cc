#include "target/faulty_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "target/fault_commit.h"
#include "target/faulty_course.h"
#include "target/simulated_target.h"

namespace soak::target {
namespace {

using journal::Fault;

constexpr std::uint64_t kCourseStream = 0xfa17;
constexpr std::uint64_t kHandStream = 0xfa18;
constexpr std::array<std::string_view, 15> kNames = {
    "none",        "ignored",    "half_applied", "wrong_value",  "late",
    "rolled_back", "drifted",    "restarted",    "stale_report", "torn_report",
    "no_effect",   "wrong_hash", "foreign_edit", "crashed",      "hung"};

class Faulty final : public FaultyTarget {
 public:
  Faulty(FaultyTargetOptions options, std::unique_ptr<Target> market_maker)
      : options_(std::move(options)), market_maker_(std::move(market_maker)) {}

  Result<void> start() override { return market_maker_->start(); }
  std::string name() const override { return "simulated, with a fault"; }
  const std::vector<Fault>& committed() const override { return memory_.committed; }

  bool is_consequence(const Fault& fault) const override {
    const auto used_another = [&](std::int64_t iteration) {
      return memory_.deviations.contains({iteration, fault.parameter});
    };
    switch (options_.kind) {
      case FaultKind::kRestarted:  // with its defaults, which the next reload makes good
        return !fault.parameter.empty() && fault.kind != "no_effect" &&
               (used_another(fault.iteration) || used_another(fault.iteration - 1));
      case FaultKind::kNoEffect:
        return fault.kind == "no_effect" && used_another(fault.iteration);
      case FaultKind::kHung:
        return fault.kind == "stale_report" && memory_.silent.contains(fault.iteration);
      default:
        return false;
    }
  }

  Result<void> before_apply(std::int64_t iteration) override {
    if (!std::exchange(memory_.edit_before_apply, false)) return {};
    base::Rng rng(base::mix_seed(options_.seed, static_cast<std::uint64_t>(iteration), kHandStream));
    return edit_file(rng);
  }

  Result<IterationOutcome> run_iteration(const IterationRequest& request) override {
    runtime_path_ = request.runtime_path;
    if (memory_.hung_in != 0) return silence(request);
    base::Rng rng(
        base::mix_seed(options_.seed, static_cast<std::uint64_t>(request.iteration), kCourseStream));
    const bool faulty = options_.kind != FaultKind::kNone && request.iteration == options_.iteration;
    auto read = read_json_with_hash(request.runtime_path);
    if (!read) return tl::unexpected(read.error());
    if (!last_file_) {
      last_file_ = *read;
      start_ = read->value;
    }
    Course course;
    course.iteration = request.iteration;
    course.file = *read;
    course.before = *last_file_;
    course.start = start_;
    course.echoed = options_.echoed;
    course.float32 = options_.float32;
    course.steps = draw_steps({request.length, request.settle, faulty ? 2 : 1}, rng);
    go_honestly(course);
    if (faulty) {
      if (auto done = commit(options_.kind, course, memory_, rng); !done) return tl::unexpected(done.error());
    }
    auto outcome = report(request, course, rng);
    last_file_ = course.file;
    return outcome;
  }

 private:
  // What it uses and says where nothing is wrong in this iteration; what an earlier fault has left goes on.
  void go_honestly(Course& course) {
    std::erase_if(memory_.own, [&](const auto& entry) {
      const auto now = get_from_runtime(course.file.value, entry.first);
      return course.iteration >= entry.second.until || !now || !same_value(*now, entry.second.file_value);
    });
    for (CourseStep& step : course.steps) {
      step.instance = memory_.instance;
      if (options_.slow_reload && !step.settled && last_used_) {
        step.runtime = *last_used_;
        step.told = last_told_;
        step.state_hash = last_hash_;
        continue;
      }
      step.runtime = course.file.value;
      step.state_hash = course.file.state_hash;
      for (const auto& [name, own] : memory_.own) {
        static_cast<void>(set_in_runtime(step.runtime, name, own.value));
        if (own.echoes) step.told[name] = own.file_value;
      }
    }
  }

  Result<IterationOutcome> report(const IterationRequest& request, Course& course, base::Rng& rng) {
    IterationOutcome outcome;
    for (std::size_t i = 0; i <= course.steps.size(); ++i) {
      if (course.edit_before == i) {
        if (auto edited = follow_edit(course, i, rng); !edited) return tl::unexpected(edited.error());
      }
      if (course.end && course.end_before == i) {
        if (auto ended = end_here(request, course, i, rng, outcome); !ended)
          return tl::unexpected(ended.error());
        return outcome;
      }
      if (i == course.steps.size()) break;
      auto seen = report_of(request, course.steps[i]);
      if (!seen) return tl::unexpected(seen.error());
      outcome.reports.push_back(std::move(*seen));
      note_deviations(course, course.steps[i]);
    }
    if (outcome.reports.empty()) memory_.silent.insert(request.iteration);
    return outcome;
  }

  Result<journal::SeenReport> report_of(const IterationRequest& request, const CourseStep& step) {
    const base::UtcTime seen = request.start + step.seen;
    if (step.again && last_report_.report.is_object()) {
      journal::SeenReport again = last_report_;
      again.iteration = request.iteration;
      again.seen_utc = base::format_utc(seen);
      again.settled = step.settled;
      return again;
    }
    auto report = run_market_maker(request, step);
    if (!report) return tl::unexpected(report.error());
    if (step.instance != memory_.instance) {
      memory_.instance = step.instance;
      seq_ = 0;
    }
    Json& effective = (*report)["effective"];
    for (const auto& [name, value] : step.told)
      static_cast<void>(set_in_runtime(effective["params"], name, value));
    if (options_.float32) {
      effective["params"] = in_float32(effective["params"]);
      effective["precision"] = "float32";
    }
    effective["instance_id"] = fmt::format("faulty-{}-{}", options_.seed, step.instance + 1);
    effective.erase("state_hash");
    if (!step.state_hash.empty()) effective["state_hash"] = step.state_hash;
    (*report)["seq"] = ++seq_;
    (*report)["runtime"]["utc"] = base::format_utc(seen);
    last_used_ = step.runtime;
    last_told_ = step.told;
    last_hash_ = step.state_hash;
    last_report_ = {request.iteration, seq_, base::format_utc(seen), step.settled, std::move(*report)};
    return last_report_;
  }

  // The market maker over the window that the report tells of.
  Result<Json> run_market_maker(const IterationRequest& request, const CourseStep& step) {
    const Json used = options_.float32 ? in_float32(step.runtime) : step.runtime;
    if (auto put = base::write_file_atomic_not_durable(options_.scratch_path, canonical_json(used)); !put)
      return tl::unexpected(put.error());
    IterationRequest window = request;
    window.iteration = (request.iteration - 1) * kWindowsEach + step.window + 1;
    window.runtime_path = options_.scratch_path;
    window.length = request.length / kWindowsEach;
    window.start = request.start + window.length * step.window;
    auto outcome = market_maker_->run_iteration(window);
    if (!outcome) return tl::unexpected(outcome.error());
    return std::move(outcome->reports.back().report);
  }

  void note_deviations(const Course& course, const CourseStep& step) {
    if (!step.settled) return;
    for (const std::string& name : changed_names(course.file.value, step.runtime))
      memory_.deviations.insert({course.iteration, name});
  }

  // Another hand is at the file, and the target follows it. Whoever watches the file knows no more what
  // should be in effect: the reports from here on prove nothing.
  Result<void> follow_edit(Course& course, std::size_t from, base::Rng& rng) {
    if (auto edited = edit_file(rng); !edited) return edited;
    auto read = read_json_with_hash(runtime_path_);
    if (!read) return tl::unexpected(read.error());
    course.file = *read;
    for (std::size_t i = from; i < course.steps.size(); ++i) {
      course.steps[i].runtime = read->value;
      course.steps[i].state_hash = read->state_hash;
      course.steps[i].settled = false;
    }
    return {};
  }

  Result<void> edit_file(base::Rng& rng) {
    const auto now = read_json_with_hash(runtime_path_);
    if (!now) return tl::unexpected(now.error());
    const Json edited = draw_edit(now->value, last_file_ ? last_file_->value : now->value, rng);
    return base::write_file_atomic_not_durable(runtime_path_, canonical_json(edited));
  }

  Result<void> end_here(const IterationRequest& request, const Course& course, std::size_t i, base::Rng& rng,
                        IterationOutcome& outcome) {
    if (*course.end == FaultKind::kHung) {
      if (i == 0) memory_.silent.insert(request.iteration);
      // Given up two iterations after the last report.
      memory_.hung_in = request.iteration + (i == 0 ? 1 : 2);
      memory_.committed.push_back({memory_.hung_in, "hung", "", "it stopped reporting and stayed alive"});
      return {};
    }
    std::string detail =
        rng.below(2) == 0 ? "the target exited with status 1" : "the target was killed by signal 11";
    if (*course.end == FaultKind::kTornReport) {
      auto report = report_of(request, course.steps[i]);
      if (!report) return tl::unexpected(report.error());
      const std::string whole = report->report.dump();
      const auto torn = parse_json(whole.substr(0, rng.below(whole.size())), "report.json");
      if (torn) return fail(ErrorCode::kCorrupt, "half of a report is a report: please tell us of it");
      detail = "the report is no JSON: " + torn.error().message;
    }
    outcome.faults.push_back({request.iteration, std::string(fault_kind_name(*course.end)), "", detail});
    memory_.committed.push_back(outcome.faults.back());
    outcome.ended = true;
    return {};
  }

  Result<IterationOutcome> silence(const IterationRequest& request) {
    IterationOutcome outcome;
    if (request.iteration < memory_.hung_in) {
      memory_.silent.insert(request.iteration);
      return outcome;
    }
    outcome.faults.push_back(
        {request.iteration, "hung", "",
         fmt::format("no report within {:g} s", static_cast<double>(2 * request.length.count()) / 1000)});
    outcome.ended = true;
    return outcome;
  }

  FaultyTargetOptions options_;
  std::unique_ptr<Target> market_maker_;
  CommitMemory memory_;
  std::string runtime_path_;
  Json start_;
  std::optional<JsonFile> last_file_;
  std::optional<Json> last_used_;
  ParamValues last_told_;
  std::string last_hash_;
  std::int64_t seq_ = 0;
  journal::SeenReport last_report_;
};

}  // namespace

std::string_view fault_kind_name(FaultKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<FaultKind> fault_kind_of(std::string_view name) {
  for (const FaultKind kind : kFaultKinds) {
    if (fault_kind_name(kind) == name) return kind;
  }
  return std::nullopt;
}

Result<std::unique_ptr<FaultyTarget>> make_faulty_target(const FaultyTargetOptions& options) {
  if (options.kind != FaultKind::kNone && options.iteration < 2)
    return fail(ErrorCode::kInvalidArgument, "a fault needs an iteration after the first to happen in");
  SimulatedTargetOptions simulated;
  simulated.seed = options.seed;
  simulated.iteration_length = options.iteration_length / kWindowsEach;
  auto market_maker = make_simulated_target(simulated);
  if (!market_maker) return tl::unexpected(market_maker.error());
  return std::make_unique<Faulty>(options, std::move(*market_maker));
}

}  // namespace soak::target

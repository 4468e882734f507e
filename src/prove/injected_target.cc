#include "prove/injected_target.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "prove/other_hand.h"

namespace soak::prove {
namespace {

using journal::Fault;
using std::chrono::milliseconds;
using target::FaultKind;
using target::IterationOutcome;
using target::IterationRequest;

struct RuntimeFile {
  std::string bytes;
  Json value;
};

Result<RuntimeFile> load(const std::string& path) {
  auto bytes = base::read_file(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto value = parse_json(*bytes, path);
  if (!value) return tl::unexpected(value.error());
  return RuntimeFile{std::move(*bytes), std::move(*value)};
}

// In the middle of the reports that prove something.
milliseconds midway(const IterationRequest& request) {
  return request.settle + (request.length - request.settle) / 2;
}

IterationOutcome joined(IterationOutcome first, IterationOutcome second) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(first.reports, second.reports);
  append(first.faults, second.faults);
  append(first.edits, second.edits);
  first.dropped += second.dropped;
  first.ended = second.ended;
  first.interrupted = second.interrupted;
  first.end = second.end;
  return first;
}

class Injected final : public target::FaultyTarget {
 public:
  Injected(std::unique_ptr<target::Target> program, InjectedTargetOptions options)
      : program_(std::move(program)), options_(std::move(options)) {}

  std::string name() const override { return program_->name(); }
  void stop() override { program_->stop(); }
  Result<void> before_apply(std::int64_t) override { return {}; }
  const std::vector<Fault>& committed() const override { return committed_; }

  // Who has no instance_id counts his reports anew, and so repeats himself.
  bool is_consequence(const Fault& fault) const override {
    return options_.injection.kind == FaultKind::kRestarted && instances_after_.empty() &&
           fault.kind == "stale_report" && fault.iteration >= options_.injection.iteration;
  }

  Result<void> start() override {
    const std::string folder = std::filesystem::path(options_.program_runtime).parent_path().string();
    if (auto made = base::make_folders(folder); !made) return made;
    const auto file = load(options_.run_runtime);
    if (!file) return tl::unexpected(file.error());
    if (auto carried = carry(*file); !carried) return carried;
    return program_->start();
  }

  Result<IterationOutcome> run_iteration(const IterationRequest& request) override {
    auto file = load(request.runtime_path);
    if (!file) return tl::unexpected(file.error());
    const Injection& injection = options_.injection;
    const bool here = injection.kind != FaultKind::kNone && request.iteration == injection.iteration;
    if (here) keep_back(*file);
    if (injection.kind == FaultKind::kLate && request.iteration > injection.iteration) kept_back_.clear();
    std::erase_if(kept_back_, [&](const auto& entry) {
      const auto now = get_from_runtime(file->value, entry.first, *options_.registry);
      return !now || !same_value(*now, entry.second.lost);
    });
    if (auto carried = carry(*file); !carried) return tl::unexpected(carried.error());
    auto outcome = here ? inject(request, *file) : run_part(request, request.length, request.settle);
    if (!outcome) return outcome;
    explain_the_unseen();
    previous_ = std::move(*file);
    return outcome;
  }

 private:
  // A parameter that the program is kept from.
  struct KeptBack {
    std::optional<Json> old;  // nothing: the file did not have it
    Json lost;
  };

  std::vector<std::string> changed_names(const RuntimeFile& file) const {
    std::vector<std::string> names;
    if (!previous_) return names;
    for (const auto& [name, value] : get_all_params(file.value, *options_.registry)) {
      const auto old = get_from_runtime(previous_->value, name, *options_.registry);
      if (!old || !same_value(*old, value)) names.push_back(name);
    }
    return names;
  }

  void keep_back(const RuntimeFile& file) {
    const Injection& injection = options_.injection;
    if (injection.kind != FaultKind::kIgnored && injection.kind != FaultKind::kHalfApplied &&
        injection.kind != FaultKind::kLate)
      return;
    std::vector<std::string> names = changed_names(file);
    std::erase_if(names, [&](const std::string& name) {
      const auto used = effective_.find(name);
      return used != effective_.end() &&
             same_value(used->second, *get_from_runtime(file.value, name, *options_.registry));
    });
    if (injection.kind == FaultKind::kHalfApplied) names.resize(names.size() / 2);
    for (const std::string& name : names) {
      kept_back_[name] = {get_from_runtime(previous_->value, name, *options_.registry),
                          *get_from_runtime(file.value, name, *options_.registry)};
      commit(injection.iteration + (injection.next_iteration ? 1 : 0), name,
             injection.kind == FaultKind::kLate ? "it was kept from the program for a while"
                                                : "it was kept from the program");
    }
  }

  void commit(std::int64_t iteration, const std::string& parameter, const std::string& what) {
    deeds_.push_back(
        {iteration, std::string(target::fault_kind_name(options_.injection.kind)), parameter, what});
  }

  // The run's runtime as the program is to see it.
  Json as_kept_back(Json runtime) const {
    for (const auto& [name, kept] : kept_back_) {
      if (kept.old) {
        static_cast<void>(set_in_runtime(runtime, name, *kept.old, *options_.registry));
      } else {
        runtime[options_.registry->find(name)->section].erase(name);
      }
    }
    return runtime;
  }

  // Leaves the program's file as it is where there is nothing new in it: not even its time changes.
  Result<void> carry(const RuntimeFile& file) {
    if (kept_back_.empty()) return put(file.bytes, file.value);
    Json wanted = as_kept_back(file.value);
    const Registry& registry = *options_.registry;
    if (get_all_params(wanted, registry) == get_all_params(program_file_.value, registry)) return {};
    return put(canonical_json(wanted), wanted);
  }

  Result<void> put(const std::string& bytes, const Json& value) {
    if (bytes == program_file_.bytes) return {};
    if (auto put = base::write_file_atomic_not_durable(options_.program_runtime, bytes); !put) return put;
    program_file_ = {bytes, value};
    return {};
  }

  Result<IterationOutcome> run_part(IterationRequest request, milliseconds length, milliseconds settle) {
    request.runtime_path = options_.program_runtime;
    request.runtime_hash = base::sha256_hex(program_file_.bytes);
    request.length = length;
    request.settle = settle;
    auto outcome = program_->run_iteration(request);
    if (outcome) listen(outcome->reports);
    return outcome;
  }

  Result<IterationOutcome> inject(const IterationRequest& request, const RuntimeFile& file) {
    const Injection& injection = options_.injection;
    if (injection.kind == FaultKind::kForeignEdit) return run_with_edit(request, file);
    if (injection.kind == FaultKind::kLate && !injection.next_iteration)
      return run_in_two_parts(request, [&] {
        kept_back_.clear();
        return carry(file);
      });
    if (injection.kind != FaultKind::kRestarted) return run_part(request, request.length, request.settle);
    return run_in_two_parts(request, [&] {
      program_->stop();
      restarted_ = true;
      commit(request.iteration, {}, "the program was ended and started anew");
      return program_->start();
    });
  }

  Result<IterationOutcome> run_in_two_parts(const IterationRequest& request,
                                            const std::function<Result<void>()>& between) {
    const milliseconds first_length = midway(request);
    auto first = run_part(request, first_length, request.settle);
    if (!first || first->ended || first->interrupted) return first;
    settled_before_ = std::any_of(first->reports.begin(), first->reports.end(),
                                  [](const journal::SeenReport& report) { return report.settled; });
    if (auto done = between(); !done) return tl::unexpected(done.error());
    auto second = run_part(request, request.length - first_length, milliseconds(0));
    if (!second) return second;
    settled_after_ = !second->reports.empty();
    return joined(std::move(*first), std::move(*second));
  }

  // The old value of something that was changed; else a key of his own.
  Json edited(const RuntimeFile& file) const {
    Json runtime = file.value;
    for (const std::string& name : changed_names(file)) {
      const auto old = get_from_runtime(previous_->value, name, *options_.registry);
      if (old && set_in_runtime(runtime, name, *old, *options_.registry)) return runtime;
    }
    runtime["edited_by"] = "another hand";
    return runtime;
  }

  Result<IterationOutcome> run_with_edit(const IterationRequest& request, const RuntimeFile& file) {
    const Json runtime = edited(file);
    const std::string bytes = canonical_json(runtime);
    OtherHand hand(midway(request), [&, path = request.runtime_path]() -> Result<void> {
      if (auto put = base::write_file_atomic_not_durable(path, bytes); !put) return put;
      return base::write_file_atomic_not_durable(options_.program_runtime, bytes);
    });
    auto outcome = run_part(request, request.length, request.settle);
    const auto done = hand.finish();
    if (!done) return tl::unexpected(done.error());
    if (!*done) return outcome;  // given up before
    program_file_ = {bytes, runtime};
    commit(request.iteration, {}, "the file was changed while the iteration ran");
    return outcome;
  }

  void listen(const std::vector<journal::SeenReport>& reports) {
    for (const journal::SeenReport& report : reports) {
      const auto effective = journal::effective_of(report.report, *options_.registry);
      if (!effective) continue;
      for (const auto& [name, value] : effective->params) effective_[name] = value;
      if (!effective->instance_id.empty())
        (restarted_ ? instances_after_ : instances_before_).insert(effective->instance_id);
    }
  }

  std::string why_unseen(const Fault& fault) const {
    if (fault.kind == "restarted") {
      if (instances_after_.empty()) return "the program reports no instance_id";
      if (instances_after_ == instances_before_)
        return "the program's instance_id is the same after a restart";
      return {};
    }
    if (fault.kind == "foreign_edit") return {};
    if (!effective_.contains(fault.parameter)) return "the program does not report this parameter";
    if (fault.kind != "late" || options_.injection.next_iteration) return {};
    if (!settled_before_) return "no report between the settle time and its arrival";
    return settled_after_ ? std::string() : "no report after its arrival";
  }

  void explain_the_unseen() {
    committed_ = deeds_;
    for (Fault& fault : committed_) {
      const std::string why = why_unseen(fault);
      if (!why.empty()) fault.detail += "; unseen: " + why;
    }
  }

  std::unique_ptr<target::Target> program_;
  InjectedTargetOptions options_;
  std::optional<RuntimeFile> previous_;  // the run's, in the iteration before
  RuntimeFile program_file_;
  std::map<std::string, KeptBack> kept_back_;
  std::vector<Fault> deeds_;
  std::vector<Fault> committed_;  // the deeds, and why nobody can see them
  ParamValues effective_;         // as last reported
  std::set<std::string> instances_before_;
  std::set<std::string> instances_after_;
  bool restarted_ = false;
  bool settled_before_ = false;  // reports that prove something, before and after what is done midway
  bool settled_after_ = false;
};

}  // namespace

std::unique_ptr<target::FaultyTarget> make_injected_target(std::unique_ptr<target::Target> program,
                                                           InjectedTargetOptions options) {
  return std::make_unique<Injected>(std::move(program), std::move(options));
}

}  // namespace soak::prove

#include "target/fault_commit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"

namespace soak::target {
namespace {

using journal::Fault;
using Names = std::vector<std::string>;

class Commit {
 public:
  Commit(FaultKind kind, Course& course, CommitMemory& memory, base::Rng& rng)
      : kind_(kind), course_(course), memory_(memory), rng_(rng) {
    for (std::size_t i = 0; i < course.steps.size(); ++i) {
      if (course.steps[i].settled) settled_.push_back(i);
    }
    changed_ = changed_names(course.before.value, course.file.value);
  }

  Result<void> run() {
    if (needs_change() && changed_.size() < (kind_ == FaultKind::kHalfApplied ? 2U : 1U))
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("nothing was applied before iteration {} that could be {}", course_.iteration,
                              fault_kind_name(kind_)));
    switch (kind_) {
      case FaultKind::kIgnored:
        omit(changed_);
        break;
      case FaultKind::kHalfApplied:
        omit(some_of_changed());
        break;
      case FaultKind::kWrongValue:
        return use_wrong_value();
      case FaultKind::kLate:
        coin() ? arrive_late_within() : arrive_an_iteration_late();
        break;
      case FaultKind::kRolledBack:
        roll_back();
        break;
      case FaultKind::kDrifted:
        return drift();
      case FaultKind::kRestarted:
        restart();
        break;
      case FaultKind::kStaleReport:
        give_no_report();
        break;
      case FaultKind::kNoEffect:
        return echo();
      case FaultKind::kWrongHash:
        say_wrong_hash();
        break;
      case FaultKind::kForeignEdit:
        let_another_hand_in();
        break;
      default:
        end();
    }
    return {};
  }

 private:
  bool coin() { return rng_.below(2) == 0; }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(rng_.below(bound)); }
  bool needs_change() const {
    return kind_ == FaultKind::kIgnored || kind_ == FaultKind::kHalfApplied ||
           kind_ == FaultKind::kWrongValue || kind_ == FaultKind::kLate || kind_ == FaultKind::kRolledBack ||
           kind_ == FaultKind::kNoEffect;
  }
  bool is_changed(const std::string& name) const {
    return std::find(changed_.begin(), changed_.end(), name) != changed_.end();
  }
  Json old_value(const std::string& name) const {
    return get_from_runtime(course_.before.value, name).value_or(Json());
  }
  Json new_value(const std::string& name) const {
    return get_from_runtime(course_.file.value, name).value_or(Json());
  }

  // From that step on the market maker runs with `value`.
  void use(const std::string& name, const Json& value, std::size_t from = 0,
           std::size_t to = std::numeric_limits<std::size_t>::max()) {
    for (std::size_t i = from; i < std::min(to, course_.steps.size()); ++i)
      static_cast<void>(set_in_runtime(course_.steps[i].runtime, name, value));
  }
  void keep(const std::string& name, const Json& value,
            std::int64_t until = std::numeric_limits<std::int64_t>::max()) {
    memory_.own[name] = {value, new_value(name), until, false};
  }
  void committed(std::int64_t iteration, const std::string& name, std::string detail) {
    memory_.committed.push_back({iteration, std::string(fault_kind_name(kind_)), name, std::move(detail)});
  }
  // A settled report that has another settled one before it.
  std::size_t later_settled() { return settled_[1 + below(settled_.size() - 1)]; }

  Names some_of_changed() {
    Names some = changed_;
    const std::size_t wanted = 1 + below(changed_.size() - 1);
    while (some.size() > wanted) some.erase(some.begin() + static_cast<std::ptrdiff_t>(below(some.size())));
    return some;
  }

  // A target that has not read the file says the old hash; one that dropped the values on the way says the
  // new.
  void omit(const Names& names) {
    const bool unread = kind_ == FaultKind::kIgnored && coin();
    for (CourseStep& step : course_.steps) {
      if (unread) step.state_hash = course_.before.state_hash;
    }
    for (const std::string& name : names) {
      use(name, old_value(name));
      keep(name, old_value(name));
      committed(course_.iteration, name,
                fmt::format("ran with {} and not with {}", canonical_json(old_value(name)),
                            canonical_json(new_value(name))));
    }
  }

  Result<void> use_wrong_value() {
    const std::string name = changed_[below(changed_.size())];
    auto wrong = draw_other_value(*Registry::builtin().find(name), old_value(name), new_value(name),
                                  course_.float32, rng_);
    if (!wrong) return fail(ErrorCode::kInvalidArgument, "has no value that would be a wrong one", {}, name);
    for (const std::size_t i : settled_)
      static_cast<void>(set_in_runtime(course_.steps[i].runtime, name, *wrong));
    keep(name, *wrong);
    committed(course_.iteration, name,
              fmt::format("ran with {} for {}", canonical_json(*wrong), canonical_json(new_value(name))));
    return {};
  }

  void arrive_late_within() {
    const std::size_t from = later_settled();
    for (const std::string& name : changed_) {
      use(name, old_value(name), 0, from);
      committed(course_.iteration, name, "took it up only after the settle time");
    }
    for (std::size_t i = 0; i < from; ++i) course_.steps[i].state_hash = course_.before.state_hash;
  }
  void arrive_an_iteration_late() {
    for (CourseStep& step : course_.steps) step.state_hash = course_.before.state_hash;
    for (const std::string& name : changed_) {
      use(name, old_value(name));
      keep(name, old_value(name), course_.iteration + 1);
      committed(course_.iteration + 1, name, "took it up an iteration late");
    }
  }

  void roll_back() {
    const std::size_t from = later_settled();
    const bool lasts = coin();
    for (const std::string& name : coin() ? changed_ : Names{changed_[below(changed_.size())]}) {
      use(name, old_value(name), from);
      if (lasts) keep(name, old_value(name));
      committed(course_.iteration, name, "took it up, and went back to the old value");
    }
  }

  Result<void> drift() {
    Names tuned;
    for (const Parameter& parameter : Registry::builtin().all()) {
      if (parameter.tuned() && get_from_runtime(course_.file.value, parameter.name))
        tuned.push_back(parameter.name);
    }
    const std::string name = tuned[below(tuned.size())];
    const auto other = draw_other_value(*Registry::builtin().find(name), old_value(name), new_value(name),
                                        course_.float32, rng_);
    if (!other) return fail(ErrorCode::kInvalidArgument, "has no value to drift to", {}, name);
    // Just after an apply of it, another value from the start on would be a wrong one.
    const bool from_start = !is_changed(name) && coin();
    use(name, *other, from_start ? settled_.front() : later_settled());
    if (coin()) keep(name, *other);
    committed(course_.iteration, name, fmt::format("went to {} by itself", canonical_json(*other)));
    return {};
  }

  void restart() {
    const std::size_t from = below(course_.steps.size());
    const bool reads_file = below(4) == 0;
    for (std::size_t i = from; i < course_.steps.size(); ++i) {
      CourseStep& step = course_.steps[i];
      ++step.instance;
      step.runtime = reads_file ? course_.file.value : course_.start;
      step.state_hash = reads_file ? course_.file.state_hash : std::string();
    }
    if (!reads_file) {
      for (const std::string& name : changed_names(course_.start, course_.file.value))
        keep(name, get_from_runtime(course_.start, name).value_or(Json()), course_.iteration + 1);
    }
    committed(course_.iteration, "", reads_file ? "began anew" : "began anew, with its defaults");
  }

  void give_no_report() {
    const bool same_again = coin();
    course_.steps.resize(same_again ? 1 : 0);
    for (CourseStep& step : course_.steps) step.again = true;
    committed(course_.iteration, "", same_again ? "gave its last report again" : "gave no report");
  }

  Result<void> echo() {
    const std::string& name = course_.echoed;
    if (!is_changed(name))
      return fail(ErrorCode::kInvalidArgument, "was not changed, and cannot be echoed", {}, name);
    for (const std::size_t i : settled_) {
      static_cast<void>(set_in_runtime(course_.steps[i].runtime, name, old_value(name)));
      course_.steps[i].told[name] = new_value(name);
    }
    keep(name, old_value(name));
    memory_.own[name].echoes = true;
    if (coin()) memory_.own[name].until = course_.iteration + 1;
    committed(course_.iteration, name,
              fmt::format("ran with {} and said {}", canonical_json(old_value(name)),
                          canonical_json(new_value(name))));
    return {};
  }

  void say_wrong_hash() {
    const bool old = coin() && course_.before.state_hash != course_.file.state_hash;
    const std::string wrong =
        old ? course_.before.state_hash : base::sha256_hex(canonical_json(course_.file.value) + "\n");
    for (std::size_t i = settled_[below(settled_.size())]; i < course_.steps.size(); ++i)
      course_.steps[i].state_hash = wrong;
    committed(course_.iteration, "", old ? "said the hash of the file before" : "hashed other bytes");
  }

  void let_another_hand_in() {
    if (below(4) == 0) {
      memory_.edit_before_apply = true;
      committed(course_.iteration, "", "changed between the last look and the apply");
      return;
    }
    course_.edit_before = below(course_.steps.size() + 1);
    committed(course_.iteration, "",
              *course_.edit_before == 0 ? "changed after the apply, before the target read it"
                                        : "changed while the target ran");
  }

  void end() {
    course_.end = kind_;
    const bool after_last = kind_ == FaultKind::kCrashed;
    course_.end_before = below(course_.steps.size() + (after_last ? 1 : 0));
  }

  FaultKind kind_;
  Course& course_;
  CommitMemory& memory_;
  base::Rng& rng_;
  std::vector<std::size_t> settled_;
  Names changed_;
};

}  // namespace

Result<void> commit(FaultKind kind, Course& course, CommitMemory& memory, base::Rng& rng) {
  return Commit(kind, course, memory, rng).run();
}

}  // namespace soak::target

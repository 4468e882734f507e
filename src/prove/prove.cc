#include "prove/prove.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/file.h"

namespace soak::prove {
namespace {

using target::FaultKind;

// A folder for throw-away runs: in memory where there is such a place, so that nobody waits for a disk to
// make durable what is removed a moment later.
class Place {
 public:
  static Result<Place> make(const std::string& keep) {
    if (!keep.empty()) {
      if (auto made = base::make_folders(keep); !made) return tl::unexpected(made.error());
      return Place(keep, false);
    }
    const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
    std::error_code ignored;
    const std::filesystem::path parent =
        in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path(ignored);
    std::string pattern = (parent / "soak-prove-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return tl::unexpected(base::error_from_errno(errno, "cannot make a folder for the runs", pattern));
    return Place(std::move(pattern), true);
  }
  Place(Place&& other) noexcept
      : path_(std::exchange(other.path_, {})), fleeting_(std::exchange(other.fleeting_, false)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Place& operator=(Place&&) = delete;
  ~Place() {
    std::error_code ignored;
    if (fleeting_) std::filesystem::remove_all(path_, ignored);
  }

  std::string folder_of(const Scenario& scenario) const { return path_ + "/" + scenario.name; }
  void done_with(const std::string& folder) const {
    std::error_code ignored;
    if (fleeting_) std::filesystem::remove_all(folder, ignored);
  }

 private:
  Place(std::string path, bool fleeting) : path_(std::move(path)), fleeting_(fleeting) {}
  std::string path_;
  bool fleeting_;
};

struct Task {
  FaultKind kind;
  std::uint64_t seed;
  std::size_t row;
};

std::vector<Task> tasks_of(const ProveOptions& options, std::vector<Row>& rows) {
  std::vector<Task> tasks;
  const auto add = [&](FaultKind kind, std::int64_t count) {
    if (count == 0) return;
    Row row;
    row.kind = kind;
    rows.push_back(std::move(row));
    for (std::int64_t i = 0; i < count; ++i)
      tasks.push_back({kind, options.first_seed + static_cast<std::uint64_t>(i), rows.size() - 1});
  };
  for (const FaultKind kind : options.kinds) add(kind, options.seeds);
  add(FaultKind::kNone, options.healthy);
  return tasks;
}

void count(Trial trial, Row& row) {
  const bool healthy = trial.kind == FaultKind::kNone;
  ++row.runs;
  row.detected += healthy ? !trial.good() : trial.detected;
  if (!healthy) ++row.named_as[trial.named_as];
  std::map<std::string, bool> besides;
  for (const journal::Fault& fault : trial.consequences) besides[fault.kind] = true;
  for (const auto& [kind, named] : besides) ++row.consequences[kind];
  if (!trial.good()) row.bad.push_back(std::move(trial));
}

Result<void> check_unused(const Place& place, const std::vector<Task>& tasks) {
  for (const Task& task : tasks) {
    const std::string folder = place.folder_of(draw_scenario(task.kind, task.seed));
    if (base::is_folder(folder) || base::file_exists(folder))
      return fail(ErrorCode::kAlreadyExists, "is there already; name another folder to keep the runs in",
                  folder);
  }
  return {};
}

class Matrix {
 public:
  Matrix(const ProveOptions& options, const Place& place, const std::vector<Task>& tasks)
      : options_(options), place_(place), tasks_(tasks), trials_(tasks.size()) {}

  std::vector<std::optional<Trial>> run() {
    const auto wanted = std::min<std::size_t>(std::max(1U, options_.threads), tasks_.size());
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < wanted; ++i) others.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : others) thread.join();
    return std::move(trials_);
  }

 private:
  void work() {
    for (std::size_t i = next_++; i < tasks_.size() && !stopped(); i = next_++) {
      const Scenario scenario = draw_scenario(tasks_[i].kind, tasks_[i].seed);
      const std::string folder = place_.folder_of(scenario);
      trials_[i] = run_trial(scenario, folder, options_.soak_version, options_.wrap);
      place_.done_with(folder);
      const std::lock_guard lock(mutex_);
      ++done_;
      if (options_.progress) options_.progress(done_, static_cast<std::int64_t>(tasks_.size()));
    }
  }
  bool stopped() const { return options_.stop != nullptr && *options_.stop != 0; }

  const ProveOptions& options_;
  const Place& place_;
  const std::vector<Task>& tasks_;
  std::vector<std::optional<Trial>> trials_;  // each written by one thread
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::int64_t done_ = 0;
};

}  // namespace

bool ProveResult::passed() const {
  return !stopped && std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.bad.empty(); });
}

Result<ProveResult> run_matrix(const ProveOptions& options) {
  ProveResult result;
  const std::vector<Task> tasks = tasks_of(options, result.rows);
  const auto place = Place::make(options.keep);
  if (!place) return tl::unexpected(place.error());
  if (auto unused = check_unused(*place, tasks); !unused) return tl::unexpected(unused.error());
  std::vector<std::optional<Trial>> trials = Matrix(options, *place, tasks).run();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (trials[i]) {
      count(std::move(*trials[i]), result.rows[tasks[i].row]);
    } else {
      result.stopped = true;
    }
  }
  return result;
}

}  // namespace soak::prove

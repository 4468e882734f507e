#include "prove/matrix.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace soak::prove {
namespace {

using target::FaultKind;

class Workers {
 public:
  explicit Workers(const Matrix& matrix) : matrix_(matrix), trials_(matrix.tasks.size()) {}

  std::vector<std::optional<Trial>> run() {
    const auto wanted = std::min<std::size_t>(std::max(1U, matrix_.threads), matrix_.tasks.size());
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < wanted; ++i) others.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : others) thread.join();
    return std::move(trials_);
  }

 private:
  void work() {
    for (std::size_t i = next_++; i < matrix_.tasks.size() && !stopped(); i = next_++) {
      const std::string& name = matrix_.tasks[i].name;
      trials_[i] = matrix_.make(i, matrix_.place->folder_of(name));
      matrix_.place->done_with(name);
      if (!trials_[i] || !matrix_.on_trial) continue;
      const std::lock_guard lock(mutex_);
      matrix_.on_trial(*trials_[i]);
    }
  }
  bool stopped() const { return matrix_.stop != nullptr && *matrix_.stop != 0; }

  const Matrix& matrix_;
  std::vector<std::optional<Trial>> trials_;  // each written by one thread
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
};

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

}  // namespace

std::size_t add_row(ProveResult& result, FaultKind kind) {
  Row row;
  row.kind = kind;
  result.rows.push_back(std::move(row));
  return result.rows.size() - 1;
}

void make_trials(const Matrix& matrix, ProveResult& result) {
  std::vector<std::optional<Trial>> trials = Workers(matrix).run();
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i]) {
      count(std::move(*trials[i]), result.rows[matrix.tasks[i].row]);
    } else {
      result.stopped = true;
    }
  }
}

}  // namespace soak::prove

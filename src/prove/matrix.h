#pragma once
// Many runs, on several threads, into the rows of one table. Not for other rooms.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "prove/place.h"
#include "prove/prove.h"

namespace soak::prove {

struct Task {
  target::FaultKind kind = target::FaultKind::kNone;
  std::string name;     // of the run and its folder: "late-17", "healthy-3"
  std::size_t row = 0;  // of the result
};

struct Matrix {
  const Place* place = nullptr;
  std::vector<Task> tasks;
  // Makes the run of tasks[index] in `folder`; from several threads at a time. Nothing: it was interrupted.
  std::function<std::optional<Trial>(std::size_t index, const std::string& folder)> make;
  std::function<void(const Trial& trial)> on_trial;  // from one thread at a time; may be empty
  unsigned threads = 1;
  const volatile std::sig_atomic_t* stop = nullptr;  // set: no further run is begun
};

// A row for the kind, with nothing counted yet; returns its index.
std::size_t add_row(ProveResult& result, target::FaultKind kind);

// Makes the runs and counts them in result.rows, in the order of the tasks, whatever the number of threads.
// result.stopped is set where a run is missing.
void make_trials(const Matrix& matrix, ProveResult& result);

}  // namespace soak::prove

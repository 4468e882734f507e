#include "prove/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "prove/matrix.h"

namespace soak::prove {
namespace {

using target::FaultKind;

// Runs of seeds in a row, each with the scenario that its seed draws.
struct Draws {
  std::vector<Task> tasks;
  std::vector<std::uint64_t> seeds;
};

Draws draws_of(const ProveOptions& options, ProveResult& result) {
  Draws draws;
  const auto add = [&](FaultKind kind, std::int64_t count) {
    if (count == 0) return;
    const std::size_t row = add_row(result, kind);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint64_t seed = options.first_seed + static_cast<std::uint64_t>(i);
      draws.tasks.push_back({kind, draw_scenario(kind, seed).name, row});
      draws.seeds.push_back(seed);
    }
  };
  for (const FaultKind kind : options.kinds) add(kind, options.seeds);
  add(FaultKind::kNone, options.healthy);
  return draws;
}

std::string command_for(FaultKind kind, std::uint64_t seed) {
  if (kind == FaultKind::kNone)
    return fmt::format("soak prove --seeds 0 --healthy 1 --seed {} --keep DIR", seed);
  return fmt::format("soak prove --kind {} --seeds 1 --healthy 0 --seed {} --keep DIR", fault_kind_name(kind),
                     seed);
}

}  // namespace

bool ProveResult::passed() const {
  return !stopped && std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.bad.empty(); });
}

Result<ProveResult> run_matrix(const ProveOptions& options) {
  ProveResult result;
  Draws draws = draws_of(options, result);
  const auto place = Place::make(options.keep);
  if (!place) return tl::unexpected(place.error());
  for (const Task& task : draws.tasks) {
    if (auto unused = place->check_unused(task.name); !unused) return tl::unexpected(unused.error());
  }
  std::int64_t done = 0;
  const auto all = static_cast<std::int64_t>(draws.tasks.size());
  Matrix matrix;
  matrix.place = &*place;
  matrix.tasks = std::move(draws.tasks);
  matrix.threads = options.threads;
  matrix.stop = options.stop;
  matrix.on_trial = [&](const Trial&) {
    ++done;
    if (options.progress) options.progress(done, all);
  };
  matrix.make = [&](std::size_t index, const std::string& folder) {
    const Scenario scenario = draw_scenario(matrix.tasks[index].kind, draws.seeds[index]);
    Trial trial = run_trial(scenario, folder, options.soak_version, options.wrap);
    trial.again = command_for(trial.kind, draws.seeds[index]);
    return std::optional<Trial>(std::move(trial));
  };
  make_trials(matrix, result);
  return result;
}

}  // namespace soak::prove

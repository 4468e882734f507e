#pragma once
// Many parameter sets over the windows of one recorded feed: each set starts every window flat, and what the
// windows measured is pooled into one row. No row depends on another, on the order of the work or on the
// number of threads: the same feed, grid and seed give the same rows.

#include <soak/result.h>
#include <cstdint>
#include <functional>

#include "target/sweep_grid.h"
#include "target/sweep_market.h"

namespace soak::target {

struct SweepRow {
  ParamValues params;  // of the grid's names, as they were in effect
  Json totals;         // as in EDGE_REPORT, over all windows
};

struct SweepOptions {
  std::uint64_t seed = 1;  // of the venue's service times
  unsigned threads = 1;    // at least 1
  // Now and then, from the calling thread; runs are parameter sets × windows. May be empty.
  std::function<void(std::uint64_t runs_done, std::uint64_t runs)> progress;
};

// Hands each row to `take_row` in the grid's order, from the calling thread; at most a few hundred rows wait
// for it. An error of `take_row` ends the sweep. kCorrupt: accounts that do not balance.
Result<void> run_sweep(const SweepMarket& market, const SweepGrid& grid, const SweepOptions& options,
                       const std::function<Result<void>(const SweepRow&)>& take_row);

}  // namespace soak::target

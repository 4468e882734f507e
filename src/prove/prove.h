#pragma once
// `soak prove`: every kind of fault that a target can have, on many seeds, and healthy targets beside them;
// each run through the loop, verify and the gate as a user's run would be. What comes out is detection by
// kind.
//
// The same options give the same result, whatever the number of threads. A target of the user's own, with the
// faults that can be injected from outside, is in prove/program.h.

#include <soak/json.h>
#include <soak/result.h>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "prove/trial.h"

namespace soak::prove {

struct ProveOptions {
  std::vector<target::FaultKind> kinds;  // in the order of the table
  std::int64_t seeds = 5;                // of each kind: first_seed, first_seed + 1, …
  std::int64_t healthy = 20;             // the same for runs without a fault
  std::uint64_t first_seed = 1;
  std::string keep;  // a folder for the artifacts of each run; empty: none are kept
  std::string soak_version = "0";
  unsigned threads = 1;
  std::function<void(std::int64_t done, std::int64_t all)> progress;  // from one thread at a time
  const volatile std::sig_atomic_t* stop = nullptr;                   // set: no further run is begun
  Wrap wrap;
};

// One line of the table.
struct Row {
  target::FaultKind kind = target::FaultKind::kNone;
  std::int64_t runs = 0;
  std::int64_t detected = 0;                         // of a fault; of healthy runs: accused
  std::map<std::string, std::int64_t> named_as;      // in how many runs; of a fault
  std::map<std::string, std::int64_t> consequences;  // kinds that were named besides, and rightly
  std::vector<Trial>
      bad;  // the flawed trials: with a problem, be it that the fault was missed or another one
};

struct ProveResult {
  std::vector<Row> rows;           // the kinds in order, then the healthy runs
  bool stopped = false;            // the stop flag was set: some runs are missing
  std::vector<std::string> notes;  // what was not tried, and why, a sentence each
  bool passed() const;             // all runs were made, and no trial has a problem
};

// kAlreadyExists: the folder to keep artifacts in holds those of such a run; else what the file system says.
Result<ProveResult> run_matrix(const ProveOptions& options);

// The table, and below it what is not as it should be, with the command that does it again.
std::string to_text(const ProveResult& result);
Json to_json(const ProveResult& result);

}  // namespace soak::prove

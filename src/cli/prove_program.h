#pragma once
// `soak prove -- CMD`: what was asked for, and the proof that it makes of it.

#include <soak/result.h>
#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "prove/prove.h"

namespace soak::cli {

struct ProgramRequest {
  std::vector<std::string> command;
  std::string overrides;
  std::string plan;
  std::string params;
  std::string kpi_profile;
  std::int64_t iterations = 5;
  double iteration_s = 2;
  std::optional<double> settle_s;  // by default a tenth of the iteration
  double ready_s = 30;
  double grace_s = 5;
  bool reload_by_sighup = false;
  // As of the other form of the command.
  std::vector<std::string> kinds;
  std::string keep;
  unsigned threads = 1;
};

// Declares its options; those that need a program are returned.
std::vector<CLI::Option*> add_program_options(CLI::App& command, ProgramRequest& request);

// What the parser cannot see; throws its errors.
void check_program_request(const ProgramRequest& request);

// Says on stderr how long it takes and how it goes.
Result<prove::ProveResult> prove_program(const ProgramRequest& request);

}  // namespace soak::cli

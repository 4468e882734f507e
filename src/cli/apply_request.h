#pragma once
// One apply as the command line asks for it: shared by `soak apply` and `soak params set`.

#include <string>
#include <vector>

#include "cli/command.h"

namespace soak::cli {

struct ApplyRequest {
  std::string runtime;
  std::vector<std::string> assignments;  // k=v; on top of the deltas file
  std::string deltas;                    // a file, or "-"
  std::string guards;                    // a file, "-", or the JSON itself
  std::string expect_hash;
  std::string params;
  bool allow_unknown = false;
  bool enforce_bounds = false;
  bool dry_run = false;
  bool json = false;
};

// The options that both commands have.
void add_apply_options(CLI::App& app, ApplyRequest& request);

// `hash` is in lower case afterwards.
void add_expect_hash_option(CLI::App& app, std::string& hash);

// Applies and prints. Returns the exit code of section 11.
int run_apply(const ApplyRequest& request);

}  // namespace soak::cli

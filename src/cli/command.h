#pragma once
// The command line: one file a subcommand. This room alone prints, parses argv and decides exit codes.
//
// A subcommand is a function add_NAME(app, exit_code): it declares its options on `app` and sets `exit_code`
// from its callback.

#include <soak/json.h>
#include <soak/result.h>
#include <CLI/CLI.hpp>
#include <string>

namespace soak::cli {

// Exit codes of section 11 of the design; 0 is success.
enum Exit : int {
  kExitOk = 0,
  kExitError = 1,
  kExitUsage = 2,
  kExitHeld = 3,            // a guard held the proposal
  kExitUnknownOutcome = 4,  // an error after the rename
  kExitInconclusive = 5,    // the gate could not judge
  kExitConflict = 6,        // not the expected hash
  kExitTargetFailed = 7,    // the target died or stopped reporting
  kExitInterrupted = 130,
};

// One line on stderr, and with `json` also {"error": {...}} on stdout. Returns the exit code for the error.
int report_error(const Error& error, bool json = false);
// The same for a command line that makes no sense: code "usage", which the library does not have; exit 2.
int report_usage_error(const std::string& message, bool json);

// Prints one JSON document (indented when `pretty`) on stdout. False where stdout did not take it (a full
// disk, a closed pipe), which stderr has been told: the caller must not exit 0 then.
bool print_json(const Json& value, bool pretty = false);
bool print_text(const std::string& text);

void add_run(CLI::App& app, int& exit_code);
void add_apply(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_ledger(CLI::App& app, int& exit_code);
void add_promote(CLI::App& app, int& exit_code);
void add_analyze(CLI::App& app, int& exit_code);
void add_snapshot(CLI::App& app, int& exit_code);
void add_gate(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_params(CLI::App& app, int& exit_code);
void add_feed(CLI::App& app, int& exit_code);
void add_feed_synth(CLI::App& feed, int& exit_code);  // below `soak feed`
void add_feed_stats(CLI::App& feed, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_sweep(CLI::App& app, int& exit_code);
void add_prove(CLI::App& app, int& exit_code);
void add_fsck(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_hash(CLI::App& app, int& exit_code);

}  // namespace soak::cli

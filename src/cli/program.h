#pragma once
// The program as a whole: its subcommands, and what holds for every one of them.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace soak::cli {

// The whole command line without the program's name. Returns the exit code. Ignores SIGPIPE in this process:
// a reader that goes away is an error of the write, never the death of a process that has just changed a
// file. Standard descriptors that are closed are held, so that no file of ours is opened in their place.
int run_program(std::vector<std::string> arguments);

// Declares every option and subcommand of the program on `app`. A subcommand's callback runs it and sets
// `exit_code`.
void declare_program(CLI::App& app, int& exit_code);

// Parses with `app`, whose callbacks run the subcommand and set `exit_code`. Prints help, version and usage
// errors (exit 2) itself.
int parse_and_run(CLI::App& app, std::vector<std::string> arguments, const int& exit_code);

}  // namespace soak::cli

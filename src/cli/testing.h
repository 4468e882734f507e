#pragma once
// Runs one subcommand in this process, as main() does, and catches what it prints.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/command.h"

namespace soak::cli {

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// `arguments` without the program's name: {"apply", "--runtime", ...}. `add` declares the subcommand.
inline Ran run_command(void (*add)(CLI::App&, int&), std::vector<std::string> arguments) {
  CLI::App app{"", "soak"};
  app.require_subcommand(1);
  Ran ran;
  add(app, ran.exit_code);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a vector from its end
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    ran.exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

}  // namespace soak::cli

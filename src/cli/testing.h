#pragma once
// Runs one subcommand in this process, as main() does, and catches what it prints.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/program.h"

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
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  ran.exit_code = parse_and_run(app, std::move(arguments), ran.exit_code);
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

}  // namespace soak::cli

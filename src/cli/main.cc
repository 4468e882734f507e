// soak: soak testing with verified parameter delivery. Declares the subcommands and runs one.

#include <cstdio>

#include "cli/command.h"

int main(int argc, char** argv) {
  namespace cli = soak::cli;
  CLI::App app{"Soak testing with verified parameter delivery.", "soak"};
  app.set_version_flag("--version", "soak " SOAK_VERSION);
  app.set_config(
      "--config", "",
      "Read options from a TOML file: stands before the subcommand, keys under [run], [gate], ...");
  app.allow_config_extras(
      CLI::config_extras_mode::error);  // a misspelt option must not change a verdict unseen
  app.require_subcommand(1);
  int exit_code = cli::kExitOk;
  cli::add_run(app, exit_code);
  cli::add_apply(app, exit_code);
  cli::add_verify(app, exit_code);
  cli::add_analyze(app, exit_code);
  cli::add_snapshot(app, exit_code);
  cli::add_gate(app, exit_code);
  cli::add_params(app, exit_code);
  cli::add_feed(app, exit_code);
  cli::add_replay(app, exit_code);
  cli::add_hash(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kExitOk : cli::kExitUsage;
  }
  return exit_code;
}

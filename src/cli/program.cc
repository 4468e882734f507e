#include "cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <new>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "cli/command.h"
#include "cli/log.h"
#include "cli/serve.h"

namespace soak::cli {
namespace {

void add_commands(CLI::App& app, int& exit_code) {
  add_run(app, exit_code);
  add_apply(app, exit_code);
  add_verify(app, exit_code);
  add_ledger(app, exit_code);
  add_promote(app, exit_code);
  add_analyze(app, exit_code);
  add_snapshot(app, exit_code);
  add_gate(app, exit_code);
  add_report(app, exit_code);
  add_params(app, exit_code);
  add_feed(app, exit_code);
  add_replay(app, exit_code);
  add_sweep(app, exit_code);
  add_prove(app, exit_code);
  add_fsck(app, exit_code);
  add_status(app, exit_code);
  add_serve(app, exit_code);
  add_hash(app, exit_code);
}

// A descriptor that the caller closed (`2>&-`) would be given to the next file that we open, and a line for
// stderr would land in a journal. Held by one that takes no bytes, a write to it stays the error that it was.
void hold_closed_descriptors() {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) == -1)
      static_cast<void>(::open("/dev/null", standard == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

// The JSON library takes memory when it lets go of some, in a destructor: no handler of ours is reached where
// there is none. Whatever was being written is the old or the new one then, and nobody can say which.
void end_without_memory() {
  static const std::terminate_handler others = std::get_terminate();
  std::set_terminate([] {
    try {
      if (std::current_exception()) throw;  // none: there was no room even for that
    } catch (const std::bad_alloc&) {
    } catch (...) {
      others();
    }
    constexpr std::string_view kText =
        "soak: not enough memory; if it was writing a file, read the file again before you go on\n";
    static_cast<void>(!::write(STDERR_FILENO, kText.data(), kText.size()));
    ::_exit(kExitUnknownOutcome);
  });
}

// CLI11 would wait for the other end of a pipe, and read a device for ever.
std::string check_config_file(const std::string& path) {
  constexpr std::size_t kBytesMax = std::size_t{1} << 20;
  const auto bytes = base::read_file(path, kBytesMax);
  return bytes ? std::string() : to_line(bytes.error());
}

// CLI11 only says that a subcommand is required, whatever word stands in its place.
std::string missing_command(const CLI::App& app, const CLI::App& command) {
  std::string known;
  for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; }))
    known += (known.empty() ? "" : ", ") + one->get_name();
  const std::vector<std::string> rest = app.remaining(true);
  const auto word =
      std::find_if(rest.begin(), rest.end(), [](const std::string& text) { return !text.starts_with('-'); });
  return word == rest.end() ? "a command is required: " + known
                            : fmt::format("unknown command \"{}\"; the commands are {}", *word, known);
}

// One line: what is wrong, and the command whose help says more.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string name = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  const bool no_command = command->get_require_subcommand_min() > 0 && error.get_name() == "RequiredError";
  return fmt::format("{}; see `{} --help`", no_command ? missing_command(app, *command) : error.what(), name);
}

// CLI11 takes the "--" behind an option whose value may be left out, and behind its value, for the end of its
// values, and the program that follows would be read as options of ours: such a "--" is given twice.
void keep_separator(std::vector<std::string>& arguments) {
  constexpr std::array<std::string_view, 2> kValueMayBeLeftOut{"--approve", "--serve"};
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  if (separator == arguments.end()) return;
  auto option = separator;
  if (option != arguments.begin()) --option;
  if (option != arguments.begin() && !option->starts_with("-")) --option;
  if (std::find(kValueMayBeLeftOut.begin(), kValueMayBeLeftOut.end(), *option) != kValueMayBeLeftOut.end())
    arguments.insert(separator, "--");
}

}  // namespace

int parse_and_run(CLI::App& app, std::vector<std::string> arguments, const int& exit_code) {
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  keep_separator(arguments);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a vector from its end
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    const bool asked_for = app.exit(error, out, out) == 0;  // --help and --version
    if (asked_for) return print_text(out.str()) ? kExitOk : kExitError;
    return report_usage_error(usage_message(app, error), json);
  } catch (const std::bad_alloc&) {  // an input that asks for more than there is
    return report_error({ErrorCode::kLimitExceeded, "not enough memory for this input", {}, {}}, json);
  }
  return exit_code;
}

void declare_program(CLI::App& app, int& exit_code) {
  app.description("Soak testing with verified parameter delivery.");
  app.set_version_flag("--version", "soak " SOAK_VERSION);
  app.set_config("--config", "", "Read options from a TOML file; before or after the subcommand")
      ->check(check_config_file);
  app.allow_config_extras(
      CLI::config_extras_mode::error);  // a misspelt option must not change a verdict unseen
  app.require_subcommand(1);
  app.fallthrough();  // --config and --version are taken after the subcommand too
  add_log_options(app);
  app.footer("Options can stand in a file: --config FILE, TOML with keys under [run], [gate], ...");
  add_commands(app, exit_code);
}

int run_program(std::vector<std::string> arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is an error of write
  end_without_memory();
  hold_closed_descriptors();
  CLI::App app("", "soak");
  int exit_code = kExitOk;
  declare_program(app, exit_code);
  return parse_and_run(app, std::move(arguments), exit_code);
}

}  // namespace soak::cli

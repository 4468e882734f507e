// The program's command line and its file of options, as far as they are parsed: no subcommand runs. The
// input: the arguments, one a line, where "@config" stands for the file's path; a line "---"; the file's
// text.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/log.h"
#include "cli/program.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

// What is printed to a standard stream meanwhile. Not by its descriptor, which a sanitizer's report needs.
class Captured {
 public:
  explicit Captured(FILE*& stream) : stream_(stream), before_(stream) {
    stream_ = ::open_memstream(&text_, &size_);
    require(stream_ != nullptr, "memory for what is printed");
  }
  std::string end() {
    std::fclose(stream_);
    stream_ = before_;
    std::string text(text_, size_);
    std::free(text_);
    return text;
  }

 private:
  FILE*& stream_;
  FILE* before_;
  char* text_ = nullptr;
  std::size_t size_ = 0;
};

std::vector<std::string> arguments_of(std::string_view text, const std::string& config) {
  std::vector<std::string> arguments;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view argument = text.substr(0, end);
    arguments.emplace_back(argument == "@config" ? config : argument.substr(0, argument.find('\0')));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return arguments;
}

void require_usage_error(const std::string& out, const std::string& err, bool json) {
  require(err.starts_with("soak: ") && err.find('\n') == err.size() - 1, "a usage error is one line: " + err);
  require_recordable(Json(err), 0);
  require(err.size() <= 2000, "a usage error is short enough to read: " + err);
  require(out.empty() == !json, "with --json a usage error is also told on stdout");
  if (!json) return;
  const auto error = parse_json(out);
  require(error && error->contains("error"), "what --json prints is JSON");
}

}  // namespace

bool try_input(std::string_view bytes) {
  auto pieces = pieces_of(bytes, 2);
  pieces.resize(2);
  const auto arguments = arguments_of(pieces[0], put_file("soak.toml", pieces[1]));
  int exit_code = cli::kExitOk;
  CLI::App app("", "soak");
  cli::declare_program(app, exit_code);
  app.parse_complete_callback([] { throw CLI::Success(); });  // before any subcommand's own
  Captured out(stdout), err(stderr);
  exit_code = cli::parse_and_run(app, arguments, exit_code);
  const std::string said = err.end(), printed = out.end();
  require(exit_code == cli::kExitOk || exit_code == cli::kExitUsage, "a command line is taken, or misused");
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  const cli::LogOptions& log = cli::log_options();  // of this very command line
  if (exit_code == cli::kExitUsage && !log.json && log.level <= cli::LogLevel::kError)
    require_usage_error(printed, said, json);
  return exit_code == cli::kExitOk;
}

}  // namespace soak::fuzz

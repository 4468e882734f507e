// `soak hash`: the state hash of bytes, or of their canonical form.

#include <unistd.h>

#include <memory>

#include "base/sha256.h"
#include "cli/command.h"
#include "cli/input.h"

namespace soak::cli {
namespace {

struct HashRequest {
  std::string file;
  bool canonical = false;
  bool print = false;
};

Result<std::string> hashed_text(const HashRequest& request) {
  constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // hashed as they are, they take no more room
  const bool canonical = request.canonical || request.print;
  auto bytes = read_input(request.file, canonical ? base::kFileBytesMax : kBytesMax);
  if (!bytes || !canonical) return bytes;
  auto value = parse_json(*bytes, request.file == "-" ? "standard input" : request.file);
  if (!value) return tl::unexpected(value.error());
  return canonical_json(*value);
}

int run_hash(const HashRequest& request) {
  const auto text = hashed_text(request);
  if (!text) return report_error(text.error());
  // The canonical text ends without a newline, so that `soak hash --print F | sha256sum` is its hash; a
  // terminal gets one.
  const bool printed = request.print ? print_text(*text + (::isatty(STDOUT_FILENO) == 1 ? "\n" : ""))
                                     : print_text(base::sha256_hex(*text) + "  " + request.file + "\n");
  return printed ? kExitOk : kExitError;
}

}  // namespace

void add_hash(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "hash", "Print the state hash of a file: SHA-256 of its bytes, or of its canonical JSON");
  const auto request = std::make_shared<HashRequest>();
  command->add_option("FILE", request->file, "A file, or - for standard input")->required();
  command->add_flag("--canonical", request->canonical, "Hash the canonical form of the JSON");
  command->add_flag("--print", request->print, "Print the canonical text itself instead of a hash");
  command->callback([request, &exit_code] { exit_code = run_hash(*request); });
}

}  // namespace soak::cli

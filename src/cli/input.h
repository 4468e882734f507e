#pragma once
// What the command line names: files, "-" for standard input, and `k=v` pairs.

#include <soak/guards.h>
#include <soak/params.h>
#include <soak/result.h>
#include <cstddef>
#include <string>
#include <vector>

#include "base/file.h"

namespace soak::cli {

// The bytes of a file, or of standard input where `path` is "-". kLimitExceeded beyond `bytes_max`.
Result<std::string> read_input(const std::string& path, std::size_t bytes_max = base::kFileBytesMax);

// "k=v" with something on the left of the first "=". Empty where it is, else what is wrong: a CLI11 check.
std::string check_assignment(const std::string& text);

// A whole number from 0 to 2^64 - 1, as a CLI11 check: the parser would wrap a negative one around and cut
// one that is too large.
std::string check_seed(const std::string& text);

// `k=v` pairs, checked before. A value is JSON; a bare word that is no JSON is text (a choice). A number that
// JSON cannot hold (1e400, nan) is an error that names the parameter. The last of two equal names wins.
Result<ParamValues> parse_assignments(const std::vector<std::string>& assignments);

// A flat JSON object of parameter name → value.
Result<ParamValues> read_deltas(const std::string& path);

// Guard flags from a file, "-", or the JSON itself where the text starts with "{". Every flag must be a
// boolean and every key known: a misspelt flag would let a proposal through.
Result<GuardFlags> read_guards(const std::string& path_or_json);

// The built-in registry, or with the parameters of the file on top where `path` is not empty.
Result<Registry> load_registry(const std::string& path);

}  // namespace soak::cli

#pragma once
// Files that a command writes because the user named them.

#include <soak/result.h>
#include <string>
#include <string_view>
#include <vector>

namespace soak::cli {

// Replaces the file whole. kNotAFile: a symbolic link, which is neither replaced nor written through (it may
// be /dev/stdout, or lead anywhere). kInvalidArgument: a file of the run in `run_folder`, such as its
// journal.
Result<void> write_output(const std::string& path, std::string_view bytes, const std::string& run_folder);

// Throws CLI::ValidationError where two of these name one file; empty ones do not count.
void check_different(const std::vector<std::string>& paths);

}  // namespace soak::cli

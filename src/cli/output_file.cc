#include "cli/output_file.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "loop/run_folder.h"

namespace soak::cli {
namespace {

namespace fs = std::filesystem;

bool is_of_run(const std::string& path, const std::string& run_folder) {
  std::error_code none;
  return loop::is_run_file(fs::path(path).filename()) &&
         fs::equivalent(base::folder_of(path), run_folder, none);
}

}  // namespace

Result<void> write_output(const std::string& path, std::string_view bytes, const std::string& run_folder) {
  if (base::is_link(path))
    return fail(ErrorCode::kNotAFile,
                "is a symbolic link, and neither replaced nor written through; name the file itself", path);
  if (is_of_run(path, run_folder))
    return fail(ErrorCode::kInvalidArgument, "is a file of the run itself; choose another name", path);
  return base::write_file_atomic_not_durable(path, bytes);
}

void check_different(const std::vector<std::string>& paths) {
  std::set<fs::path> seen;
  for (const std::string& path : paths) {
    std::error_code none;
    if (!path.empty() && !seen.insert(fs::weakly_canonical(fs::absolute(path, none), none)).second)
      throw CLI::ValidationError(path, "is named for two different files");
  }
}

}  // namespace soak::cli

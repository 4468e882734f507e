#include "sim/import_paths.h"

#include <sys/stat.h>

namespace soak::sim {

Result<void> refuse_own_input(const std::vector<std::string>& paths, const std::string& out) {
  struct stat target {
  }, source{};
  if (::stat(out.c_str(), &target) != 0) return {};
  for (const std::string& path : paths) {
    if (::stat(path.c_str(), &source) == 0 && source.st_dev == target.st_dev &&
        source.st_ino == target.st_ino) {
      return fail(ErrorCode::kInvalidArgument, "is one of the recordings to import: give another --out", out);
    }
  }
  return {};
}

}  // namespace soak::sim

#include "base/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace soak::base {

Result<TemporaryFolder> TemporaryFolder::create(const std::string& prefix) {
  const char* place = std::getenv("TMPDIR");
  std::string path = std::string(place == nullptr || *place == 0 ? "/tmp" : place) + "/" + prefix + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    const int error = errno;
    return fail(ErrorCode::kIoError, std::string("cannot make a temporary folder: ") + std::strerror(error),
                path);
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace soak::base

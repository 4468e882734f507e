#include "prove/place.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/file.h"

namespace soak::prove {

Result<Place> Place::make(const std::string& keep) {
  std::error_code ignored;
  if (!keep.empty()) {
    if (auto made = base::make_folders(keep); !made) return tl::unexpected(made.error());
    std::string path = std::filesystem::absolute(keep, ignored).lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return Place(std::move(path), false);
  }
  const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
  const std::filesystem::path parent =
      in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path(ignored);
  std::string pattern = (parent / "soak-prove-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return tl::unexpected(base::error_from_errno(errno, "cannot make a folder for the runs", pattern));
  return Place(std::move(pattern), true);
}

Place::Place(Place&& other) noexcept
    : path_(std::exchange(other.path_, {})), fleeting_(std::exchange(other.fleeting_, false)) {}

Place::~Place() {
  std::error_code ignored;
  if (fleeting_) std::filesystem::remove_all(path_, ignored);
}

Result<void> Place::check_unused(const std::string& name) const {
  const std::string folder = folder_of(name);
  if (base::is_folder(folder) || base::file_exists(folder))
    return fail(ErrorCode::kAlreadyExists, "is there already; name another folder to keep the runs in",
                folder);
  return {};
}

void Place::done_with(const std::string& name) const {
  std::error_code ignored;
  if (fleeting_) std::filesystem::remove_all(folder_of(name), ignored);
}

}  // namespace soak::prove

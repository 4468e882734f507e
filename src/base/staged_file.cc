#include "base/staged_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/file.h"

namespace soak::base {

Result<StagedFile> StagedFile::create(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    return fail(ErrorCode::kNotAFile, "is not a plain file and cannot be replaced", path);
  StagedFile staged(path, Descriptor(::open(folder_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)));
  if (staged.descriptor_.valid() && ::access(staged.own_link().c_str(), F_OK) == 0) return staged;
  std::string temp = path + ".tmp" + random_suffix();
  staged.descriptor_ =
      Descriptor(::open(temp.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!staged.descriptor_.valid()) return tl::unexpected(error_from_errno(errno, "cannot create", path));
  staged.temp_ = std::move(temp);
  return staged;
}

StagedFile::StagedFile(std::string path, Descriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

std::string StagedFile::own_link() const {
  return "/proc/self/fd/" + std::to_string(descriptor_.get());
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : path_(std::move(other.path_)),
      temp_(std::exchange(other.temp_, {})),
      descriptor_(std::move(other.descriptor_)) {}

StagedFile::~StagedFile() {
  if (!temp_.empty()) ::unlink(temp_.c_str());
}

Result<void> StagedFile::commit() {
  if (::fsync(descriptor_.get()) != 0) return tl::unexpected(error_from_errno(errno, "cannot write", path_));
  if (temp_.empty()) {  // a link cannot take a name that is there: a name of its own first
    std::string temp = path_ + ".tmp" + random_suffix();
    if (::linkat(AT_FDCWD, own_link().c_str(), AT_FDCWD, temp.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return tl::unexpected(error_from_errno(errno, "cannot create", path_));
    temp_ = std::move(temp);
  }
  if (descriptor_.close() != 0) return tl::unexpected(error_from_errno(errno, "cannot write", path_));
  if (::rename(temp_.c_str(), path_.c_str()) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot rename into place", path_));
  temp_.clear();
  if (!sync_folder(folder_of(path_)))
    return fail(ErrorCode::kUnknownOutcome, "written, but the folder could not be made durable", path_);
  return {};
}

}  // namespace soak::base

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
  std::string temp = path + ".tmp" + random_suffix();
  Descriptor descriptor(::open(temp.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!descriptor.valid()) return tl::unexpected(error_from_errno(errno, "cannot create", path));
  return StagedFile(path, std::move(temp), std::move(descriptor));
}

StagedFile::StagedFile(std::string path, std::string temp, Descriptor descriptor)
    : path_(std::move(path)), temp_(std::move(temp)), descriptor_(std::move(descriptor)) {}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : path_(std::move(other.path_)),
      temp_(std::exchange(other.temp_, {})),
      descriptor_(std::move(other.descriptor_)) {}

StagedFile::~StagedFile() {
  if (!temp_.empty()) ::unlink(temp_.c_str());
}

Result<void> StagedFile::commit() {
  if (::fsync(descriptor_.get()) != 0 || descriptor_.close() != 0)
    return tl::unexpected(error_from_errno(errno, "cannot write", path_));
  if (::rename(temp_.c_str(), path_.c_str()) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot rename into place", path_));
  temp_.clear();
  const std::size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid() || ::fsync(opened.get()) != 0)
    return fail(ErrorCode::kUnknownOutcome, "written, but the folder could not be made durable", path_);
  return {};
}

}  // namespace soak::base

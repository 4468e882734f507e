#include "base/streamed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/descriptor.h"
#include "base/file.h"

namespace soak::base {
namespace {

constexpr std::size_t kCompareBytes = 1 << 16;

}  // namespace

Result<void> write_streamed_not_durable(const std::string& path, const Produce& produce) {
  struct stat present {};
  const bool exists = ::lstat(path.c_str(), &present) == 0;
  if (exists && !S_ISREG(present.st_mode) && !S_ISLNK(present.st_mode)) {
    return fail(ErrorCode::kNotAFile,
                S_ISDIR(present.st_mode) ? "is a folder, not a file"
                                         : "is a device, a pipe or a socket, and not replaced by a file",
                path);
  }
  const std::string temp = path + ".tmp" + random_suffix();
  Descriptor descriptor(::open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!descriptor.valid())
    return tl::unexpected(error_from_errno(errno, "cannot create a temp file beside it", path));
  // One of another owner may have given its readers more than we would.
  if (exists && S_ISREG(present.st_mode) && present.st_uid == ::geteuid()) {
    const bool group_kept = ::fchown(descriptor.get(), static_cast<uid_t>(-1), present.st_gid) == 0;
    if (::fchmod(descriptor.get(), present.st_mode & (group_kept ? 0777U : 0707U)) != 0) {
      const auto failed = error_from_errno(errno, "cannot keep its mode", path);
      ::unlink(temp.c_str());
      return tl::unexpected(failed);
    }
  }
  auto written = produce([&](std::string_view bytes) { return write_all(descriptor.get(), bytes, path); });
  if (written && descriptor.close() != 0)
    written = tl::unexpected(error_from_errno(errno, "cannot close its temp file", path));
  if (written && ::rename(temp.c_str(), path.c_str()) != 0)
    written = tl::unexpected(error_from_errno(errno, "cannot replace", path));
  if (!written) ::unlink(temp.c_str());
  return written;
}

Result<bool> file_holds(const std::string& path, const Produce& produce) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!descriptor.valid() && errno != ENOENT && errno != ELOOP)
    return tl::unexpected(error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (descriptor.valid() && ::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot examine", path));
  bool same = descriptor.valid() && S_ISREG(status.st_mode);
  int problem = 0;  // of a read
  std::string present;
  const auto compare = [&](std::string_view bytes) -> Result<void> {
    while (same && !bytes.empty()) {
      present.resize(std::min<std::size_t>(bytes.size(), kCompareBytes));
      const ssize_t got = ::read(descriptor.get(), present.data(), present.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) problem = errno;
      same = got > 0 && bytes.starts_with(std::string_view(present).substr(0, static_cast<std::size_t>(got)));
      if (same) bytes.remove_prefix(static_cast<std::size_t>(got));
    }
    if (!same) return fail(ErrorCode::kConflict, "differs", path);
    return {};
  };
  const auto produced = produce(compare);
  char more = 0;
  ssize_t behind = 0;
  if (same && produced) {
    do behind = ::read(descriptor.get(), &more, 1);
    while (behind < 0 && errno == EINTR);
    if (behind < 0) problem = errno;
  }
  if (problem != 0) return tl::unexpected(error_from_errno(problem, "cannot read", path));
  if (!same) return false;
  if (!produced) return tl::unexpected(produced.error());
  return behind == 0;
}

}  // namespace soak::base

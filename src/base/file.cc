#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/descriptor.h"
#include "base/streamed_file.h"

namespace soak::base {

Error error_from_errno(int error_number, std::string_view action, const std::string& path) {
  const ErrorCode code = error_number == ENOENT ? ErrorCode::kNotFound
                         : error_number == EACCES || error_number == EPERM || error_number == EROFS
                             ? ErrorCode::kPermissionDenied
                         : error_number == EISDIR || error_number == ENOTDIR || error_number == ELOOP
                             ? ErrorCode::kNotAFile
                             : ErrorCode::kIoError;
  // Ours are most often calls that follow no link, of which the system's own words ("too many levels") say
  // little.
  const char* why = error_number == ELOOP ? "a symbolic link is in the way" : std::strerror(error_number);
  return Error{code, std::string(action) + ": " + why, path, {}};
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return tl::unexpected(error_from_errno(errno, "cannot open", path));
  return read_all(descriptor.get(), path, bytes_max);
}

Result<std::string> read_all(int descriptor, const std::string& path, std::size_t bytes_max) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot examine", path));
  if (!S_ISREG(status.st_mode))
    return fail(ErrorCode::kNotAFile,
                S_ISDIR(status.st_mode) ? "is a folder, not a file" : "is not a plain file", path);
  if (static_cast<std::size_t>(status.st_size) > bytes_max) {
    return fail(ErrorCode::kLimitExceeded, "larger than " + std::to_string(bytes_max) + " bytes", path);
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  for (;;) {
    if (filled == bytes.size())
      bytes.resize(bytes.size() + 4096);  // the file may have grown; one more read proves the end
    const ssize_t got = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(error_from_errno(errno, "cannot read", path));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > bytes_max)
      return fail(ErrorCode::kLimitExceeded, "larger than " + std::to_string(bytes_max) + " bytes", path);
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return tl::unexpected(error_from_errno(errno, "cannot write", path));
    if (put == 0) return fail(ErrorCode::kIoError, "cannot write: the system took no bytes", path);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> write_file_atomic_not_durable(const std::string& path, std::string_view bytes) {
  return write_streamed_not_durable(path, [bytes](const Put& put) { return put(bytes); });
}

Result<void> make_folders(const std::string& path) {
  std::vector<std::string> missing;  // the innermost first
  std::string folder = path;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  struct stat status {};
  for (; ::lstat(folder.c_str(), &status) != 0; folder = folder_of(folder)) {
    if (errno != ENOENT || folder == folder_of(folder))  // not taken for a folder to make: a disk may be dead
      return tl::unexpected(error_from_errno(errno, "cannot create the folder", path));
    missing.push_back(folder);
  }
  for (; !missing.empty(); missing.pop_back()) {
    const std::string& next = missing.back();
    if (::mkdir(next.c_str(), 0755) != 0 && errno != EEXIST)
      return tl::unexpected(error_from_errno(errno, "cannot create the folder", path));
    // A folder that may not be read cannot be made durable by us.
    if (auto synced = sync_folder(folder_of(next));
        !synced && synced.error().code != ErrorCode::kPermissionDenied)
      return fail(synced.error().code, "cannot create the folder: " + to_line(synced.error()), path);
  }
  return require_folder(path);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_folder(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return tl::unexpected(error_from_errno(errno, "cannot open the folder", path));
  if (::fsync(folder.get()) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot make the folder durable", path));
  return {};
}

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return tl::unexpected(error_from_errno(errno, "cannot remove", path));
}

bool file_exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

bool is_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

bool is_dangling_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode) &&
         ::stat(path.c_str(), &status) != 0 && errno == ENOENT;
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<void> require_folder(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot examine", path));
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kNotAFile, "is a file, not a folder", path);
  return {};
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) return tl::unexpected(error_from_errno(errno, "cannot open the folder", path));
  std::vector<std::string> names;
  for (;;) {
    errno = 0;  // the only way to tell an error from the end
    const dirent* entry = ::readdir(folder);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int problem = errno;
  ::closedir(folder);
  if (problem != 0) return tl::unexpected(error_from_errno(problem, "cannot list the folder", path));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace soak::base

#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "base/sha256.h"

namespace soak::base {
namespace {

constexpr std::size_t kSuffixDigits = 16;

// A file as its folder and its name in it, a symbolic link resolved once.
struct Place {
  std::string folder;
  std::string name;
  std::string path() const { return folder + "/" + name; }
};

Result<Place> resolve(const std::string& path, bool refuse_link = false) {
  std::string real = path;
  struct stat status {};
  const bool seen = ::lstat(path.c_str(), &status) == 0;
  if (!seen && errno != ENOENT)  // not taken for "no link": that would name a wrong cause
    return tl::unexpected(error_from_errno(errno, "cannot examine", path));
  if (seen && S_ISLNK(status.st_mode)) {
    if (refuse_link)
      return fail(ErrorCode::kNotAFile, "is a symbolic link, which is not followed here", path);
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr)
      return tl::unexpected(error_from_errno(errno, "cannot follow the symbolic link", path));
    real = resolved;
    std::free(resolved);  // NOLINT: realpath allocates with malloc
  }
  const std::size_t slash = real.rfind('/');
  Place place;
  place.folder = slash == std::string::npos ? "." : slash == 0 ? "/" : real.substr(0, slash);
  place.name = slash == std::string::npos ? real : real.substr(slash + 1);
  if (place.name.empty() || place.name == "." || place.name == "..")
    return fail(ErrorCode::kNotAFile, "is a folder, not a file", path);
  return place;
}

std::string temp_prefix(const std::string& name) {
  return "." + name + ".tmp-";
}

// A plain file that is ours, or that a writer with more rights than the file's owner had already handed over
// to that owner when it was killed.
bool is_left_by_a_writer(int folder, const std::string& name, const Place& place) {
  struct stat temp {};
  if (::fstatat(folder, name.c_str(), &temp, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(temp.st_mode))
    return false;
  if (temp.st_uid == ::geteuid()) return true;
  struct stat file {};
  return ::fstatat(folder, place.name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0 && temp.st_uid == file.st_uid;
}

// Temps that a killed writer left, by our name pattern. Under the lock nobody else is writing one.
void remove_stale_temps(int folder, const Place& place) {
  const auto names = list_folder(place.folder);
  if (!names) return;  // a folder that we may enter but not list: nothing to clean
  const std::string prefix = temp_prefix(place.name);
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix) || name.size() != prefix.size() + kSuffixDigits) continue;
    if (name.find_first_not_of("0123456789abcdef", prefix.size()) != std::string::npos) continue;
    if (is_left_by_a_writer(folder, name, place)) ::unlinkat(folder, name.c_str(), 0);
  }
}

struct Current {
  std::string hash = kAbsent;
  bool exists = false;
  struct stat status {};
};

Result<Current> read_current(int folder, const Place& place) {
  Current current;
  const Descriptor descriptor(
      ::openat(folder, place.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!descriptor.valid()) {
    if (errno == ENOENT) return current;
    return tl::unexpected(error_from_errno(errno, "cannot open", place.path()));
  }
  if (::fstat(descriptor.get(), &current.status) != 0)
    return tl::unexpected(error_from_errno(errno, "cannot examine", place.path()));
  auto bytes = read_all(descriptor.get(), place.path(), kFileBytesMax);
  if (!bytes) return tl::unexpected(bytes.error());
  if (current.status.st_nlink > 1) {
    return fail(ErrorCode::kNotAFile,
                "has more than one hard link; replacing it would part them. Give it a name of its own",
                place.path());
  }
  current.exists = true;
  current.hash = sha256_hex(*bytes);
  return current;
}

// The temp file, complete and durable. On an error nothing is left behind.
Result<std::string> write_temp(int folder, const Place& place, std::string_view bytes,
                               const Current& current) {
  const std::string temp = temp_prefix(place.name) + random_suffix();
  Descriptor descriptor(
      ::openat(folder, temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!descriptor.valid())
    return tl::unexpected(error_from_errno(errno, "cannot create a temp file beside it", place.path()));
  Result<void> done;
  if (current.exists) {
    if (::fchown(descriptor.get(), current.status.st_uid, current.status.st_gid) != 0) {
      done = tl::unexpected(error_from_errno(errno, "cannot keep the file's owner", place.path()));
    } else if (::fchmod(descriptor.get(), current.status.st_mode & 07777) != 0) {
      done = tl::unexpected(error_from_errno(errno, "cannot keep the file's mode", place.path()));
    }
  }
  if (done) done = write_all(descriptor.get(), bytes, place.path());
  if (done && ::fsync(descriptor.get()) != 0)
    done = tl::unexpected(error_from_errno(errno, "cannot make its temp file durable", place.path()));
  if (done && descriptor.close() != 0)
    done = tl::unexpected(error_from_errno(errno, "cannot close its temp file", place.path()));
  if (done) return temp;
  ::unlinkat(folder, temp.c_str(), 0);
  return tl::unexpected(done.error());
}

Error unknown_outcome(const std::string& reason, const Place& place) {
  return Error{ErrorCode::kUnknownOutcome,
               reason + "; the new bytes may or may not be in place: read the file again before you go on",
               place.path(),
               {}};
}

// After a failed rename only a look at the file tells which bytes are in place.
Error after_failed_rename(int error_number, int folder, const Place& place, const std::string& temp,
                          const std::string& old_hash) {
  ::unlinkat(folder, temp.c_str(), 0);
  const auto now = read_current(folder, place);
  if (now && now->hash == old_hash)
    return error_from_errno(error_number, "cannot replace the file", place.path());
  return unknown_outcome("the rename failed", place);
}

// The pid that the kernel's table of locks names for this file ("1: FLOCK ADVISORY WRITE 123 08:01:456 0
// EOF"). Where a file system tells programs another device number than the kernel's own (btrfs, overlay), the
// inode alone has to do, if only one lock has it. The lock file itself stays empty, so that two equal runs
// leave equal folders.
std::string holder_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return "unknown";
  const std::string inode = ":" + std::to_string(status.st_ino);
  const std::string device = fmt::format("{:02x}:{:02x}", major(status.st_dev), minor(status.st_dev));
  std::set<std::string> likely;
  std::ifstream table("/proc/locks");
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, pid, file;
    if (!(words >> number >> kind >> mode >> access >> pid >> file) || kind != "FLOCK") continue;
    if (file == device + inode) return pid;
    if (file.ends_with(inode)) likely.insert(pid);
  }
  return likely.size() == 1 ? *likely.begin() : "unknown";
}

}  // namespace

std::string random_suffix() {
  static constexpr char kHex[] = "0123456789abcdef";
  unsigned char bytes[kSuffixDigits / 2] = {};
  std::size_t filled = 0;
  while (filled < sizeof bytes) {
    const ssize_t got = ::getrandom(bytes + filled, sizeof bytes - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
    if (got < 0 && errno != EINTR) break;  // no random source: O_EXCL still refuses a name that exists
  }
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileLock> FileLock::acquire(const std::string& path, std::chrono::milliseconds wait_max) {
  auto place = resolve(path);
  if (!place) return tl::unexpected(place.error());
  const std::string lock_path = place->folder + "/." + place->name + ".lock";
  Descriptor descriptor(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!descriptor.valid())
    return tl::unexpected(error_from_errno(errno, "cannot open the lock file", lock_path));
  const auto deadline = std::chrono::steady_clock::now() + wait_max;
  while (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return tl::unexpected(error_from_errno(errno, "cannot lock", lock_path));
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorCode::kLocked,
                  "locked by process " + holder_of(descriptor.get()) + "; gave up after " +
                      std::to_string(wait_max.count()) + " ms",
                  path);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return FileLock(descriptor.release());
}

Result<Replaced> replace_file(const std::string& path, std::string_view bytes,
                              const ReplaceOptions& options) {
  if (bytes.size() > kFileBytesMax)  // or what is written could not be read again
    return fail(ErrorCode::kLimitExceeded, "would be larger than " + std::to_string(kFileBytesMax) + " bytes",
                path);
  auto place = resolve(path, options.refuse_link);
  if (!place) return tl::unexpected(place.error());
  const Descriptor folder(::open(place->folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid())
    return tl::unexpected(error_from_errno(errno, "cannot open the folder", place->folder));
  auto lock = FileLock::acquire(place->path(), options.lock_wait_max);
  if (!lock) return tl::unexpected(lock.error());
  if (options.remove_stale_temps) remove_stale_temps(folder.get(), *place);
  auto current = read_current(folder.get(), *place);
  if (!current) return tl::unexpected(current.error());
  if (options.expected_hash && *options.expected_hash != current->hash) {
    return fail(
        ErrorCode::kConflict,
        "is not the expected version: expected " + *options.expected_hash + ", found " + current->hash, path);
  }
  auto temp = write_temp(folder.get(), *place, bytes, *current);
  if (!temp) return tl::unexpected(temp.error());
  if (options.before_rename) {
    if (auto allowed = options.before_rename(current->hash); !allowed) {
      ::unlinkat(folder.get(), temp->c_str(), 0);
      return tl::unexpected(allowed.error());
    }
  }
  if (::renameat(folder.get(), temp->c_str(), folder.get(), place->name.c_str()) != 0) {
    return tl::unexpected(after_failed_rename(errno, folder.get(), *place, *temp, current->hash));
  }
  if (::fsync(folder.get()) != 0)
    return tl::unexpected(unknown_outcome("the folder could not be made durable", *place));
  auto now = read_current(folder.get(), *place);
  if (!now)
    return tl::unexpected(
        unknown_outcome("the file could not be read back (" + now.error().message + ")", *place));
  if (now->hash != sha256_hex(bytes))
    return tl::unexpected(unknown_outcome("the bytes read back are not the ones written", *place));
  return Replaced{current->hash, now->hash};
}

Result<void> make_durable(const std::string& path) {
  auto place = resolve(path);
  if (!place) return tl::unexpected(place.error());
  const Descriptor file(::open(place->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) return tl::unexpected(error_from_errno(errno, "cannot open", path));
  const Descriptor folder(::open(place->folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() && errno != EACCES)
    return tl::unexpected(error_from_errno(errno, "cannot open the folder", place->folder));
  const auto durable = [](int descriptor) {
    struct statvfs system {};  // one that is never written may know no fsync
    return ::fsync(descriptor) == 0 ||
           (errno == EINVAL && ::fstatvfs(descriptor, &system) == 0 && (system.f_flag & ST_RDONLY) != 0);
  };
  if (durable(file.get()) && (!folder.valid() || durable(folder.get()))) return {};
  return tl::unexpected(unknown_outcome("what is in place could not be made durable", *place));
}

}  // namespace soak::base

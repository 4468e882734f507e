#pragma once
// Atomic, durable replacement of one file, and the advisory lock that serialises its writers.
//
// Protocol: resolve a symbolic link once (a hard-linked file is refused); flock `.NAME.lock` beside it;
// remove our own stale temps; read and hash the current file and compare with what the caller expects; create
// a randomly named temp with O_EXCL in the same folder with the old file's owner and mode (0600 for a new
// file); write, fsync, close; rename; fsync the folder; re-open and compare.
//
// Not promised: durability on a disk that lies about its cache, NFS, protection from a writer that ignores
// the lock, or from root. Functions are thread safe; two threads of one process exclude each other through
// the lock too.

#include <soak/result.h>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace soak::base {

// An exclusive flock, released by the destructor (or by the kernel when the process dies).
class FileLock {
 public:
  // Locks `.NAME.lock` beside `path`, creating it; waits at most `wait_max`, then kLocked, naming the
  // holder's pid.
  static Result<FileLock> acquire(const std::string& path,
                                  std::chrono::milliseconds wait_max = std::chrono::seconds(10));
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

struct ReplaceOptions {
  // The file's state must be this before anything is written: a hash, or kAbsent. Not set: any.
  std::optional<std::string> expected_hash;
  // Called under the lock, after the temp file is durable and just before the rename. An error from it stops
  // the replacement with the old bytes in place. Receives the hash of the old bytes (kAbsent where there is
  // no file).
  std::function<Result<void>(const std::string& old_hash)> before_rename;
  // Looks through the folder for temps that a killed writer left. A caller that replaces the same file again
  // and again in a growing folder needs it once.
  bool remove_stale_temps = true;
  std::chrono::milliseconds lock_wait_max = std::chrono::seconds(10);
  // kNotAFile where the path is a symbolic link, instead of following it.
  bool refuse_link = false;
};
inline constexpr char kAbsent[] = "absent";

struct Replaced {
  std::string old_hash;  // kAbsent where there was no file
  std::string new_hash;  // read back
};

// Any error but kUnknownOutcome proves that the old bytes are in place. kUnknownOutcome: an error after the
// rename, so the new bytes may or may not be durable, or visible; the caller must re-read. kConflict:
// expected_hash did not match.
Result<Replaced> replace_file(const std::string& path, std::string_view bytes,
                              const ReplaceOptions& options = {});

// The bytes in place, and their name, are durable when this returns: another writer, or one that was killed
// behind its rename, may not have seen to that. Nothing is written. kUnknownOutcome where the disk fails;
// kNotFound without a file. Not promised of a name in a folder that may not be read.
Result<void> make_durable(const std::string& path);

}  // namespace soak::base

// LD_PRELOAD: faults that strace cannot make, chosen by SOAK_FAULTY_CALLS.
//   short_writes        write() takes seven bytes at most, and every other call is interrupted before it
//   takes
//                       any
//   rename_and_fail     renameat() does its work and then says EIO, as a network file system may
// Each fault leaves a line in the file that SOAK_FAULTY_CALLS_TELL names: proof that it happened.

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t kBytesMax = 7;
std::atomic<unsigned> calls{0};

bool chosen(const char* fault) {
  const char* name = std::getenv("SOAK_FAULTY_CALLS");
  return name != nullptr && std::strcmp(name, fault) == 0;
}

void tell(const char* fault) {
  const char* path = std::getenv("SOAK_FAULTY_CALLS_TELL");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "ae");
  if (file == nullptr) return;
  std::fprintf(file, "%s\n", fault);
  std::fclose(file);  // stdio's own write is a private symbol of the C library: no recursion
}

}  // namespace

extern "C" ssize_t write(int descriptor, const void* bytes, size_t count) {
  if (descriptor <= 2 || !chosen("short_writes")) return ::syscall(SYS_write, descriptor, bytes, count);
  if (calls++ % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  if (count > kBytesMax) tell("short_writes");
  return ::syscall(SYS_write, descriptor, bytes, std::min(count, kBytesMax));
}

extern "C" int renameat(int old_folder, const char* old_name, int new_folder, const char* new_name) noexcept {
  const long done = ::syscall(SYS_renameat, old_folder, old_name, new_folder, new_name);
  if (done != 0 || !chosen("rename_and_fail")) return static_cast<int>(done);
  tell("rename_and_fail");
  errno = EIO;
  return -1;
}

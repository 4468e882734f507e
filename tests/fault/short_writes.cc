// LD_PRELOAD: write() takes seven bytes at most, and every other call is interrupted before it takes any.
// Each shortened write leaves a line in the file that SOAK_SHORT_WRITES_TELL names: proof that it happened.

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::size_t kBytesMax = 7;
std::atomic<unsigned> calls{0};

void tell() {
  const char* path = std::getenv("SOAK_SHORT_WRITES_TELL");
  if (path == nullptr) return;
  if (std::FILE* file = std::fopen(path, "ae")) {
    std::fputs("short\n", file);
    std::fclose(file);  // stdio's own write is a private symbol of the C library: no recursion
  }
}

}  // namespace

extern "C" ssize_t write(int descriptor, const void* bytes, size_t count) {
  if (descriptor <= 2) return ::syscall(SYS_write, descriptor, bytes, count);
  if (calls++ % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  if (count > kBytesMax) tell();
  return ::syscall(SYS_write, descriptor, bytes, std::min(count, kBytesMax));
}

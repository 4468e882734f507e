#pragma once
// File descriptors that close themselves, and the loops around read and write. For rooms that talk to the
// system directly.

#include <soak/result.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace soak::base {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      static_cast<void>(close());
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { static_cast<void>(close()); }

  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }
  int release() { return std::exchange(descriptor_, -1); }
  // 0, or -1 with errno set. Never retried: after an error the descriptor is gone all the same.
  int close() { return descriptor_ < 0 ? 0 : ::close(std::exchange(descriptor_, -1)); }

 private:
  int descriptor_ = -1;
};

// Reads to the end of a plain file. `path` is for the error.
Result<std::string> read_all(int descriptor, const std::string& path, std::size_t bytes_max);

// Writes every byte, through EINTR and short writes.
Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path);

// 16 hex digits from the kernel's random source: nobody can guess a temp file's name.
std::string random_suffix();

}  // namespace soak::base

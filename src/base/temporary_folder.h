#pragma once
// A folder of our own below $TMPDIR (or /tmp), mode 0700, that goes with everything in it when its owner
// does.

#include <soak/result.h>
#include <string>
#include <utility>

namespace soak::base {

class TemporaryFolder {
 public:
  // The name begins with `prefix`. kIoError: it cannot be made.
  static Result<TemporaryFolder> create(const std::string& prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace soak::base

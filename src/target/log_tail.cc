#include "target/log_tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/descriptor.h"
#include "base/file.h"

namespace soak::target {
namespace {

constexpr off_t kLogBytesMax = off_t{64} << 20;
constexpr off_t kTailBytes = 4096;
constexpr std::size_t kWordsMax = 200;

}  // namespace

std::string last_words(const std::string& path) {
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return {};
  std::string tail(kTailBytes, '\0');
  const off_t from = std::max<off_t>(0, status.st_size - kTailBytes);
  const ssize_t got = ::pread(file.get(), tail.data(), tail.size(), from);
  tail.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = tail.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  tail.resize(end + 1);
  std::string words = tail.substr(tail.find_last_of("\r\n") + 1);
  for (char& letter : words) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  if (words.size() > kWordsMax) words.resize(kWordsMax);
  return "; its last words: " + words;
}

Result<void> trim_log(const std::string& path) {
  const base::Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || status.st_size <= kLogBytesMax) return {};
  if (::ftruncate(file.get(), 0) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot trim", path));
  return base::write_all(file.get(),
                         fmt::format("[soak: {} bytes up to here were dropped]\n", status.st_size), path);
}

}  // namespace soak::target

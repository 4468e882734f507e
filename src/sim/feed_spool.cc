#include "sim/feed_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"

namespace soak::sim {
namespace {

constexpr std::size_t kBufferRecords = 16384;

}  // namespace

Result<FeedSpool> FeedSpool::create(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  FeedSpool spool;
  spool.path_ = path;
  spool.descriptor_ = base::Descriptor(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!spool.descriptor_.valid() && (errno == EOPNOTSUPP || errno == EISDIR)) {
    // A file system without unnamed files: a named one, unlinked at once.
    const std::string name = folder + "/.feed-spool." + base::random_suffix();
    spool.descriptor_ = base::Descriptor(::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (spool.descriptor_.valid()) ::unlink(name.c_str());
  }
  if (!spool.descriptor_.valid())
    return tl::unexpected(base::error_from_errno(errno, "cannot write into the folder", folder));
  spool.buffer_.reserve(kBufferRecords);
  return spool;
}

Result<void> FeedSpool::append(const SpoolRecord& record) {
  buffer_.push_back(record);
  return buffer_.size() < kBufferRecords ? Result<void>{} : flush();
}

Result<void> FeedSpool::flush() {
  const auto* bytes = reinterpret_cast<const char*>(buffer_.data());
  auto written = base::write_all(descriptor_.get(), {bytes, buffer_.size() * sizeof(SpoolRecord)}, path_);
  buffer_.clear();
  return written;
}

Result<void> FeedSpool::rewind() {
  const bool reading = read_offset_ > 0;  // then the buffer holds what was read, and nothing is to be written
  read_offset_ = 0;
  return reading ? Result<void>{} : flush();
}

Result<std::span<const SpoolRecord>> FeedSpool::read() {
  buffer_.resize(kBufferRecords);
  std::size_t have = 0;
  const std::size_t wanted = kBufferRecords * sizeof(SpoolRecord);
  auto* bytes = reinterpret_cast<char*>(buffer_.data());
  while (have < wanted) {
    const ssize_t got = ::pread(descriptor_.get(), bytes + have, wanted - have, read_offset_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read the spool", path_));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    read_offset_ += got;
  }
  return std::span<const SpoolRecord>(buffer_.data(), have / sizeof(SpoolRecord));
}

}  // namespace soak::sim

#include "sim/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "sim/byte_file.h"

namespace soak::sim {
namespace {

class PlainSource : public ByteSource {
 public:
  explicit PlainSource(ByteFile file) : file_(std::move(file)) {}

  Result<std::size_t> read(char* to, std::size_t size) override {
    const std::string_view buffered = file_.buffered();
    if (buffered.empty()) return file_.read_directly(to, size);
    const std::size_t count = std::min(size, buffered.size());
    std::memcpy(to, buffered.data(), count);
    file_.use(count);
    return count;
  }
  std::uint64_t file_bytes() const override { return file_.offset(); }

 private:
  ByteFile file_;
};

bool starts_with(std::string_view bytes, std::initializer_list<unsigned char> magic) {
  if (bytes.size() < magic.size()) return false;
  return std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); });
}

}  // namespace

Content content_of(std::string_view first_bytes) {
  if (starts_with(first_bytes, {0x1f, 0x8b})) return Content::kGzip;
  if (starts_with(first_bytes, {0x28, 0xb5, 0x2f, 0xfd})) return Content::kZstd;
  // A frame to be skipped: parallel compressors put one before each of theirs.
  const bool skippable = first_bytes.size() >= 4 &&
                         (static_cast<unsigned char>(first_bytes[0]) & 0xf0) == 0x50 &&
                         starts_with(first_bytes.substr(1), {0x2a, 0x4d, 0x18});
  if (skippable) return Content::kZstd;
  if (starts_with(first_bytes, {'P', 'K', 3, 4}) || starts_with(first_bytes, {'P', 'K', 5, 6}))
    return Content::kZip;
  if (starts_with(first_bytes, {0x93, 'N', 'U', 'M', 'P', 'Y'})) return Content::kNumpy;
  if (first_bytes.substr(0, 8) == "SOAKFEED") return Content::kFeed;
  return Content::kOther;
}

std::string_view content_name(Content content) {
  switch (content) {
    case Content::kGzip:
      return "a gzip stream";
    case Content::kZstd:
      return "a zstd stream";
    case Content::kZip:
      return "a zip archive";
    case Content::kNumpy:
      return "a NumPy array";
    case Content::kFeed:
      return "a .feed file";
    case Content::kOther:
      break;
  }
  return {};
}

Result<ByteFile> ByteFile::open(const std::string& path) {
  ByteFile file;
  file.path_ = path;
  file.descriptor_ = base::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.descriptor_.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(file.descriptor_.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::kNotAFile, "is a folder, not a recording", path);
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))  // one may never end
    return fail(ErrorCode::kNotAFile, "is a device, not a recording", path);
  file.buffer_.resize(kBufferBytes);
  return file;
}

Result<std::size_t> ByteFile::read_some(char* to, std::size_t size) const {
  for (;;) {
    const ssize_t got = ::read(descriptor_.get(), to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return tl::unexpected(base::error_from_errno(errno, "cannot read", path_));
  }
}

Result<std::size_t> ByteFile::fill(std::size_t wanted) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ < wanted) {
    auto got = read_some(buffer_.data() + end_, buffer_.size() - end_);
    if (!got) return got;
    if (*got == 0) break;
    end_ += *got;
  }
  return end_;
}

Result<std::size_t> ByteFile::read_directly(char* to, std::size_t size) {
  auto got = read_some(to, size);
  if (got) offset_ += *got;
  return got;
}

tl::unexpected<Error> ByteFile::error(ErrorCode code, std::string_view what) const {
  return fail(code, fmt::format("offset {}: {}", offset_, what), path_);
}

Result<std::unique_ptr<ByteSource>> open_byte_source(const std::string& path) {
  auto file = ByteFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (auto filled = file->fill(kContentBytes); !filled) return tl::unexpected(filled.error());
  switch (content_of(file->buffered().substr(0, kContentBytes))) {
    case Content::kGzip:
      return gzip_source(std::move(*file));
    case Content::kZstd:
      return zstd_source(std::move(*file));
    default:
      return std::make_unique<PlainSource>(std::move(*file));
  }
}

}  // namespace soak::sim

#include "sim/import_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.h"
#include "base/file.h"

namespace soak::sim {
namespace {

constexpr unsigned kReadBytes = 1U << 18;

}  // namespace

void ImportLines::Close::operator()(void* file) const {
  ::gzclose(static_cast<gzFile>(file));
}
ImportLines::ImportLines(ImportLines&&) noexcept = default;
ImportLines& ImportLines::operator=(ImportLines&&) noexcept = default;
ImportLines::~ImportLines() = default;

Result<ImportLines> ImportLines::open(const std::string& path) {
  base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::kNotAFile, "is a folder, not a recording", path);
  ImportLines lines;
  lines.path_ = path;
  lines.file_.reset(::gzdopen(descriptor.get(), "rb"));
  if (!lines.file_) return fail(ErrorCode::kIoError, "cannot read: out of memory", path);
  static_cast<void>(descriptor.release());
  ::gzbuffer(static_cast<gzFile>(lines.file_.get()), kReadBytes);
  lines.buffer_.resize(2 * kReadBytes + kPaddingBytes);
  return lines;
}

std::uint64_t ImportLines::bytes_read() const {
  const z_off_t offset = ::gzoffset(static_cast<gzFile>(file_.get()));
  return offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
}

tl::unexpected<Error> ImportLines::error(ErrorCode code, std::string_view message) const {
  return fail(code, fmt::format("line {}: {}", line_number_, message), path_);
}

// Appends at least one byte to the buffer, or sets at_end_.
Result<void> ImportLines::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kReadBytes + kPaddingBytes) buffer_.resize(2 * buffer_.size());
  auto* file = static_cast<gzFile>(file_.get());
  const int got = ::gzread(file, buffer_.data() + end_, kReadBytes);
  int code = Z_OK;
  const char* message = ::gzerror(file, &code);
  // Z_BUF_ERROR without a negative count is zlib's word for a stream that ends before its end mark.
  if (got < 0 || code == Z_BUF_ERROR) {
    const bool torn = code == Z_BUF_ERROR;
    return fail(ErrorCode::kCorrupt,
                fmt::format("after line {}: {}", line_number_,
                            torn ? "the gzip stream is torn (it ends too early)"
                                 : fmt::format("cannot decompress: {}",
                                               code == Z_ERRNO ? std::strerror(errno) : message)),
                path_);
  }
  if (got == 0) at_end_ = true;
  end_ += static_cast<std::size_t>(got);
  return {};
}

Result<std::optional<std::string_view>> ImportLines::next() {
  std::size_t searched = 0;
  for (;;) {
    const char* first = buffer_.data() + begin_;
    const std::size_t have = end_ - begin_;
    const void* newline = have > searched ? std::memchr(first + searched, '\n', have - searched) : nullptr;
    if (newline != nullptr || (at_end_ && have > 0)) {
      const std::size_t length =
          newline == nullptr ? have : static_cast<std::size_t>(static_cast<const char*>(newline) - first);
      ++line_number_;
      begin_ += newline == nullptr ? length : length + 1;
      return std::string_view(first, length);
    }
    if (at_end_) return std::nullopt;
    searched = have;
    if (have > kLineBytesMax) {
      ++line_number_;
      return error(ErrorCode::kLimitExceeded, fmt::format("longer than {} bytes", kLineBytesMax));
    }
    if (auto filled = fill(); !filled) return tl::unexpected(filled.error());
  }
}

}  // namespace soak::sim

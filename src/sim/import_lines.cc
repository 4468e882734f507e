#include "sim/import_lines.h"

#include <fmt/format.h>

#include <cstring>

namespace soak::sim {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;

}  // namespace

Result<ImportLines> ImportLines::open(const std::string& path) {
  auto source = open_byte_source(path);
  if (!source) return tl::unexpected(source.error());
  ImportLines lines;
  lines.path_ = path;
  lines.source_ = std::move(*source);
  lines.buffer_.resize(2 * kReadBytes + kPaddingBytes);
  return lines;
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
  auto got = source_->read(buffer_.data() + end_, kReadBytes);
  if (!got) {
    Error error = std::move(got.error());
    error.message = fmt::format("after line {}: {}", line_number_, error.message);
    return tl::unexpected(std::move(error));
  }
  if (*got == 0) at_end_ = true;
  end_ += *got;
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

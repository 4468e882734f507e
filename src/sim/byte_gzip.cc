#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

#include "sim/byte_file.h"

namespace soak::sim {
namespace {

constexpr int kGzipOnly = 15 + 16;  // zlib's window bits: the largest window, and a gzip header

class GzipSource : public ByteSource {
 public:
  explicit GzipSource(ByteFile file) : file_(std::move(file)) {
    ready_ = ::inflateInit2(&stream_, kGzipOnly) == Z_OK;
  }
  ~GzipSource() override {
    if (ready_) ::inflateEnd(&stream_);
  }

  Result<std::size_t> read(char* to, std::size_t size) override;
  std::uint64_t file_bytes() const override { return file_.offset(); }

 private:
  Result<bool> find_bytes();
  Result<void> inflate_some();

  ByteFile file_;
  z_stream stream_{};
  bool ready_ = false;
  bool in_member_ = true;  // the file was seen to begin with one
};

// Makes bytes of a member available; false at the end of the file, which is one only between members.
Result<bool> GzipSource::find_bytes() {
  if (file_.buffered().empty()) {
    auto filled = file_.fill(1);
    if (!filled) return tl::unexpected(filled.error());
    if (*filled == 0) {
      if (in_member_) return file_.error(ErrorCode::kCorrupt, "the gzip stream is torn (it ends too early)");
      return false;
    }
  }
  if (!in_member_) {
    auto filled = file_.fill(2);
    if (!filled) return tl::unexpected(filled.error());
    // A single byte of it is a torn beginning, which the decompressor then waits for in vain.
    if (!std::string_view("\x1f\x8b").starts_with(file_.buffered().substr(0, 2)))
      return file_.error(ErrorCode::kCorrupt, "bytes behind the gzip stream that do not belong to it");
    ::inflateReset(&stream_);
    in_member_ = true;
  }
  return true;
}

Result<void> GzipSource::inflate_some() {
  const std::string_view bytes = file_.buffered();
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_.avail_in = static_cast<uInt>(bytes.size());
  const int code = ::inflate(&stream_, Z_NO_FLUSH);
  file_.use(bytes.size() - stream_.avail_in);
  if (code == Z_STREAM_END) in_member_ = false;
  // Z_BUF_ERROR only says that it needs more bytes.
  if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return {};
  if (code == Z_MEM_ERROR) return file_.error(ErrorCode::kIoError, "cannot decompress: out of memory");
  return file_.error(ErrorCode::kCorrupt, fmt::format("the gzip stream is damaged ({})",
                                                      stream_.msg == nullptr ? "unknown" : stream_.msg));
}

Result<std::size_t> GzipSource::read(char* to, std::size_t size) {
  if (!ready_) return file_.error(ErrorCode::kIoError, "cannot decompress: out of memory");
  const auto wanted = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
  stream_.next_out = reinterpret_cast<Bytef*>(to);
  stream_.avail_out = wanted;
  while (stream_.avail_out == wanted) {
    auto found = find_bytes();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return std::size_t{0};
    if (auto inflated = inflate_some(); !inflated) return tl::unexpected(inflated.error());
  }
  return wanted - stream_.avail_out;
}

}  // namespace

std::unique_ptr<ByteSource> gzip_source(ByteFile file) {
  return std::make_unique<GzipSource>(std::move(file));
}

}  // namespace soak::sim

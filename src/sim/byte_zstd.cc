#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <utility>

#include "sim/byte_file.h"

namespace soak::sim {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
};

class ZstdSource : public ByteSource {
 public:
  explicit ZstdSource(ByteFile file) : file_(std::move(file)), context_(::ZSTD_createDCtx()) {}

  Result<std::size_t> read(char* to, std::size_t size) override;
  std::uint64_t file_bytes() const override { return file_.offset(); }

 private:
  Result<std::size_t> decompress(char* to, std::size_t size);
  tl::unexpected<Error> damage(std::size_t code) const;

  ByteFile file_;
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool in_frame_ = false;
  bool any_frame_ = false;  // one has ended
};

tl::unexpected<Error> ZstdSource::damage(std::size_t code) const {
  switch (::ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
      return file_.error(ErrorCode::kUnsupported,
                         "the zstd frame asks for a window of more than 128 MB (compressed with --long): "
                         "compress it again without");
    case ZSTD_error_memory_allocation:
      return file_.error(ErrorCode::kIoError, "cannot decompress: out of memory");
    case ZSTD_error_prefix_unknown:
      if (any_frame_)
        return file_.error(ErrorCode::kCorrupt, "bytes behind the zstd stream that do not belong to it");
      [[fallthrough]];
    default:
      return file_.error(ErrorCode::kCorrupt,
                         fmt::format("the zstd stream is damaged ({})", ::ZSTD_getErrorName(code)));
  }
}

// What the bytes at hand give, which may be nothing.
Result<std::size_t> ZstdSource::decompress(char* to, std::size_t size) {
  const std::string_view bytes = file_.buffered();
  if (!in_frame_ && bytes.empty()) return std::size_t{0};
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out{to, size, 0};
  const std::size_t left = ::ZSTD_decompressStream(context_.get(), &out, &in);
  if (::ZSTD_isError(left) != 0) return damage(left);
  file_.use(in.pos);
  in_frame_ = left != 0;
  any_frame_ = any_frame_ || !in_frame_;
  return out.pos;
}

Result<std::size_t> ZstdSource::read(char* to, std::size_t size) {
  if (!context_) return file_.error(ErrorCode::kIoError, "cannot decompress: out of memory");
  for (;;) {
    // First without new bytes: the decompressor may still hold some that did not fit the last time.
    auto got = decompress(to, size);
    if (!got || *got > 0) return got;
    if (!file_.buffered().empty()) continue;
    auto filled = file_.fill(1);
    if (!filled) return filled;
    if (*filled > 0) continue;
    if (in_frame_) return file_.error(ErrorCode::kCorrupt, "the zstd stream is torn (it ends too early)");
    return std::size_t{0};
  }
}

}  // namespace

std::unique_ptr<ByteSource> zstd_source(ByteFile file) {
  return std::make_unique<ZstdSource>(std::move(file));
}

}  // namespace soak::sim

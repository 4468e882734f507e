#include "serve/page.h"

#include <zlib.h>

namespace soak::serve {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{8} << 20;
constexpr int kGzip = 16 + MAX_WBITS;

}  // namespace

Result<std::string> unpacked(std::string_view gzip) {
  z_stream stream{};
  if (::inflateInit2(&stream, kGzip) != Z_OK)
    return fail(ErrorCode::kIoError, "no memory to unpack the page");
  std::string text(kFileBytesMax, '\0');
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));  // NOLINT: zlib does not write to it
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int end = ::inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  ::inflateEnd(&stream);
  if (end != Z_STREAM_END) return fail(ErrorCode::kCorrupt, "the page in this program is not whole");
  return text;
}

}  // namespace soak::serve

#pragma once
// The bytes of one file behind its compression (gzip, zstd or none, told by how the file begins and never by
// its name), read as a stream: memory stays flat for a file of any length. A stream that ends too early, is
// damaged, or has foreign bytes behind it is an error and never taken for the end of the file. Several gzip
// members or zstd frames one behind the other are one stream. Not thread safe.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace soak::sim {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // The next bytes, at most `size` of them; 0 only at the end of a stream that is whole. Errors name the file
  // and the offset in it: kCorrupt for a torn or damaged stream, kUnsupported where a zstd frame asks for
  // more than 128 MB of window, kIoError. An error ends the source's use.
  virtual Result<std::size_t> read(char* to, std::size_t size) = 0;
  // Bytes of the file itself used so far, for progress.
  virtual std::uint64_t file_bytes() const = 0;
};

enum class Content { kGzip, kZstd, kZip, kNumpy, kFeed, kOther };

// Long enough for every beginning that content_of() knows.
inline constexpr std::size_t kContentBytes = 8;

// What a file is, from its first bytes; fewer than kContentBytes only where the file has no more.
Content content_of(std::string_view first_bytes);
// "a gzip stream", "a zip archive"; empty for kOther.
std::string_view content_name(Content content);

// kNotFound, kNotAFile for a folder or a device, kPermissionDenied. A pipe can be read as well as a file.
Result<std::unique_ptr<ByteSource>> open_byte_source(const std::string& path);

}  // namespace soak::sim

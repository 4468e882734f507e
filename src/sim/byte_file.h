#pragma once
// A file read from front to back through a buffer: what the decompressors of byte_source.h take their bytes
// from.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "sim/byte_source.h"

namespace soak::sim {

class ByteFile {
 public:
  static Result<ByteFile> open(const std::string& path);

  // What was read and not yet used.
  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void use(std::size_t count) {
    begin_ += count;
    offset_ += count;
  }
  // Reads on until at least `wanted` bytes are buffered or the file ends; says how many are. `wanted` is at
  // most kBufferBytes.
  Result<std::size_t> fill(std::size_t wanted);
  // Past the buffer, which must be empty: the file's next bytes, 0 at its end.
  Result<std::size_t> read_directly(char* to, std::size_t size);
  // Of the first byte that is not yet used.
  std::uint64_t offset() const { return offset_; }
  const std::string& path() const { return path_; }

  // "offset 12: WHAT", at the first byte that is not yet used.
  tl::unexpected<Error> error(ErrorCode code, std::string_view what) const;

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 18;
  ByteFile() = default;
  Result<std::size_t> read_some(char* to, std::size_t size) const;

  base::Descriptor descriptor_;
  std::string path_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
};

std::unique_ptr<ByteSource> gzip_source(ByteFile file);
std::unique_ptr<ByteSource> zstd_source(ByteFile file);

}  // namespace soak::sim

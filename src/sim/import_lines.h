#pragma once
// Lines of one recording, gzip, zstd or plain, read as a stream: memory stays flat for a file of any length.
// A torn stream is an error and never taken for the end of the file (byte_source.h). Not thread safe.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/byte_source.h"

namespace soak::sim {

class ImportLines {
 public:
  static constexpr std::size_t kLineBytesMax = std::size_t{16} << 20;
  // Bytes that may be read, though not relied on, behind a returned line: what simdjson asks for.
  static constexpr std::size_t kPaddingBytes = 64;

  static Result<ImportLines> open(const std::string& path);
  // The next line without its newline, valid until the next call; nothing at the end. Errors name the file
  // and the line.
  Result<std::optional<std::string_view>> next();
  // Number of the line that next() gave last, from 1.
  std::uint64_t line_number() const { return line_number_; }
  // Compressed bytes read so far, for progress.
  std::uint64_t bytes_read() const { return source_->file_bytes(); }
  const std::string& path() const { return path_; }

  // An error at the current line: "line 12: MESSAGE".
  tl::unexpected<Error> error(ErrorCode code, std::string_view message) const;

 private:
  ImportLines() = default;
  Result<void> fill();

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what is not yet given
  std::size_t end_ = 0;
  std::uint64_t line_number_ = 0;
  bool at_end_ = false;
};

}  // namespace soak::sim

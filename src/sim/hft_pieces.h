#pragma once
// hftbacktest's rows from a stream of bytes, raw or behind a .npy header, in pieces of at most 2 MB. Used by
// HftRows alone.

#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/byte_source.h"
#include "sim/hft_row.h"

namespace soak::sim {

class HftPieces {
 public:
  // Reads the header where there is one. `raw_rows`: how many rows a raw stream has, where that is known.
  static Result<HftPieces> open(const std::string& path, std::unique_ptr<ByteSource> source,
                                std::optional<std::uint64_t> raw_rows);

  std::optional<std::uint64_t> row_count() const { return row_count_; }
  std::uint64_t header_bytes() const { return header_bytes_; }
  std::uint64_t file_bytes() const { return source_->file_bytes(); }
  // None at the end, which is reached only where the stream is whole and has as many rows as it promised.
  Result<std::span<const HftRow>> next();

 private:
  HftPieces() = default;
  Result<void> start();
  Result<std::size_t> fill(std::size_t wanted);
  Result<void> check_end(std::uint64_t rows, std::size_t torn_bytes);
  std::uint64_t offset() const { return header_bytes_ + rows_given_ * sizeof(HftRow); }

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  std::vector<HftRow> piece_;
  std::size_t have_bytes_ = 0;  // at the front of piece_, not yet given
  std::optional<std::uint64_t> row_count_;
  std::uint64_t header_bytes_ = 0;
  std::uint64_t rows_given_ = 0;
  bool at_end_ = false;
};

}  // namespace soak::sim

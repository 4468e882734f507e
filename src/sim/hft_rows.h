#pragma once
// hftbacktest's event files as its users have them: 64-byte rows, little-endian, raw (plain, gzip or zstd),
// as a .npy array (plain, gzip or zstd), or as the array `data` of a .npz archive. What a file is, its
// content tells. Rows come in pieces; a plain file of raw rows or a plain .npy comes in one piece as it lies
// mapped, unless the caller wants flat memory. Not thread safe.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sim/hft_pieces.h"
#include "sim/hft_row.h"

namespace soak::sim {

struct HftUnmap {
  std::size_t size = 0;
  void operator()(const std::byte* bytes) const;
};

struct HftReadOptions {
  // A plain file lies mapped in memory as a whole; otherwise it is read in pieces as the others are.
  bool map = true;
};

class HftRows {
 public:
  // kCorrupt with the offset for a file that is torn or no whole number of rows, kUnsupported for an array of
  // another type, kNotFound, kNotAFile, kPermissionDenied.
  static Result<HftRows> open(const std::string& path, const HftReadOptions& options = {});

  const std::string& path() const { return path_; }
  // As the file tells before it is read; 0 where it does not.
  std::uint64_t row_count() const { return pieces_ ? pieces_->row_count().value_or(0) : mapped_.size(); }
  // The next rows, at least one; none at the end. Valid until the next call.
  Result<std::span<const HftRow>> next();

  // Where a row, counted from 0, stands in the unpacked bytes, for errors.
  std::uint64_t offset_of(std::uint64_t row) const { return header_bytes_ + row * sizeof(HftRow); }
  // Bytes of the file read so far, for progress.
  std::uint64_t file_bytes() const;

 private:
  HftRows() = default;
  Result<void> map(int descriptor, std::uint64_t file_size);
  Result<void> read_pieces(std::unique_ptr<ByteSource> source, std::optional<std::uint64_t> raw_rows);

  std::string path_;
  std::unique_ptr<const std::byte, HftUnmap> bytes_;
  std::span<const HftRow> mapped_;
  std::optional<HftPieces> pieces_;
  std::uint64_t header_bytes_ = 0;
  bool at_end_ = false;
};

}  // namespace soak::sim

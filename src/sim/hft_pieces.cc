#include "sim/hft_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/npy_header.h"

namespace soak::sim {
namespace {

constexpr std::size_t kPieceRows = 32768;

}  // namespace

Result<HftPieces> HftPieces::open(const std::string& path, std::unique_ptr<ByteSource> source,
                                  std::optional<std::uint64_t> raw_rows) {
  HftPieces pieces;
  pieces.path_ = path;
  pieces.source_ = std::move(source);
  pieces.row_count_ = raw_rows;
  pieces.piece_.resize(kPieceRows);
  if (auto started = pieces.start(); !started) return tl::unexpected(started.error());
  return pieces;
}

// Reads on until `wanted` bytes, at most a piece, are there or the stream ends.
Result<std::size_t> HftPieces::fill(std::size_t wanted) {
  char* bytes = reinterpret_cast<char*>(piece_.data());
  while (!at_end_ && have_bytes_ < wanted) {
    auto got = source_->read(bytes + have_bytes_, wanted - have_bytes_);
    if (!got) return got;
    at_end_ = *got == 0;
    have_bytes_ += *got;
  }
  return have_bytes_;
}

Result<void> HftPieces::start() {
  if (auto filled = fill(kNpyPrefixBytes); !filled) return tl::unexpected(filled.error());
  const char* bytes = reinterpret_cast<const char*>(piece_.data());
  const Content content = content_of({bytes, std::min(have_bytes_, kContentBytes)});
  if (content == Content::kOther) return {};
  if (content != Content::kNumpy) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("offset 0: {} within another file: unpack it first", content_name(content)),
                path_);
  }
  const auto in_file = [this](Error error) {
    error.message = fmt::format("offset 0: {}", error.message);
    error.file = path_;
    return tl::unexpected(std::move(error));
  };
  auto header_bytes = npy_header_bytes({bytes, have_bytes_});
  if (!header_bytes) return in_file(header_bytes.error());
  auto filled = fill(*header_bytes);
  if (!filled) return tl::unexpected(filled.error());
  if (*filled < *header_bytes) {
    return fail(ErrorCode::kCorrupt, fmt::format("offset {}: torn within the .npy header", *filled), path_);
  }
  auto rows = npy_event_rows({bytes, *header_bytes});
  if (!rows) return in_file(rows.error());
  header_bytes_ = *header_bytes;
  row_count_ = *rows;
  have_bytes_ = 0;
  return {};
}

Result<void> HftPieces::check_end(std::uint64_t rows, std::size_t torn_bytes) {
  if (torn_bytes != 0) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("offset {}: torn: it ends {} bytes into row {} (or these are no rows of "
                    "hftbacktest, which have 64 bytes)",
                    offset() + rows * sizeof(HftRow) + torn_bytes, torn_bytes, rows_given_ + rows + 1),
        path_);
  }
  if (row_count_ && rows_given_ + rows < *row_count_) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("offset {}: torn: it ends after row {} of {}", offset() + rows * sizeof(HftRow),
                            rows_given_ + rows, *row_count_),
                path_);
  }
  return {};
}

Result<std::span<const HftRow>> HftPieces::next() {
  std::size_t wanted = kPieceRows * sizeof(HftRow);
  const bool last = row_count_ && *row_count_ - rows_given_ < kPieceRows;
  // One byte more than promised shows those that do not belong there, and makes the decompressor prove the
  // end.
  if (last) wanted = static_cast<std::size_t>(*row_count_ - rows_given_) * sizeof(HftRow) + 1;
  auto filled = fill(wanted);
  if (!filled) return tl::unexpected(filled.error());
  if (last && *filled == wanted) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("offset {}: bytes behind the array of {} rows",
                            header_bytes_ + *row_count_ * sizeof(HftRow), *row_count_),
                path_);
  }
  const std::size_t rows = *filled / sizeof(HftRow);
  if (at_end_) {
    if (auto ended = check_end(rows, *filled % sizeof(HftRow)); !ended) return tl::unexpected(ended.error());
  }
  rows_given_ += rows;
  have_bytes_ = 0;
  return std::span<const HftRow>(piece_.data(), rows);
}

}  // namespace soak::sim

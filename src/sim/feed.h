#pragma once
// Recorded market data in a .feed file (docs/formats/feed.md), mapped into memory and read in place. A feed
// is immutable and safe to read from several threads. The file must not be cut short while it is mapped
// (writers here replace it by a rename, which is safe).

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/feed_decimal.h"
#include "sim/feed_format.h"
#include "sim/market_event.h"

namespace soak::sim {

struct FeedOpenOptions {
  // The header and the indexes are always checked; this adds every row, about a second a gigabyte.
  bool verify_rows = true;
};

struct FeedUnmap {
  std::size_t size = 0;
  void operator()(const std::byte* bytes) const;
};

// Whether the file begins as a .feed file of any version does; false where it cannot be read.
bool is_feed_file(const std::string& path);

class Feed {
 public:
  // Refuses what is not a whole, unaltered .feed file of these versions: kCorrupt with the byte offset where
  // it goes wrong, kUnsupported for another version, kNotFound, kNotAFile, kPermissionDenied.
  static Result<Feed> open(const std::string& path, const FeedOpenOptions& options = {});
  Feed(Feed&&) noexcept = default;
  Feed& operator=(Feed&&) noexcept = default;

  const std::string& path() const { return path_; }
  const FeedHeader& header() const { return *header_; }
  std::string symbol() const;
  std::string source() const;
  Decimal tick() const { return {header_->tick_mantissa, static_cast<std::uint8_t>(header_->tick_decimals)}; }
  Decimal lot() const { return {header_->lot_mantissa, static_cast<std::uint8_t>(header_->lot_decimals)}; }
  FeedSlots slots() const { return {header_->price_ticks_min, header_->price_ticks_max}; }
  Instrument instrument() const { return {to_double(tick()), to_double(lot())}; }

  std::size_t size() const { return header_->row_count; }
  // The columns, without their padding; behind each at least kFeedPaddingRowsMin entries of padding may be
  // read.
  std::span<const std::int64_t> exchange_ns() const { return {exchange_, size()}; }
  std::span<const std::int64_t> local_ns() const { return {local_, size()}; }
  std::span<const FeedRow> rows() const { return {rows_, size()}; }
  // Empty unless the feed has wide quantities.
  std::span<const std::int64_t> wide_quantities() const { return {wide_, wide_ == nullptr ? 0 : size()}; }
  // From which order each row takes (feed_format.h). Empty unless the feed has order-by-order data.
  std::span<const std::int64_t> joined_rows() const { return {joined_, joined_ == nullptr ? 0 : size()}; }
  bool by_order() const { return joined_ != nullptr; }

  // Row `row` < size().
  MarketEvent event(std::size_t row) const {
    const FeedRow& packed = rows_[row];
    return {exchange_[row],
            local_[row],
            slots().price(packed.code),
            feed_kind(packed.code),
            feed_side(packed.code),
            wide_ == nullptr ? packed.quantity_lots : wide_[row]};
  }
  std::vector<MarketEvent> events(std::size_t first, std::size_t end) const;

  // The first row at or after this exchange time; size() where there is none.
  std::size_t row_at(std::int64_t exchange_ns) const;

  // For a walk over a feed of any length in flat memory: call it after each row; every kReleaseRows rows the
  // pages of those passed leave the process (not the machine's cache). They may still be read, at the price
  // of a page fault.
  void release_before(std::size_t row) const {
    if (row % kReleaseRows == 0 && row > 0) release(row - kReleaseRows, row);
  }

  std::span<const FeedKeyframe> keyframes() const { return keyframes_; }
  // Bids, then asks, each best first.
  std::span<const FeedLevel> levels(const FeedKeyframe& keyframe) const;

 private:
  static constexpr std::size_t kReleaseRows = std::size_t{1} << 20;
  Feed() = default;
  void release(std::size_t first, std::size_t end) const;
  Result<void> map(const std::string& path);
  Result<void> check_beginning(int descriptor, std::size_t size) const;
  Result<void> check_header() const;
  Result<void> check_sections() const;
  void find_sections();
  Result<void> check_indexes() const;
  Result<void> check_ends() const;
  Result<void> check_rows() const;
  Result<void> check_values() const;
  tl::unexpected<Error> corrupt(std::uint64_t offset, std::string_view what) const;

  std::string path_;
  std::unique_ptr<const std::byte, FeedUnmap> bytes_;
  const FeedHeader* header_ = nullptr;
  const std::int64_t* exchange_ = nullptr;
  const std::int64_t* local_ = nullptr;
  const FeedRow* rows_ = nullptr;
  const std::int64_t* wide_ = nullptr;
  const std::int64_t* joined_ = nullptr;
  std::span<const FeedKeyframe> keyframes_;
};

}  // namespace soak::sim

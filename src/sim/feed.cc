#include "sim/feed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/descriptor.h"
#include "base/file.h"
#include "sim/byte_source.h"
#include "sim/replay_feed.h"

namespace soak::sim {
namespace {

std::uint32_t crc_of(const std::byte* bytes, std::uint64_t size) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes), size));
}

template <std::size_t N>
std::string text_of(const char (&text)[N]) {
  return {text, ::strnlen(text, N)};
}

// What a replay takes on trust: prices within the feed's, each once and best first, and quantities.
bool levels_fit(const FeedHeader& header, std::span<const FeedLevel> levels, std::size_t bid_count) {
  for (std::size_t k = 0; k < levels.size(); ++k) {
    const FeedLevel& level = levels[k];
    if (level.price_ticks < header.price_ticks_min || level.price_ticks > header.price_ticks_max ||
        level.quantity_lots <= 0 || level.quantity_lots > header.quantity_lots_max)
      return false;
    if (k == 0 || k == bid_count) continue;
    const std::int64_t before = levels[k - 1].price_ticks;
    if (k < bid_count ? level.price_ticks >= before : level.price_ticks <= before) return false;
  }
  return true;
}

}  // namespace

void FeedUnmap::operator()(const std::byte* bytes) const {
  ::munmap(const_cast<std::byte*>(bytes), size);
}

tl::unexpected<Error> Feed::corrupt(std::uint64_t offset, std::string_view what) const {
  return fail(ErrorCode::kCorrupt, fmt::format("offset {}: {}", offset, what), path_);
}

Result<Feed> Feed::open(const std::string& path, const FeedOpenOptions& options) {
  Feed feed;
  feed.path_ = path;
  auto done = feed.map(path);
  if (done) done = feed.check_header();
  if (done) done = feed.check_sections();
  if (done) {
    feed.find_sections();
    done = feed.check_indexes();
  }
  if (done) done = feed.check_ends();
  if (done && options.verify_rows) done = feed.check_rows();
  if (done && options.verify_rows) done = feed.check_values();
  if (!done) return tl::unexpected(done.error());
  return feed;
}

// Any file can be given by mistake: it is named for what it is rather than for the check that it fails.
Result<void> Feed::check_beginning(int descriptor, std::size_t size) const {
  char first[kContentBytes] = {};
  const ssize_t got = ::pread(descriptor, first, sizeof(first), 0);
  if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", path_));
  const std::string_view bytes(first, static_cast<std::size_t>(got));
  const std::string_view magic(kFeedMagic, sizeof(kFeedMagic));
  if (size < sizeof(FeedHeader) && magic.starts_with(bytes))
    return corrupt(size, "the file ends within the header: torn; import it again");
  if (bytes == magic) return {};
  const Content content = content_of(bytes);
  const std::string_view name = content_name(content);
  return corrupt(0, name.empty() ? "not a .feed file: soak feed import makes one"
                                 : fmt::format("{}, not a .feed file: soak feed import makes one", name));
}

Result<void> Feed::map(const std::string& path) {
  // Non-blocking, so that a pipe in the place of a file does not hang.
  base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (auto checked = check_beginning(descriptor.get(), size); !checked) return checked;
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (mapped == MAP_FAILED) return tl::unexpected(base::error_from_errno(errno, "cannot map", path));
  bytes_ = {static_cast<const std::byte*>(mapped), FeedUnmap{size}};
  header_ = reinterpret_cast<const FeedHeader*>(bytes_.get());
  return {};
}

Result<void> Feed::check_header() const {
  const FeedHeader& h = *header_;
  if (h.version != kFeedVersion && h.version != kFeedVersionByOrder) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("offset {}: version {} of the .feed format, this program reads versions {} and "
                            "{}; import it again",
                            offsetof(FeedHeader, version), h.version, kFeedVersion, kFeedVersionByOrder),
                path_);
  }
  if (crc_of(bytes_.get(), offsetof(FeedHeader, header_crc)) != h.header_crc) {
    return corrupt(offsetof(FeedHeader, header_crc), "the header's checksum is wrong");
  }
  const std::size_t size = bytes_.get_deleter().size;
  if (size != h.file_bytes) {
    return corrupt(
        std::min<std::uint64_t>(size, h.file_bytes),
        fmt::format("the file has {} bytes, its header says {}: torn; import it again", size, h.file_bytes));
  }
  return {};
}

// A header with a right checksum can still be wrong on purpose: nothing may point outside of the file.
Result<void> Feed::check_sections() const {
  const FeedHeader& h = *header_;
  constexpr std::uint64_t kTooMany = std::uint64_t{1} << 48;
  const bool wide = (h.flags & kFeedFlagWideQuantities) != 0, by_order = (h.flags & kFeedFlagByOrder) != 0;
  constexpr std::uint64_t kFlags = kFeedFlagWideQuantities | kFeedFlagByOrder;
  bool fits = h.header_bytes == sizeof(FeedHeader) && (h.flags & ~kFlags) == 0 &&
              by_order == (h.version == kFeedVersionByOrder) && h.row_count > 0 && h.row_count < kTooMany &&
              h.keyframe_count < kTooMany && h.opening_row_count <= h.row_count && h.rows_per_block > 0 &&
              h.rows_per_keyframe > 0;
  if (!fits) return corrupt(0, "the header makes no sense");
  const std::uint64_t column = feed_padded_rows(h.row_count) * 8;
  const std::uint64_t blocks = (h.row_count - 1) / h.rows_per_block + 1;
  const std::uint64_t columns = 3U + (wide ? 1 : 0) + (by_order ? 1 : 0);
  const std::uint64_t checksum_bytes = blocks * columns * sizeof(std::uint32_t);
  const std::uint64_t behind_rows = h.rows_offset + column;
  fits = h.exchange_offset == sizeof(FeedHeader) && h.local_offset == h.exchange_offset + column &&
         h.rows_offset == h.local_offset + column && h.quantity_offset == (wide ? behind_rows : 0) &&
         h.joined_offset == (by_order ? behind_rows + (wide ? column : 0) : 0) &&
         h.keyframes_offset == h.exchange_offset + column * columns &&
         h.keyframe_index_offset >= h.keyframes_offset && h.keyframe_index_offset % 8 == 0 &&
         h.block_count == blocks && h.keyframe_index_offset <= h.file_bytes &&
         h.checksums_offset == h.keyframe_index_offset + h.keyframe_count * sizeof(FeedKeyframe) &&
         h.checksums_offset + checksum_bytes == h.file_bytes;
  const auto decimals_fit = [](std::uint32_t decimals) {
    return decimals <= static_cast<std::uint32_t>(kDecimalsMax);
  };
  fits = fits && h.tick_mantissa > 0 && h.lot_mantissa > 0 && decimals_fit(h.tick_decimals) &&
         decimals_fit(h.lot_decimals) && h.price_ticks_min >= 0 && h.price_ticks_min <= h.price_ticks_max &&
         h.price_ticks_max <= kFeedPriceTicksMax &&
         h.price_ticks_max - h.price_ticks_min <= kFeedPriceRangeMax && h.quantity_lots_max >= 0 &&
         (wide || h.quantity_lots_max <= std::numeric_limits<std::int32_t>::max());
  return fits ? Result<void>{} : corrupt(0, "the header's sections do not fit together");
}

void Feed::find_sections() {
  const FeedHeader& h = *header_;
  const std::byte* bytes = bytes_.get();
  exchange_ = reinterpret_cast<const std::int64_t*>(bytes + h.exchange_offset);
  local_ = reinterpret_cast<const std::int64_t*>(bytes + h.local_offset);
  rows_ = reinterpret_cast<const FeedRow*>(bytes + h.rows_offset);
  if (h.quantity_offset != 0) wide_ = reinterpret_cast<const std::int64_t*>(bytes + h.quantity_offset);
  if (h.joined_offset != 0) joined_ = reinterpret_cast<const std::int64_t*>(bytes + h.joined_offset);
  keyframes_ = {reinterpret_cast<const FeedKeyframe*>(bytes + h.keyframe_index_offset), h.keyframe_count};
}

Result<void> Feed::check_indexes() const {
  const FeedHeader& h = *header_;
  if (crc_of(bytes_.get() + h.keyframe_index_offset, h.file_bytes - h.keyframe_index_offset) != h.index_crc) {
    return corrupt(h.keyframe_index_offset, "the checksum of the index is wrong");
  }
  std::uint64_t offset = h.keyframes_offset, row = 0;
  for (const FeedKeyframe& keyframe : keyframes_) {
    const std::uint64_t levels = std::uint64_t{keyframe.bid_count} + keyframe.ask_count;
    const std::uint64_t room = h.keyframe_index_offset - offset;
    if (keyframe.offset != offset || keyframe.row <= row || keyframe.row >= h.row_count ||
        levels > room / sizeof(FeedLevel)) {
      return corrupt(h.keyframe_index_offset, "a keyframe of the index is out of place");
    }
    if (crc_of(bytes_.get() + offset, levels * sizeof(FeedLevel)) != keyframe.crc) {
      return corrupt(offset, "a keyframe's checksum is wrong");
    }
    if (!levels_fit(h, this->levels(keyframe), keyframe.bid_count))
      return corrupt(offset, "a keyframe's book makes no sense");
    offset += levels * sizeof(FeedLevel);
    row = keyframe.row;
  }
  return offset == h.keyframe_index_offset ? Result<void>{}
                                           : corrupt(offset, "bytes that belong to no keyframe");
}

Result<void> Feed::check_ends() const {
  const FeedHeader& h = *header_;
  if (exchange_[0] != h.first_exchange_ns || exchange_[size() - 1] != h.last_exchange_ns) {
    return corrupt(offsetof(FeedHeader, first_exchange_ns), "the header's span is not that of the rows");
  }
  if (local_[0] != h.first_local_ns || local_[size() - 1] != h.last_local_ns) {
    return corrupt(offsetof(FeedHeader, first_local_ns), "the header's local span is not that of the rows");
  }
  for (std::uint64_t k = size(); k < feed_padded_rows(size()); ++k) {
    if (exchange_[k] != kFeedPaddingNs)
      return corrupt(header_->exchange_offset + k * 8, "the padding is altered");
    if (local_[k] != kFeedPaddingNs) return corrupt(header_->local_offset + k * 8, "the padding is altered");
    if (rows_[k].code != 0 || rows_[k].quantity_lots != 0)
      return corrupt(header_->rows_offset + k * 8, "the padding is altered");
    if (wide_ != nullptr && wide_[k] != 0)
      return corrupt(header_->quantity_offset + k * 8, "the padding is altered");
    if (joined_ != nullptr && joined_[k] != 0)
      return corrupt(header_->joined_offset + k * 8, "the padding is altered");
  }
  return {};
}

Result<void> Feed::check_rows() const {
  const FeedHeader& h = *header_;
  const std::byte* bytes = bytes_.get();
  std::vector<std::uint64_t> columns = {h.exchange_offset, h.local_offset, h.rows_offset};
  if (wide_ != nullptr) columns.push_back(h.quantity_offset);
  if (joined_ != nullptr) columns.push_back(h.joined_offset);
  const std::byte* sums = bytes + h.checksums_offset;
  for (std::uint64_t block = 0; block < h.block_count; ++block) {
    const std::uint64_t first = block * h.rows_per_block;
    release_before(first);
    const std::uint64_t count = std::min<std::uint64_t>(h.rows_per_block, h.row_count - first);
    for (const std::uint64_t column : columns) {
      std::uint32_t expected = 0;
      std::memcpy(&expected, sums, sizeof(expected));
      sums += sizeof(expected);
      const std::uint64_t offset = column + first * 8;
      if (crc_of(bytes + offset, count * 8) != expected) {
        return corrupt(offset, fmt::format("the checksum of block {} is wrong", block));
      }
    }
  }
  return {};
}

// What no checksum proves: a writer's mistake, or a file made by another hand.
Result<void> Feed::check_values() const {
  for (std::size_t k = 0; k < size(); ++k) {
    release_before(k);
    if (!slots().valid(rows_[k].code)) return corrupt(header_->rows_offset + k * 8, "a row out of place");
    if (exchange_[k] < 0 || exchange_[k] > kFeedTimeNsMax)
      return corrupt(header_->exchange_offset + k * 8, "a time out of range");
    if (local_[k] < 0 || local_[k] > kFeedTimeNsMax)
      return corrupt(header_->local_offset + k * 8, "a local time out of range");
    if (feed_kind(rows_[k].code) == EventKind::kClear && slots().price(rows_[k].code) != 0)
      return corrupt(header_->rows_offset + k * 8, "a clear of a part of a side");
    if (event(k).quantity_lots < 0) return corrupt(header_->rows_offset + k * 8, "a negative quantity");
    if (event(k).quantity_lots > header_->quantity_lots_max)
      return corrupt(header_->rows_offset + k * 8, "a quantity above the header's largest");
    if (joined_ != nullptr && !feed_joined_row_valid(joined_[k], k))
      return corrupt(header_->joined_offset + k * 8, "a row that takes from an order of a later one");
    if (k == 0) continue;
    if (exchange_[k] < exchange_[k - 1])
      return corrupt(header_->exchange_offset + k * 8, "exchange time runs backwards");
    if (local_[k] < local_[k - 1]) return corrupt(header_->local_offset + k * 8, "local time runs backwards");
  }
  return {};
}

void Feed::release(std::size_t first, std::size_t end) const {
  constexpr std::uintptr_t kPage = 4096;
  for (const void* column : {static_cast<const void*>(exchange_), static_cast<const void*>(local_),
                             static_cast<const void*>(rows_), static_cast<const void*>(wide_),
                             static_cast<const void*>(joined_)}) {
    if (column == nullptr) continue;
    const auto start = reinterpret_cast<std::uintptr_t>(column);
    const std::uintptr_t from = (start + first * 8 + kPage - 1) / kPage * kPage;
    const std::uintptr_t to = (start + end * 8) / kPage * kPage;
    // A hint: where it fails nothing but memory is lost.
    if (to > from) static_cast<void>(::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED));
  }
}

bool is_feed_file(const std::string& path) {
  const base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char magic[sizeof(kFeedMagic)] = {};
  return descriptor.valid() && ::read(descriptor.get(), magic, sizeof(magic)) == sizeof(magic) &&
         std::memcmp(magic, kFeedMagic, sizeof(magic)) == 0;
}

ReplayFeed replay_feed(const Feed& feed) {
  ReplayFeed view;
  view.row_count = feed.size();
  view.exchange = {feed.exchange_ns().data(), feed.rows().data(), feed.size()};
  view.local = {feed.local_ns().data(), feed.rows().data(), feed.size()};
  view.exchange.joined_rows = feed.by_order() ? feed.joined_rows().data() : nullptr;
  view.slots = feed.slots();
  view.instrument = feed.instrument();
  return view;
}

std::string Feed::symbol() const {
  return text_of(header_->symbol);
}
std::string Feed::source() const {
  return text_of(header_->source);
}

std::vector<MarketEvent> Feed::events(std::size_t first, std::size_t end) const {
  std::vector<MarketEvent> events;
  events.reserve(end - first);
  for (std::size_t row = first; row < end; ++row) events.push_back(event(row));
  return events;
}

std::size_t Feed::row_at(std::int64_t exchange_ns) const {
  const auto times = this->exchange_ns();
  return static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), exchange_ns) - times.begin());
}

std::span<const FeedLevel> Feed::levels(const FeedKeyframe& keyframe) const {
  const auto* first = reinterpret_cast<const FeedLevel*>(bytes_.get() + keyframe.offset);
  return {first, std::size_t{keyframe.bid_count} + keyframe.ask_count};
}

}  // namespace soak::sim

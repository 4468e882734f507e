#include "sim/feed_layout.h"

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "sim/feed_book.h"
#include "sim/feed_format.h"

namespace soak::sim {
namespace {

std::uint32_t crc_of(const void* bytes, std::size_t size, std::uint32_t start = 0) {
  return static_cast<std::uint32_t>(::crc32_z(start, static_cast<const Bytef*>(bytes), size));
}

class Layout {
 public:
  Layout(int descriptor, const LayoutInput& input) : descriptor_(descriptor), input_(input) {
    place_sections();
  }

  // Each record twice: the slots of the rows need the range of the prices.
  Result<void> measure(const SpoolRecord& record);
  Result<void> start();
  Result<void> add(const SpoolRecord& record);
  Result<FeedWritten> close();

 private:
  void place_sections();
  Result<std::int32_t> price_of(const SpoolRecord& record) const;
  Result<FeedRow> encode(const SpoolRecord& record, std::int64_t& quantity_lots);
  Result<std::int64_t> steps(Decimal value, Decimal step, std::string_view what) const;
  Result<void> check(const SpoolRecord& record);
  Result<void> end_block();
  Result<void> pad_columns();
  Result<void> add_keyframe();
  void count(EventKind kind, std::int64_t quantity_lots);
  Result<void> put(std::uint64_t offset, const void* bytes, std::size_t size) const;
  template <class T>
  Result<void> put_column(std::uint64_t column, std::uint64_t row, const std::vector<T>& values) const {
    return put(column + row * sizeof(T), values.data(), values.size() * sizeof(T));
  }
  bool wide() const { return input_.wide_quantities; }
  bool by_order() const { return input_.meta->by_order; }

  int descriptor_;
  const LayoutInput& input_;
  FeedHeader header_{};
  FeedSlots slots_;
  FeedBook book_;
  std::uint64_t rows_ = 0;
  std::uint64_t next_keyframe_offset_ = 0;
  bool bid_agrees_ = false;
  std::vector<std::int64_t> exchange_, local_, quantity_, joined_;
  std::vector<FeedRow> block_;
  std::vector<std::uint32_t> checksums_;
  std::vector<FeedKeyframe> keyframes_;
};

void Layout::place_sections() {
  FeedHeader& h = header_;
  std::memcpy(h.magic, kFeedMagic, sizeof(kFeedMagic));
  h.version = by_order() ? kFeedVersionByOrder : kFeedVersion;
  h.header_bytes = sizeof(FeedHeader);
  h.row_count = input_.row_count;
  h.rows_per_block = kFeedRowsPerBlock;
  h.rows_per_keyframe = kFeedRowsPerKeyframe;
  h.opening_row_count = input_.opening_row_count;
  const std::uint64_t column_bytes = feed_padded_rows(h.row_count) * 8;
  h.exchange_offset = sizeof(FeedHeader);
  h.local_offset = h.exchange_offset + column_bytes;
  h.rows_offset = h.local_offset + column_bytes;
  h.keyframes_offset = h.rows_offset + column_bytes;
  if (wide()) {
    h.flags |= kFeedFlagWideQuantities;
    h.quantity_offset = h.keyframes_offset;
    h.keyframes_offset += column_bytes;
  }
  if (by_order()) {
    h.flags |= kFeedFlagByOrder;
    h.joined_offset = h.keyframes_offset;
    h.keyframes_offset += column_bytes;
  }
  h.price_ticks_min = kFeedPriceTicksMax;
  h.block_count = (h.row_count + kFeedRowsPerBlock - 1) / kFeedRowsPerBlock;
  next_keyframe_offset_ = h.keyframes_offset;
}

Result<void> Layout::put(std::uint64_t offset, const void* bytes, std::size_t size) const {
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t wrote = ::pwrite(descriptor_, from, size, static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0)
      return tl::unexpected(base::error_from_errno(wrote < 0 ? errno : EIO, "cannot write", input_.path));
    from += wrote;
    offset += static_cast<std::uint64_t>(wrote);
    size -= static_cast<std::size_t>(wrote);
  }
  return {};
}

Result<std::int64_t> Layout::steps(Decimal value, Decimal step, std::string_view what) const {
  if (const auto whole = to_steps(value, step)) return *whole;
  return fail(ErrorCode::kInvalidValue,
              fmt::format("{} {} is not a whole number of steps of {}: give a smaller --{}", what,
                          format_decimal(value), format_decimal(step), what == "price" ? "tick" : "lot"),
              input_.path);
}

Result<std::int32_t> Layout::price_of(const SpoolRecord& record) const {
  auto price = steps({record.price, record.price_decimals}, input_.tick, "price");
  if (!price) return tl::unexpected(price.error());
  if (*price > kFeedPriceTicksMax) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("price {} is more than {} ticks of {}: give a larger --tick",
                            format_decimal({record.price, record.price_decimals}), kFeedPriceTicksMax,
                            format_decimal(input_.tick)),
                input_.path);
  }
  return static_cast<std::int32_t>(*price);
}

Result<void> Layout::measure(const SpoolRecord& record) {
  if (record.kind == kSpoolCheck || static_cast<EventKind>(record.kind) == EventKind::kClear) return {};
  auto price = price_of(record);
  if (!price) return tl::unexpected(price.error());
  header_.price_ticks_min = std::min(header_.price_ticks_min, *price);
  header_.price_ticks_max = std::max(header_.price_ticks_max, *price);
  return {};
}

Result<void> Layout::start() {
  header_.price_ticks_min = std::min(header_.price_ticks_min, header_.price_ticks_max);
  slots_ = {header_.price_ticks_min, header_.price_ticks_max};
  if (slots_.price_ticks_max - slots_.price_ticks_min <= kFeedPriceRangeMax) return {};
  return fail(ErrorCode::kLimitExceeded,
              fmt::format("prices span {} ticks of {}, more than {}: give a larger --tick",
                          slots_.price_ticks_max - slots_.price_ticks_min, format_decimal(input_.tick),
                          kFeedPriceRangeMax),
              input_.path);
}

Result<FeedRow> Layout::encode(const SpoolRecord& record, std::int64_t& quantity_lots) {
  const auto kind = static_cast<EventKind>(record.kind);
  const auto side = static_cast<Side>(record.side);
  auto price = price_of(record);
  if (!price) return tl::unexpected(price.error());
  auto quantity = steps({record.quantity, record.quantity_decimals}, input_.lot, "quantity");
  if (!quantity) return tl::unexpected(quantity.error());
  quantity_lots = *quantity;
  const std::int32_t price_ticks = *price;
  if (kind != EventKind::kClear)
    count(kind, quantity_lots);
  else
    ++header_.clear_rows;
  book_.apply(kind, side, price_ticks, quantity_lots);
  return FeedRow{slots_.code(kind, side, price_ticks), wide() ? 0 : static_cast<std::int32_t>(quantity_lots)};
}

void Layout::count(EventKind kind, std::int64_t quantity_lots) {
  FeedHeader& h = header_;
  if (kind == EventKind::kDepth) ++h.depth_rows;
  if (kind == EventKind::kTrade) ++h.trade_rows;
  if (kind == EventKind::kSnapshot) ++h.snapshot_rows;
  h.quantity_lots_max = std::max(h.quantity_lots_max, quantity_lots);
}

// The two records of a best bid and ask come one after the other, the bid first.
Result<void> Layout::check(const SpoolRecord& record) {
  const bool bid = static_cast<Side>(record.side) == Side::kBuy;
  const auto price = to_steps({record.price, record.price_decimals}, input_.tick);
  const auto quantity = to_steps({record.quantity, record.quantity_decimals}, input_.lot);
  bool agrees = book_.two_sided() && price && quantity;
  if (agrees) agrees = (bid ? book_.best_bid() : book_.best_ask()) == FeedLevel{*price, *quantity};
  if (bid) {
    bid_agrees_ = agrees;
  } else {
    ++header_.states_compared;
    if (agrees && bid_agrees_) ++header_.states_agreed;
  }
  return {};
}

Result<void> Layout::add(const SpoolRecord& record) {
  if (record.kind == kSpoolCheck) return check(record);
  if (rows_ > 0 && rows_ % kFeedRowsPerKeyframe == 0) {
    if (auto added = add_keyframe(); !added) return added;
  }
  std::int64_t quantity_lots = 0;
  auto row = encode(record, quantity_lots);
  if (!row) return tl::unexpected(row.error());
  if (rows_ == 0) {
    header_.first_exchange_ns = record.exchange_ns;
    header_.first_local_ns = record.local_ns + input_.local_shift_ns;
  }
  header_.last_exchange_ns = record.exchange_ns;
  header_.last_local_ns = record.local_ns + input_.local_shift_ns;
  exchange_.push_back(record.exchange_ns);
  local_.push_back(header_.last_local_ns);
  block_.push_back(*row);
  if (wide()) quantity_.push_back(quantity_lots);
  if (by_order()) joined_.push_back(record.joined_row);
  ++rows_;
  return block_.size() == kFeedRowsPerBlock ? end_block() : Result<void>{};
}

Result<void> Layout::end_block() {
  const std::uint64_t first = rows_ - block_.size();
  checksums_.push_back(crc_of(exchange_.data(), exchange_.size() * 8));
  checksums_.push_back(crc_of(local_.data(), local_.size() * 8));
  checksums_.push_back(crc_of(block_.data(), block_.size() * 8));
  if (wide()) checksums_.push_back(crc_of(quantity_.data(), quantity_.size() * 8));
  if (by_order()) checksums_.push_back(crc_of(joined_.data(), joined_.size() * 8));
  auto done = put_column(header_.exchange_offset, first, exchange_);
  if (done) done = put_column(header_.local_offset, first, local_);
  if (done) done = put_column(header_.rows_offset, first, block_);
  if (done && wide()) done = put_column(header_.quantity_offset, first, quantity_);
  if (done && by_order()) done = put_column(header_.joined_offset, first, joined_);
  exchange_.clear();
  local_.clear();
  block_.clear();
  quantity_.clear();
  joined_.clear();
  return done;
}

Result<void> Layout::pad_columns() {
  const std::uint64_t count = feed_padded_rows(rows_) - rows_;
  const std::vector<std::int64_t> times(count, kFeedPaddingNs);
  const std::vector<std::int64_t> zeros(count, 0);
  auto done = put_column(header_.exchange_offset, rows_, times);
  if (done) done = put_column(header_.local_offset, rows_, times);
  if (done) done = put_column(header_.rows_offset, rows_, zeros);
  if (done && wide()) done = put_column(header_.quantity_offset, rows_, zeros);
  if (done && by_order()) done = put_column(header_.joined_offset, rows_, zeros);
  return done;
}

Result<void> Layout::add_keyframe() {
  const std::vector<FeedLevel> bids = book_.bids(), asks = book_.asks();
  FeedKeyframe keyframe{};
  keyframe.row = rows_;
  keyframe.offset = next_keyframe_offset_;
  keyframe.bid_count = static_cast<std::uint32_t>(bids.size());
  keyframe.ask_count = static_cast<std::uint32_t>(asks.size());
  std::vector<FeedLevel> levels = bids;
  levels.insert(levels.end(), asks.begin(), asks.end());
  keyframe.crc = crc_of(levels.data(), levels.size() * sizeof(FeedLevel));
  keyframes_.push_back(keyframe);
  next_keyframe_offset_ += levels.size() * sizeof(FeedLevel);
  return put(keyframe.offset, levels.data(), levels.size() * sizeof(FeedLevel));
}

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  std::memcpy(to, from.data(), std::min(from.size(), N - 1));
}

Result<FeedWritten> Layout::close() {
  FeedHeader& h = header_;
  auto done = block_.empty() ? Result<void>{} : end_block();
  if (done) done = pad_columns();
  const FeedMeta& meta = *input_.meta;
  h.keyframe_index_offset = next_keyframe_offset_;
  h.keyframe_count = keyframes_.size();
  h.checksums_offset = h.keyframe_index_offset + keyframes_.size() * sizeof(FeedKeyframe);
  h.file_bytes = h.checksums_offset + checksums_.size() * sizeof(std::uint32_t);
  h.tick_mantissa = input_.tick.mantissa;
  h.tick_decimals = input_.tick.decimals;
  h.lot_mantissa = input_.lot.mantissa;
  h.lot_decimals = input_.lot.decimals;
  h.sequence_breaks = meta.sequence_breaks;
  h.times_raised = meta.times_raised;
  h.local_shift_ns = input_.local_shift_ns;
  h.latency_floor_ns = input_.local_shift_ns > 0 ? meta.latency_floor_ns : 0;
  copy_text(h.source, meta.source);
  copy_text(h.symbol, meta.symbol);
  h.index_crc = crc_of(keyframes_.data(), keyframes_.size() * sizeof(FeedKeyframe));
  h.index_crc = crc_of(checksums_.data(), checksums_.size() * sizeof(std::uint32_t), h.index_crc);
  h.header_crc = crc_of(&h, offsetof(FeedHeader, header_crc));
  if (done) done = put(h.keyframe_index_offset, keyframes_.data(), keyframes_.size() * sizeof(FeedKeyframe));
  if (done) done = put(h.checksums_offset, checksums_.data(), checksums_.size() * sizeof(std::uint32_t));
  if (done) done = put(0, &h, sizeof(h));
  if (!done) return tl::unexpected(done.error());
  return FeedWritten{h.row_count, h.file_bytes, h.states_compared, h.states_agreed, h.local_shift_ns};
}

}  // namespace

namespace {

template <class Take>
Result<void> each_record(FeedSpool& spool, Take&& take) {
  for (;;) {
    auto records = spool.read();
    if (!records) return tl::unexpected(records.error());
    if (records->empty()) return {};
    for (const SpoolRecord& record : *records) {
      if (auto taken = take(record); !taken) return taken;
    }
  }
}

}  // namespace

Result<FeedWritten> write_layout(FeedSpool& spool, int descriptor, const LayoutInput& input) {
  Layout layout(descriptor, input);
  auto done = each_record(spool, [&](const SpoolRecord& record) { return layout.measure(record); });
  if (done) done = layout.start();
  if (done) done = spool.rewind();
  if (done) done = each_record(spool, [&](const SpoolRecord& record) { return layout.add(record); });
  if (!done) return tl::unexpected(done.error());
  return layout.close();
}

}  // namespace soak::sim

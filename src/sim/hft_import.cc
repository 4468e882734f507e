#include "sim/hft_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/hft_orders.h"
#include "sim/hft_rows.h"
#include "sim/import_book.h"
#include "sim/import_number.h"
#include "sim/import_paths.h"

namespace soak::sim {
namespace {

// Held back until a row tells the time of the opening book; no book has as many levels.
constexpr std::size_t kOpeningRowsMax = 1'000'000;
constexpr std::int64_t kTimeMax = 4'000'000'000'000'000'000;  // the year 2096; sums of two do not overflow

class HftImporter {
 public:
  HftImporter(FeedWriter& writer, const HftImportOptions& options) : writer_(writer), options_(options) {}

  Result<void> read_file(const std::string& path);
  Result<HftImportCounts> end();
  bool by_order() const { return counts_.order_rows > 0; }

 private:
  Result<void> take(const HftRow& row);
  Result<void> check_times(const HftRow& row);
  Result<void> take_level(const HftRow& row, EventKind kind, Side side);
  Result<void> take_trade(const HftRow& row, Side side);
  Result<void> take_order(const HftRow& row, HftKind kind, Side side);
  Result<void> take_clear(const HftRow& row);
  Result<void> clear_side(const HftRow& row, Side side);
  Result<FeedEvent> event_of(const HftRow& row, EventKind kind, Side side) const;
  Result<void> put(FeedEvent event);
  Result<void> put_opening(std::int64_t exchange_ns, std::int64_t local_ns);
  Result<void> write(const FeedEvent& event);
  void end_moment();
  void skip() { ++counts_.other_rows; }
  tl::unexpected<Error> error(ErrorCode code, std::string_view what) const {
    return fail(code, fmt::format("row {} (offset {}): {}", row_ + 1, rows_->offset_of(row_), what), *path_);
  }

  FeedWriter& writer_;
  const HftImportOptions& options_;
  HftImportCounts counts_;
  HftRows* rows_ = nullptr;            // only while a file is read
  const std::string* path_ = nullptr;  // of the caller's list
  std::uint64_t row_ = 0;              // in this file
  std::uint64_t bytes_before_ = 0;
  std::int64_t exchange_ns_ = 0;       // of the exchange's last row
  std::int64_t local_seen_ns_ = 0;     // of the subscriber's last row
  std::int64_t local_written_ns_ = 0;  // of the last row that went out
  std::vector<FeedEvent> opening_;     // snapshot rows at time 0 that stand first
  bool opened_ = false;                // something else came
  HftOrders orders_;
  std::int64_t rows_written_ = 0;
  ImportBook book_;
  bool book_changed_ = false;  // since the moment began
  // Where the last change of the book stands: the moment may end in the next file.
  const std::string* changed_path_ = nullptr;
  std::uint64_t changed_row_ = 0, changed_offset_ = 0;
};

Result<void> HftImporter::read_file(const std::string& path) {
  auto rows = HftRows::open(path, {.map = false});
  if (!rows) return tl::unexpected(rows.error());
  rows_ = &*rows;
  path_ = &path;
  row_ = 0;
  for (;;) {
    auto piece = rows->next();
    if (!piece) return tl::unexpected(piece.error());
    if (piece->empty()) break;
    for (const HftRow& row : *piece) {
      if (auto taken = take(row); !taken) return taken;
      ++row_;
    }
    counts_.rows += piece->size();
    if (options_.progress) options_.progress(bytes_before_ + rows->file_bytes());
  }
  bytes_before_ += rows->file_bytes();
  return {};
}

Result<void> HftImporter::take(const HftRow& row) {
  if (row.event >> 32 != 0)
    return error(
        ErrorCode::kInvalidValue,
        fmt::format("no event of hftbacktest (it begins with {:#018x}): is this another format?", row.event));
  const auto kind = static_cast<std::uint8_t>(row.event & 0xff);
  if (auto checked = check_times(row); !checked) return checked;
  if ((row.event & kHftExchange) == 0) {
    ++((row.event & kHftLocal) != 0 ? counts_.local_only_rows : counts_.other_rows);
    return {};
  }
  const bool buy = (row.event & kHftBuy) != 0;
  const bool has_side = buy || (row.event & kHftSell) != 0;
  const Side side = buy ? Side::kBuy : Side::kSell;
  if (kind == kHftDepthClear) return take_clear(row);
  if (kind >= kHftAddOrder && kind <= kHftFill) {
    if (kind == kHftAddOrder && !has_side) return error(ErrorCode::kInvalidValue, "an order without a side");
    return take_order(row, static_cast<HftKind>(kind), side);
  }
  if (kind < kHftDepth || kind > kHftDepthSnapshot || !has_side) {
    skip();
    return {};
  }
  if (kind == kHftTrade) return take_trade(row, side);
  return take_level(row, kind == kHftDepth ? EventKind::kDepth : EventKind::kSnapshot, side);
}

Result<void> HftImporter::check_times(const HftRow& row) {
  const auto backwards = [this](std::string_view whose, std::int64_t by_ns) {
    return error(ErrorCode::kInvalidValue,
                 fmt::format("{} time runs backwards by {:.9f} s", whose, static_cast<double>(by_ns) / 1e9));
  };
  if (row.exchange_ns < 0 || row.exchange_ns > kTimeMax || row.local_ns < 0 || row.local_ns > kTimeMax) {
    return error(ErrorCode::kInvalidValue, fmt::format("times {} and {} are not nanoseconds since 1970",
                                                       row.exchange_ns, row.local_ns));
  }
  if ((row.event & kHftLocal) != 0) {
    if (row.local_ns < local_seen_ns_) return backwards("the local", local_seen_ns_ - row.local_ns);
    local_seen_ns_ = row.local_ns;
  }
  if ((row.event & kHftExchange) == 0) return {};
  if (row.exchange_ns < exchange_ns_) return backwards("the exchange's", exchange_ns_ - row.exchange_ns);
  if (row.exchange_ns > exchange_ns_) end_moment();
  exchange_ns_ = row.exchange_ns;
  return {};
}

// Rows of one exchange time are one moment: in between, a book may look crossed that never was.
void HftImporter::end_moment() {
  if (book_changed_ && book_.crossed() && ++counts_.crossed_states == 1) {
    counts_.first_crossed =
        fmt::format("{}: row {} (offset {})", *changed_path_, changed_row_ + 1, changed_offset_);
  }
  book_changed_ = false;
}

Result<FeedEvent> HftImporter::event_of(const HftRow& row, EventKind kind, Side side) const {
  FeedEvent event{row.exchange_ns, row.local_ns, {}, {}, kind, side};
  const auto number = [this](double value, std::string_view what, const std::optional<Decimal>& step,
                             Decimal& to) -> Result<void> {
    if (!std::isfinite(value))
      return error(ErrorCode::kInvalidValue, fmt::format("the {} is not a finite number ({})", what, value));
    if (value < 0) return error(ErrorCode::kInvalidValue, fmt::format("the {} {} is negative", what, value));
    const auto found = step ? multiple_of(value, *step) : decimal_of(value);
    if (found) {
      to = *found;
      return {};
    }
    return error(ErrorCode::kInvalidValue,
                 step ? fmt::format("the {} {} is not a multiple of {}", what, value, format_decimal(*step))
                      : fmt::format("the {} {} has too many digits", what, value));
  };
  if (auto read = number(row.price, "price", options_.tick, event.price); !read)
    return tl::unexpected(read.error());
  if (auto read = number(row.quantity, "quantity", options_.lot, event.quantity); !read)
    return tl::unexpected(read.error());
  if (event.price.mantissa == 0) return error(ErrorCode::kInvalidValue, "the price is 0");
  return event;
}

Result<void> HftImporter::take_level(const HftRow& row, EventKind kind, Side side) {
  if (by_order()) return error(ErrorCode::kUnsupported, "a level (kind 1 or 4) among order-by-order data");
  auto event = event_of(row, kind, side);
  if (!event) return tl::unexpected(event.error());
  ++(kind == EventKind::kDepth ? counts_.depth_rows : counts_.snapshot_rows);
  if (kind == EventKind::kSnapshot && event->quantity.mantissa == 0) {
    if (!opened_) return {};  // a level that is not there, in a book that has none
    event->kind = EventKind::kDepth;
  }
  return put(*event);
}

Result<void> HftImporter::take_trade(const HftRow& row, Side side) {
  if (by_order()) {
    ++counts_.trades_told_by_fills;
    return {};
  }
  auto event = event_of(row, EventKind::kTrade, side);
  if (!event) return tl::unexpected(event.error());
  if (event->quantity.mantissa == 0) {
    skip();
    return {};
  }
  ++counts_.trade_rows;
  return put(*event);
}

Result<void> HftImporter::take_order(const HftRow& row, HftKind kind, Side side) {
  if (counts_.depth_rows + counts_.snapshot_rows > 0) {
    return error(ErrorCode::kUnsupported,
                 fmt::format("order-by-order data (kind {}) among rows of levels", static_cast<int>(kind)));
  }
  ++counts_.order_rows;
  FeedEvent event{row.exchange_ns, row.local_ns, {}, {}, EventKind::kDepth, side};
  if (kind != kHftCancelOrder) {
    auto read = event_of(row, EventKind::kDepth, side);
    if (!read) return tl::unexpected(read.error());
    event = *read;
  }
  const auto rows = orders_.take(kind, row.order_id, event, rows_written_);
  if (!rows) return error(ErrorCode::kInvalidValue, rows.error());
  for (std::size_t k = 0; k < rows->count; ++k) {
    if (auto done = put(rows->events[k]); !done) return done;
  }
  return {};
}

// Of order-by-order data hftbacktest clears a side whole, whatever the price.
Result<void> HftImporter::take_clear(const HftRow& row) {
  ++counts_.clear_rows;
  const bool bids = (row.event & kHftBuy) != 0, asks = (row.event & kHftSell) != 0;
  if (by_order()) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      if ((bids || asks) && !(side == Side::kBuy ? bids : asks)) continue;
      orders_.clear(side);
      if (book_.empty(side)) continue;
      if (auto done = put({row.exchange_ns, row.local_ns, {}, {}, EventKind::kClear, side}); !done)
        return done;
    }
    return {};
  }
  if (bids || asks) return clear_side(row, bids ? Side::kBuy : Side::kSell);
  for (const Side side : {Side::kBuy, Side::kSell}) {
    if (book_.empty(side)) continue;
    if (auto done = put({row.exchange_ns, row.local_ns, {}, {}, EventKind::kClear, side}); !done) return done;
  }
  return {};
}

// From the best level to the row's price. Nothing is written where there is nothing to clear, so that a clear
// before the first snapshot does not hide that the snapshot opens the book.
Result<void> HftImporter::clear_side(const HftRow& row, Side side) {
  if (!std::isfinite(row.price))
    return error(ErrorCode::kInvalidValue,
                 fmt::format("the price of a clear of one side is not a finite number ({})", row.price));
  const auto price = options_.tick ? multiple_of(row.price, *options_.tick) : decimal_of(row.price);
  const std::vector<Decimal> gone = book_.from_best_to(side, price ? to_double(*price) : row.price);
  if (gone.empty()) return {};
  if (gone.size() == book_.size(side))
    return put({row.exchange_ns, row.local_ns, {}, {}, EventKind::kClear, side});
  for (const Decimal level : gone) {
    ++counts_.levels_cleared;
    if (auto done = put({row.exchange_ns, row.local_ns, level, {}, EventKind::kDepth, side}); !done)
      return done;
  }
  return {};
}

Result<void> HftImporter::put(FeedEvent event) {
  book_.apply(event);
  if (event.kind != EventKind::kTrade) {
    book_changed_ = true;
    changed_path_ = path_;
    changed_row_ = row_;
    changed_offset_ = rows_->offset_of(row_);
  }
  const bool waits = !opened_ && event.kind == EventKind::kSnapshot && event.exchange_ns == 0;
  if (waits) {
    if (opening_.size() >= kOpeningRowsMax)
      return error(ErrorCode::kLimitExceeded, "more than a million snapshot rows without a time");
    opening_.push_back(event);
    return {};
  }
  if (!opened_ && event.kind != EventKind::kSnapshot) opened_ = true;
  if (auto done = put_opening(event.exchange_ns, event.local_ns); !done) return done;
  return write(event);
}

Result<void> HftImporter::put_opening(std::int64_t exchange_ns, std::int64_t local_ns) {
  for (FeedEvent& event : opening_) {
    event.exchange_ns = exchange_ns;
    event.local_ns = local_ns;
    if (auto done = write(event); !done) return done;
  }
  opening_.clear();
  return {};
}

Result<void> HftImporter::write(const FeedEvent& event) {
  FeedEvent written = event;
  if (event.local_ns < local_written_ns_) {
    ++counts_.local_times_raised;
    counts_.local_delay_ns_max = std::max(counts_.local_delay_ns_max, local_written_ns_ - event.local_ns);
    written.local_ns = local_written_ns_;
  }
  local_written_ns_ = written.local_ns;
  ++rows_written_;
  return writer_.append(written);
}

Result<HftImportCounts> HftImporter::end() {
  end_moment();
  if (auto done = put_opening(0, 0); !done) return tl::unexpected(done.error());
  return counts_;
}

}  // namespace

Result<HftImport> import_hftbacktest(const std::vector<std::string>& paths, const std::string& out,
                                     const HftImportOptions& options) {
  if (auto allowed = refuse_own_input(paths, out); !allowed) return tl::unexpected(allowed.error());
  auto writer = FeedWriter::create(out);
  if (!writer) return tl::unexpected(writer.error());
  HftImporter importer(*writer, options);
  for (const std::string& path : paths) {
    if (auto read = importer.read_file(path); !read) return tl::unexpected(read.error());
  }
  auto counts = importer.end();
  if (!counts) return tl::unexpected(counts.error());
  const std::uint64_t taken = counts->depth_rows + counts->trade_rows + counts->snapshot_rows +
                              counts->clear_rows + counts->order_rows;
  if (taken == 0) {
    return fail(ErrorCode::kInvalidValue,
                fmt::format("none of {} rows is a depth, trade, clear or snapshot event of the exchange",
                            counts->rows),
                paths.empty() ? out : paths.back());
  }
  FeedMeta meta;
  meta.symbol = options.symbol;
  meta.source = "hftbacktest";
  meta.tick = options.tick;
  meta.lot = options.lot;
  meta.latency_floor_ns = options.latency_floor_ns;
  meta.by_order = importer.by_order();
  auto written = writer->finish(meta);
  if (!written) return tl::unexpected(written.error());
  return HftImport{*counts, *written};
}

}  // namespace soak::sim

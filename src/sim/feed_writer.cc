#include "sim/feed_writer.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>

#include "base/staged_file.h"
#include "sim/feed_format.h"
#include "sim/feed_layout.h"
#include "sim/feed_spool.h"

namespace soak::sim {

struct FeedWriter::State {
  State(std::string target, FeedSpool opened) : path(std::move(target)), spool(std::move(opened)) {}

  std::string path;
  FeedSpool spool;
  std::uint64_t row_count = 0;
  std::uint64_t opening_row_count = 0;
  std::int64_t last_exchange_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_local_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t lag_ns_min = std::numeric_limits<std::int64_t>::max();
  std::uint8_t price_decimals = 0;
  std::uint8_t quantity_decimals = 0;
  double quantity_max = 0;
};

FeedWriter::FeedWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FeedWriter::FeedWriter(FeedWriter&&) noexcept = default;
FeedWriter& FeedWriter::operator=(FeedWriter&&) noexcept = default;
FeedWriter::~FeedWriter() = default;

Result<FeedWriter> FeedWriter::create(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kNotAFile, "is not a plain file and cannot be replaced", path);
  }
  auto spool = FeedSpool::create(path);
  if (!spool) return tl::unexpected(spool.error());
  return FeedWriter(std::make_unique<State>(path, std::move(*spool)));
}

Result<void> FeedWriter::append(const FeedEvent& event) {
  State& s = *state_;
  if (event.exchange_ns < s.last_exchange_ns || event.local_ns < s.last_local_ns) {
    return fail(ErrorCode::kInvalidValue, fmt::format("time runs backwards at row {}", s.row_count), s.path);
  }
  if (event.exchange_ns < 0 || event.local_ns < 0 || event.exchange_ns > kFeedTimeNsMax ||
      event.local_ns > kFeedTimeNsMax) {
    return fail(ErrorCode::kInvalidValue,
                fmt::format("a time of row {} is not between 0 and {} ns", s.row_count, kFeedTimeNsMax),
                s.path);
  }
  if (event.kind != EventKind::kClear && event.price.mantissa <= 0) {
    return fail(ErrorCode::kInvalidValue, fmt::format("the price of row {} is not positive", s.row_count),
                s.path);
  }
  const bool may_be_zero = event.kind == EventKind::kDepth || event.kind == EventKind::kClear;
  if (event.quantity.mantissa < 0 || (event.quantity.mantissa == 0 && !may_be_zero)) {
    return fail(ErrorCode::kInvalidValue, fmt::format("the quantity of row {} is not positive", s.row_count),
                s.path);
  }
  if (!feed_joined_row_valid(event.joined_row, s.row_count)) {
    return fail(
        ErrorCode::kInvalidValue,
        fmt::format("row {} takes from an order that joins with row {}", s.row_count, event.joined_row),
        s.path);
  }
  s.last_exchange_ns = event.exchange_ns;
  s.last_local_ns = event.local_ns;
  s.lag_ns_min = std::min(s.lag_ns_min, event.local_ns - event.exchange_ns);
  s.price_decimals = std::max(s.price_decimals, event.price.decimals);
  s.quantity_decimals = std::max(s.quantity_decimals, event.quantity.decimals);
  s.quantity_max = std::max(s.quantity_max, to_double(event.quantity));
  if (event.kind == EventKind::kSnapshot && s.opening_row_count == s.row_count) ++s.opening_row_count;
  ++s.row_count;
  SpoolRecord record{event.exchange_ns, event.local_ns, event.price.mantissa, event.quantity.mantissa};
  record.joined_row = event.joined_row;
  record.price_decimals = event.price.decimals;
  record.quantity_decimals = event.quantity.decimals;
  record.kind = static_cast<std::uint8_t>(event.kind);
  record.side = static_cast<std::uint8_t>(event.side);
  return s.spool.append(record);
}

Result<void> FeedWriter::append_check(const FeedTouch& touch) {
  const auto put = [this](Side side, Decimal price, Decimal quantity) {
    SpoolRecord record{0, 0, price.mantissa, quantity.mantissa};
    record.price_decimals = price.decimals;
    record.quantity_decimals = quantity.decimals;
    record.kind = kSpoolCheck;
    record.side = static_cast<std::uint8_t>(side);
    return state_->spool.append(record);
  };
  auto bid = put(Side::kBuy, touch.bid_price, touch.bid_quantity);
  return bid ? put(Side::kSell, touch.ask_price, touch.ask_quantity) : bid;
}

Result<FeedWritten> FeedWriter::finish(const FeedMeta& meta) {
  State& s = *state_;
  if (s.row_count == 0) return fail(ErrorCode::kInvalidValue, "no market event to write", s.path);
  if (auto rewound = s.spool.rewind(); !rewound) return tl::unexpected(rewound.error());
  LayoutInput input;
  input.path = s.path;
  input.meta = &meta;
  input.tick = meta.tick.value_or(Decimal{1, s.price_decimals});
  input.lot = meta.lot.value_or(Decimal{1, s.quantity_decimals});
  input.row_count = s.row_count;
  input.opening_row_count = s.opening_row_count;
  input.local_shift_ns = std::max<std::int64_t>(0, meta.latency_floor_ns - s.lag_ns_min);
  // Rounded down by a little, so that a quantity just at the limit never overflows.
  input.wide_quantities = s.quantity_max / to_double(input.lot) > 2147483000.0;

  auto file = base::StagedFile::create(s.path);
  if (!file) return tl::unexpected(file.error());
  auto written = write_layout(s.spool, file->descriptor(), input);
  if (!written) return written;
  if (auto committed = file->commit(); !committed) return tl::unexpected(committed.error());
  return written;
}

}  // namespace soak::sim

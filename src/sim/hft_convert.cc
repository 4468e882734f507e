#include "sim/hft_convert.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>

namespace soak::sim {
namespace {

constexpr std::size_t kPageBytes = std::size_t{2} << 20;  // a large page
constexpr std::size_t kBlockRows = 1 << 16;
constexpr std::size_t kRowsExpectedMax = std::size_t{1} << 26;  // beyond it room is made as rows come
constexpr std::uint64_t kHftBoth = kHftExchange | kHftLocal;
constexpr std::uint32_t kKindBits = kFeedTradeBit | kFeedSnapshotBit;
constexpr std::uint32_t kClearBits = kKindBits;  // of a clear
constexpr std::uint8_t kUnknown = 0x80;

// The bits of a code for each kind of event.
constexpr std::array<std::uint8_t, 256> make_bits() {
  std::array<std::uint8_t, 256> bits{};
  bits.fill(kUnknown);
  bits[kHftDepth] = 0;
  bits[kHftTrade] = kFeedTradeBit;
  bits[kHftDepthClear] = kClearBits;
  bits[kHftDepthSnapshot] = kFeedSnapshotBit;
  return bits;
}
constexpr std::array<std::uint8_t, 256> kBits = make_bits();

// Usual rows are known by a byte: the kind, below 16, and the four flags. The bits of their code; kUnknown
// for all others: of another kind, clears, without a side or with two, not seen by both.
constexpr std::size_t code_index(std::uint64_t event) {
  return static_cast<std::size_t>((event & 0xf) | (event >> 24 & 0xf0));
}
constexpr std::array<std::uint8_t, 256> make_codes() {
  std::array<std::uint8_t, 256> codes{};
  codes.fill(kUnknown);
  for (const std::uint64_t kind : {kHftDepth, kHftTrade, kHftDepthSnapshot}) {
    for (const std::uint64_t side : {kHftBuy, kHftSell}) {
      const bool ask = (kind == kHftTrade) == (side == kHftBuy);
      codes[code_index(kind | kHftBoth | side)] =
          static_cast<std::uint8_t>(kBits[kind] | (ask ? kFeedAskBit : 0));
    }
  }
  return codes;
}
constexpr std::array<std::uint8_t, 256> kCodes = make_codes();

// Negative where `a` is less, of times in range.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t out_of_range(std::int64_t time_ns) {
  return time_ns | minus(kFeedTimeNsMax, time_ns);
}

// The nearest whole number of |value| < 2^51, without a call: the addition shifts the fraction out.
constexpr double kMagic = 6755399441055744.0;
std::int64_t low_bits(double shifted) {
  return std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(kMagic);
}
std::int64_t nearest(double value) {
  return low_bits(value + kMagic);
}

// How far a price may lie from a whole number of ticks, in ticks; for quantities in lots.
constexpr double kStepTolerance = 1e-3;
constexpr std::uint64_t kLotsMax = 2147483647;

}  // namespace

template <class T>
void ReplayColumn<T>::reserve(std::size_t count) {
  if (count <= capacity_) return;
  const std::size_t wanted = std::max(count, 2 * capacity_);
  const std::size_t bytes = (wanted * sizeof(T) + kPageBytes - 1) / kPageBytes * kPageBytes;
  std::unique_ptr<T[], Free> wider(static_cast<T*>(std::aligned_alloc(kPageBytes, bytes)));
  if (!wider) throw std::bad_alloc();
  static_cast<void>(::madvise(wider.get(), bytes, MADV_HUGEPAGE));  // a hint
  if (capacity_ > 0) std::memcpy(static_cast<void*>(wider.get()), values_.get(), capacity_ * sizeof(T));
  values_ = std::move(wider);
  capacity_ = bytes / sizeof(T);
}

void HftConverted::Columns::reserve(std::size_t count) {
  times_ns.reserve(count + kFeedPaddingRowsMin);
  rows.reserve(count + kFeedPaddingRowsMin);
}

void HftConverted::Columns::pad() {
  reserve(size);
  for (std::size_t k = size; k < size + kFeedPaddingRowsMin; ++k) {
    times_ns.data()[k] = kFeedPaddingNs;
    rows.data()[k] = {0, 0};
  }
}

ReplayFeed HftConverted::feed() const {
  ReplayFeed feed;
  feed.row_count = row_count_;
  feed.exchange = exchange_.view();
  feed.local = {local_.times_ns.data(), split_ ? local_.rows.data() : exchange_.rows.data(), local_.size};
  feed.slots = slots_;
  feed.instrument = instrument_;
  return feed;
}

// First each price stands in its row as ticks × 8 + bits; once the range is known they become slots.
class HftConverted::Converter {
 public:
  Converter(HftConverted& out, const HftRows& source)
      : out_(out),
        source_(source),
        ticks_a_unit_(1 / out.instrument_.tick_size),
        lots_a_unit_(1 / out.instrument_.lot_size) {}

  Result<void> add(std::span<const HftRow> rows);
  Result<void> finish();

 private:
  bool add_usual(std::span<const HftRow> rows);
  Result<void> add_any(std::span<const HftRow> rows);
  Result<void> add_row(const HftRow& row, std::size_t number);
  void put(const HftRow& row, std::uint32_t bits, std::int64_t ticks, std::int64_t lots);
  void include(std::int64_t ticks) {
    range_.low = std::min(range_.low, static_cast<std::int32_t>(ticks));
    range_.high = std::max(range_.high, static_cast<std::int32_t>(ticks));
  }
  void split();
  void to_slots(Columns& columns) const;
  tl::unexpected<Error> error(std::size_t number, std::string_view what,
                              ErrorCode code = ErrorCode::kInvalidValue) const {
    return fail(code, fmt::format("row {} (offset {}): {}", number, source_.offset_of(number), what),
                source_.path());
  }

  HftConverted& out_;
  const HftRows& source_;
  double ticks_a_unit_;
  double lots_a_unit_;
  Range range_;
  std::int64_t last_exchange_ns_ = 0;
  std::int64_t last_local_ns_ = 0;
};

// Rows that both sides see, of known kinds with a side, in order and in range: all at once, without a branch
// a row. False where some row is not like that; then nothing was added.
bool HftConverted::Converter::add_usual(std::span<const HftRow> rows) {
  if (out_.split_) return false;
  const std::size_t first = out_.exchange_.size;
  std::int64_t* const exchange = out_.exchange_.times_ns.data() + first;
  std::int64_t* const local = out_.local_.times_ns.data() + first;
  FeedRow* const packed = out_.exchange_.rows.data() + first;
  std::int64_t last_exchange = last_exchange_ns_, last_local = last_local_ns_;
  Range range = range_;
  // What is wrong is gathered and looked at once: no test in here is a branch.
  std::uint64_t odd_bits = 0;
  std::int64_t backwards = 0;  // negative where a time was out of range, or before the one before it
  bool in_steps = true;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const HftRow& row = rows[k];
    const std::uint32_t code = kCodes[code_index(row.event)];
    odd_bits |= code | (row.event & 0xf0);
    backwards |= out_of_range(row.exchange_ns) | out_of_range(row.local_ns) |
                 minus(row.exchange_ns, last_exchange) | minus(row.local_ns, last_local);
    last_exchange = row.exchange_ns;
    last_local = row.local_ns;
    const double ticks = row.price * ticks_a_unit_, lots = row.quantity * lots_a_unit_;
    const double ticks_shifted = ticks + kMagic, lots_shifted = lots + kMagic;
    const std::int64_t price = low_bits(ticks_shifted), quantity = low_bits(lots_shifted);
    // A sum, so that what is no number fails as well.
    const double off =
        std::fabs(ticks - (ticks_shifted - kMagic)) + std::fabs(lots - (lots_shifted - kMagic));
    in_steps &= (off < kStepTolerance) & (static_cast<std::uint64_t>(price - 1) < kFeedPriceTicksMax) &
                (static_cast<std::uint64_t>(quantity) <= kLotsMax);
    const auto price_ticks = static_cast<std::int32_t>(price);
    range.low = std::min(range.low, price_ticks);
    range.high = std::max(range.high, price_ticks);
    exchange[k] = row.exchange_ns;
    local[k] = row.local_ns;
    packed[k] = {static_cast<std::int32_t>(static_cast<std::uint32_t>(price_ticks) << 3 | code),
                 static_cast<std::int32_t>(quantity)};
  }
  if ((odd_bits & 0xf0) != 0 || backwards < 0 || !in_steps) return false;
  range_ = range;
  last_exchange_ns_ = last_exchange;
  last_local_ns_ = last_local;
  out_.exchange_.size = out_.local_.size = first + rows.size();
  return true;
}

Result<void> HftConverted::Converter::add(std::span<const HftRow> rows) {
  out_.exchange_.reserve(out_.exchange_.size + rows.size());
  out_.local_.times_ns.reserve(out_.local_.size + rows.size() + kFeedPaddingRowsMin);
  Result<void> done;
  if (!add_usual(rows)) done = add_any(rows);
  out_.row_count_ += rows.size();
  return done;
}

Result<void> HftConverted::Converter::add_any(std::span<const HftRow> rows) {
  split();
  out_.exchange_.reserve(out_.exchange_.size + 2 * rows.size());  // a clear of the whole book takes two rows
  out_.local_.reserve(out_.local_.size + 2 * rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (auto added = add_row(rows[k], out_.row_count_ + k); !added) return added;
  }
  return {};
}

// From here on the subscriber's rows are columns of their own.
void HftConverted::Converter::split() {
  if (out_.split_) return;
  out_.split_ = true;
  out_.local_.reserve(out_.local_.size);
  if (out_.local_.size > 0) {
    std::memcpy(static_cast<void*>(out_.local_.rows.data()), out_.exchange_.rows.data(),
                out_.local_.size * sizeof(FeedRow));
  }
}

Result<void> HftConverted::Converter::add_row(const HftRow& row, std::size_t number) {
  const std::uint8_t kind = row.event & 0xff;
  if (kind >= 10 && kind <= 13)
    return error(number, "an order-by-order event; make a .feed of it with soak feed import, and replay that",
                 ErrorCode::kUnsupported);
  for (const std::int64_t time_ns : {row.exchange_ns, row.local_ns}) {
    if (time_ns < 0 || time_ns > kFeedTimeNsMax)
      return error(number, fmt::format("time {} is not between 0 and {} ns", time_ns, kFeedTimeNsMax));
  }
  if ((row.event & kHftExchange) != 0) {
    if (row.exchange_ns < last_exchange_ns_) return error(number, "exchange time runs backwards");
    last_exchange_ns_ = row.exchange_ns;
  }
  if ((row.event & kHftLocal) != 0) {
    if (row.local_ns < last_local_ns_) return error(number, "local time runs backwards");
    last_local_ns_ = row.local_ns;
  }
  const bool buy = (row.event & kHftBuy) != 0, sell = (row.event & kHftSell) != 0;
  const std::uint32_t bits = kBits[kind];
  if (bits == kClearBits) {
    const double ticks = row.price * ticks_a_unit_;
    if (!(ticks >= 0) || !(ticks <= kFeedPriceTicksMax)) return error(number, "a price out of range");
    const bool all = buy == sell;
    const std::int64_t price = all ? 0 : nearest(ticks);
    if (price > 0) include(price);
    if (all || buy) put(row, bits, price, 0);
    if (all || sell) put(row, bits | kFeedAskBit, price, 0);
    return {};
  }
  if (bits == kUnknown || (!buy && !sell)) {
    put(row, kUnknown, 0, 0);
    return {};
  }
  const double ticks = row.price * ticks_a_unit_, lots = row.quantity * lots_a_unit_;
  if (!(ticks > 0.5) || !(ticks <= kFeedPriceTicksMax)) {
    return error(number, fmt::format("price {} is not between one tick and {} ticks of {}", row.price,
                                     kFeedPriceTicksMax, out_.instrument_.tick_size));
  }
  if (!(std::fabs(ticks - std::round(ticks)) < kStepTolerance)) {
    return error(number, fmt::format("price {} is no whole number of ticks of {}: give the --tick", row.price,
                                     out_.instrument_.tick_size));
  }
  if (!(lots > -0.5) || !(lots <= static_cast<double>(kLotsMax))) {
    return error(number, fmt::format("quantity {} is not between 0 and {} lots of {}", row.quantity, kLotsMax,
                                     out_.instrument_.lot_size));
  }
  if (!(std::fabs(lots - std::round(lots)) < kStepTolerance)) {
    return error(number, fmt::format("quantity {} is no whole number of lots of {}: give the --lot",
                                     row.quantity, out_.instrument_.lot_size));
  }
  const bool ask = (bits == kFeedTradeBit) == buy;
  const std::int64_t price = nearest(ticks);
  include(price);
  put(row, bits | (ask ? kFeedAskBit : 0), price, nearest(lots));
  return {};
}

void HftConverted::Converter::put(const HftRow& row, std::uint32_t bits, std::int64_t ticks,
                                  std::int64_t lots) {
  // What changes nothing: a trade of nothing at no price.
  const std::int64_t code = bits == kUnknown ? kFeedTradeBit : ticks * 8 + bits;
  const FeedRow packed = {static_cast<std::int32_t>(code), static_cast<std::int32_t>(lots)};
  const auto append = [&packed](Columns& columns, std::int64_t time_ns) {
    columns.times_ns.data()[columns.size] = time_ns;
    columns.rows.data()[columns.size++] = packed;
  };
  if ((row.event & kHftExchange) != 0) append(out_.exchange_, row.exchange_ns);
  if ((row.event & kHftLocal) != 0) append(out_.local_, row.local_ns);
}

void HftConverted::Converter::to_slots(Columns& columns) const {
  const FeedSlots& slots = out_.slots_;
  // On each side and kind the slot is a constant plus or minus the price.
  std::array<std::int32_t, 8> origin{}, sign{};
  for (int key = 0; key < 8; ++key) {
    const int ask = key & kFeedAskBit;
    const std::uint32_t bits = static_cast<std::uint32_t>(key) & kKindBits;
    const bool trade = bits == kFeedTradeBit, clear = bits == kClearBits;
    const EventKind kind = clear ? EventKind::kClear : trade ? EventKind::kTrade : EventKind::kDepth;
    const Side side = (ask != 0) == trade ? Side::kBuy : Side::kSell;
    const std::int32_t at_low = slots.code(kind, side, slots.price_ticks_min) >> 3;
    sign[static_cast<std::size_t>(key)] = clear || (ask != 0) == trade ? 1 : -1;
    origin[static_cast<std::size_t>(key)] =
        at_low - sign[static_cast<std::size_t>(key)] * slots.price_ticks_min;
  }
  FeedRow* const rows = columns.rows.data();
  for (std::size_t k = 0; k < columns.size; ++k) {
    const auto key = static_cast<std::size_t>(rows[k].code & 7);
    const std::int32_t ticks = rows[k].code >> 3;
    const std::int32_t slot = ticks == 0 ? 2 * slots.region() : origin[key] + sign[key] * ticks;
    rows[k].code = static_cast<std::int32_t>(static_cast<std::uint32_t>(slot) << 3 | key);
  }
}

Result<void> HftConverted::Converter::finish() {
  if (out_.exchange_.size == 0 || out_.local_.size == 0)
    return fail(ErrorCode::kInvalidValue, "no event that exchange and subscriber see", source_.path());
  range_.low = std::min(range_.low, range_.high);
  if (range_.high - range_.low > kFeedPriceRangeMax) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("prices span {} ticks of {}, more than {}: give a larger --tick",
                            range_.high - range_.low, out_.instrument_.tick_size, kFeedPriceRangeMax),
                source_.path());
  }
  out_.slots_ = {range_.low, range_.high};
  to_slots(out_.exchange_);
  if (out_.split_) to_slots(out_.local_);
  out_.exchange_.pad();
  out_.local_.pad();
  return {};
}

Result<HftConverted> HftConverted::convert(HftRows& rows, const Instrument& instrument) {
  HftConverted converted;
  converted.instrument_ = instrument;
  // A packed file only claims its rows.
  const std::size_t expected = std::min<std::uint64_t>(rows.row_count(), kRowsExpectedMax);
  converted.exchange_.reserve(expected);
  converted.local_.times_ns.reserve(expected + kFeedPaddingRowsMin);
  Converter converter(converted, rows);
  for (;;) {
    auto piece = rows.next();
    if (!piece) return tl::unexpected(piece.error());
    if (piece->empty()) break;
    // Block by block, so that an odd row costs a second look at few others.
    for (std::size_t first = 0; first < piece->size(); first += kBlockRows) {
      const std::size_t count = std::min(kBlockRows, piece->size() - first);
      if (auto added = converter.add(piece->subspan(first, count)); !added)
        return tl::unexpected(added.error());
    }
  }
  if (auto finished = converter.finish(); !finished) return tl::unexpected(finished.error());
  return converted;
}

}  // namespace soak::sim

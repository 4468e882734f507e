#pragma once
// The .feed file, to the byte; docs/formats/feed.md says the same in words. Little-endian, columns that a
// replay reads in place:
//
//   header | exchange_ns[] | local_ns[] | rows[] | (wide quantity_lots[]) | (joined_row[]) | keyframe levels
//   | keyframe index | checksums
//
// Every byte is covered by a check: the header by its own CRC, each column by one CRC for each block of
// rows_per_block rows, the rows of padding behind each column by their fixed values, each keyframe by its
// CRC, the index and the table of checksums by index_crc.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "sim/market_event.h"

namespace soak::sim {

static_assert(std::endian::native == std::endian::little, "a .feed file is mapped, not converted");

inline constexpr char kFeedMagic[8] = {'S', 'O', 'A', 'K', 'F', 'E', 'E', 'D'};
inline constexpr std::uint32_t kFeedVersion = 2;
// Of a feed with kFeedFlagByOrder, so that a program that does not know the column says so.
inline constexpr std::uint32_t kFeedVersionByOrder = 3;
inline constexpr std::uint32_t kFeedRowsPerBlock = 4096;
inline constexpr std::uint32_t kFeedRowsPerKeyframe = 65536;
inline constexpr std::uint64_t kFeedFlagWideQuantities = 1;
inline constexpr std::uint64_t kFeedFlagByOrder = 2;  // a column joined_row
// A row of a feed by order takes lots away from one order of the market: a trade executes it, a depth row
// holds what was executed or cancelled of it. joined_row is the row with which that order joined its queue.
// One of ours that enters when the rows before R have passed stands behind it where joined_row < R, else
// before it. Two values name no row. It joined before the feed began, or where the feed did not see it:
inline constexpr std::int64_t kFeedJoinedUnseen = -1;
// No displayed order: the row adds, or a level comes into sight or leaves it; a trade of a hidden order,
// which stands behind each displayed one of its price.
inline constexpr std::int64_t kFeedJoinedNone = std::numeric_limits<std::int64_t>::max();
// A replay loop may run to the first time beyond its limit without counting rows: padding rows have this
// time.
inline constexpr std::int64_t kFeedPaddingNs = std::numeric_limits<std::int64_t>::max();
// Times lie between 0 and this, the year 2096, so that no sum or difference of two overflows.
inline constexpr std::int64_t kFeedTimeNsMax = 4'000'000'000'000'000'000;
inline constexpr std::uint64_t kFeedPaddingRowsMin = 16;
inline constexpr std::int32_t kFeedPriceTicksMax = (1 << 28) - 1;
// The most ticks between the lowest and the highest price: three regions of slots fit a code.
inline constexpr std::int32_t kFeedPriceRangeMax = 89'000'000;

struct FeedHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t file_bytes;
  std::uint64_t row_count;
  std::uint32_t rows_per_block;
  std::uint32_t rows_per_keyframe;
  std::uint64_t flags;
  std::uint64_t opening_row_count;  // leading snapshot rows: the book that the feed opens with
  std::uint64_t exchange_offset;
  std::uint64_t local_offset;
  std::uint64_t rows_offset;
  std::uint64_t quantity_offset;  // 0 without kFeedFlagWideQuantities
  std::uint64_t keyframes_offset;
  std::uint64_t keyframe_index_offset;
  std::uint64_t keyframe_count;
  std::uint64_t checksums_offset;
  std::uint64_t block_count;
  std::int64_t first_exchange_ns;
  std::int64_t last_exchange_ns;
  std::int64_t first_local_ns;
  std::int64_t last_local_ns;
  std::int64_t tick_mantissa;
  std::int64_t lot_mantissa;
  std::uint32_t tick_decimals;
  std::uint32_t lot_decimals;
  std::int32_t price_ticks_min;  // over all rows but clears
  std::int32_t price_ticks_max;
  std::int64_t quantity_lots_max;
  std::uint64_t depth_rows;
  std::uint64_t trade_rows;
  std::uint64_t snapshot_rows;
  std::uint64_t clear_rows;
  std::uint64_t sequence_breaks;  // gaps in the recording that a later snapshot bridged
  std::uint64_t states_compared;  // book states that the source allowed to compare with its best bid and ask
  std::uint64_t states_agreed;
  std::int64_t local_shift_ns;    // added to the recorded local times
  std::int64_t latency_floor_ns;  // what the fastest message was assumed to take; 0 where nothing was shifted
  std::uint64_t
      times_raised;  // messages whose exchange time was raised to that of the one before in their stream
  std::uint32_t index_crc;  // of the keyframe index followed by the checksums
  std::uint32_t reserved_word;
  char source[24];              // importer, NUL padded
  char symbol[32];              // NUL padded
  std::uint64_t joined_offset;  // 0 without kFeedFlagByOrder
  char reserved[156];
  std::uint32_t header_crc;  // of the 508 bytes before
};
static_assert(sizeof(FeedHeader) == 512 && std::is_trivially_copyable_v<FeedHeader>);
static_assert(offsetof(FeedHeader, header_crc) == 508 && offsetof(FeedHeader, symbol) == 312 &&
              offsetof(FeedHeader, joined_offset) == 344);

// code = slot * 8 + snapshot * 4 + trade * 2 + ask, where slot is a place in one flat array (FeedSlots). A
// trade stands on the side that it consumes; trade and snapshot together mean clear.
struct FeedRow {
  std::int32_t code;
  std::int32_t quantity_lots;  // 0 in a feed with wide quantities
};
static_assert(sizeof(FeedRow) == 8);

inline constexpr std::int32_t kFeedAskBit = 1;
inline constexpr std::int32_t kFeedTradeBit = 2;
inline constexpr std::int32_t kFeedSnapshotBit = 4;

struct FeedKeyframe {
  std::uint64_t row;  // the book before this row
  std::uint64_t offset;
  std::uint32_t bid_count;
  std::uint32_t ask_count;
  std::uint32_t crc;
  std::uint32_t reserved;
};
static_assert(sizeof(FeedKeyframe) == 32);

// In a keyframe: the bids, best first, then the asks, best first.
struct FeedLevel {
  std::int64_t price_ticks;
  std::int64_t quantity_lots;
  friend bool operator==(const FeedLevel&, const FeedLevel&) = default;
};
static_assert(sizeof(FeedLevel) == 16);

inline EventKind feed_kind(std::int32_t code) {
  constexpr EventKind kKinds[4] = {EventKind::kDepth, EventKind::kTrade, EventKind::kSnapshot,
                                   EventKind::kClear};
  return kKinds[(code >> 1) & 3];
}

inline Side feed_side(std::int32_t code) {
  const bool ask = (code & kFeedAskBit) != 0;
  return ask == (feed_kind(code) == EventKind::kTrade) ? Side::kBuy : Side::kSell;
}

// Where the levels of a feed stand in one flat array, so that a replay finds a row's level without a look at
// anything else. Three regions of one sentinel and a slot a price in [price_ticks_min, price_ticks_max]:
//   bids    ascending prices: better is greater
//   asks    descending prices: better is greater here too, and slot + opposite slot of a price is constant
//   trades  those that consume asks ascending, those that consume bids descending: deeper is greater
// A clear stands at the sentinel of the third (all levels of its side) or, as a trade that consumes asks, at
// the price up to which the levels from the best on are void.
struct FeedSlots {
  std::int32_t price_ticks_min = 0;
  std::int32_t price_ticks_max = 0;
  bool operator==(const FeedSlots&) const = default;

  std::int32_t region() const { return price_ticks_max - price_ticks_min + 2; }
  std::int32_t size() const { return 3 * region(); }
  // `ask`: 0 or 1. Also for prices out of range, for comparisons only.
  std::int32_t level(int ask, std::int32_t price_ticks) const {
    return ask == 0 ? 1 + price_ticks - price_ticks_min : region() + 1 + price_ticks_max - price_ticks;
  }
  std::int32_t level_price(int ask, std::int32_t slot) const {
    return ask == 0 ? price_ticks_min + slot - 1 : price_ticks_max + region() + 1 - slot;
  }
  // The level of the other side at the same price.
  std::int32_t opposite(std::int32_t slot) const { return 2 * region() - slot; }
  // Of a trade that reaches just this level.
  std::int32_t trade(int ask, std::int32_t level_slot) const { return (3 + ask) * region() - level_slot; }

  std::int32_t code(EventKind kind, Side side, std::int32_t price_ticks) const {
    if (kind == EventKind::kTrade) {
      const int ask = side == Side::kBuy;
      return trade(ask, level(ask, price_ticks)) * 8 + kFeedTradeBit + ask;
    }
    const int ask = side == Side::kSell;
    if (kind == EventKind::kClear)
      return clear_slot(price_ticks) * 8 + kFeedSnapshotBit + kFeedTradeBit + ask;
    return level(ask, price_ticks) * 8 + (kind == EventKind::kSnapshot ? kFeedSnapshotBit : 0) + ask;
  }
  std::int32_t price(std::int32_t row_code) const {
    const int ask = row_code & kFeedAskBit;
    const std::int32_t slot = row_code >> 3;
    switch (feed_kind(row_code)) {
      case EventKind::kTrade:
        return level_price(ask, (3 + ask) * region() - slot);
      case EventKind::kClear:
        return slot == 2 * region() ? 0 : price_ticks_min + slot - 2 * region() - 1;
      default:
        return level_price(ask, slot);
    }
  }
  // No other code may reach a replay, which takes the slot on trust.
  bool valid(std::int32_t row_code) const {
    const int ask = row_code & kFeedAskBit;
    const std::int32_t slot = row_code >> 3;
    const EventKind kind = feed_kind(row_code);
    if (kind == EventKind::kTrade) return slot > 2 * region() && slot < size();
    if (kind == EventKind::kClear) return slot >= 2 * region() && slot < size();
    return slot > ask * region() && slot < (1 + ask) * region();
  }

 private:
  std::int32_t clear_slot(std::int32_t price_ticks) const {
    return 2 * region() + (price_ticks == 0 ? 0 : 1 + price_ticks - price_ticks_min);
  }
};

// `row`: the row's own number.
inline bool feed_joined_row_valid(std::int64_t joined_row, std::size_t row) {
  return joined_row == kFeedJoinedNone ||
         (joined_row >= kFeedJoinedUnseen && joined_row < static_cast<std::int64_t>(row));
}

// Entries in each column: the rows, at least kFeedPaddingRowsMin of padding, and so many that the next column
// is aligned to 64 bytes.
inline std::uint64_t feed_padded_rows(std::uint64_t row_count) {
  return (row_count + kFeedPaddingRowsMin + 7) / 8 * 8;
}

}  // namespace soak::sim

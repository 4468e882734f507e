#pragma once
// Import of Binance websocket recordings (lines `<local_ns> <raw JSON>`, gzip, zstd or plain) into a .feed
// file.
//
// The book starts at the first snapshot: depth messages recorded before it are kept, those that it already
// holds (u <= lastUpdateId) are dropped, and the next must continue it. From then on each depth message must
// continue the one before (spot: U = last u + 1; futures: pu = last u); anything else is a gap. A book that
// is crossed after a message is as bad as a gap.
//
// Times. A row bears the exchange's time, T where the message has one and else E, and rows are sorted by it:
// a trade that arrived after the depth message that already holds it is put back before it. Equal times:
// trades first, else in order of arrival. Within one stream time never decreases: a message stamped earlier
// than the one before gets that one's time. Where this would move a message by more than kReorderNsMax the
// recording is refused. Local time is that of reception, never decreasing in the order of the rows, and
// shifted as FeedMeta::latency_floor_ns says: a recorder's clock is not the exchange's, so their difference
// alone is not a latency.
//
// bookTicker has no exchange time in spot, and gives no rows: a depth message received after the snapshot is
// a comparable state when the last bookTicker received before it has an update id within [U, u]; the book
// after the message must then have that best bid and ask.

#include <soak/result.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/feed_writer.h"

namespace soak::sim {

struct BinanceImportOptions {
  std::optional<Decimal> tick;  // not set: the smallest decimal step seen
  std::optional<Decimal> lot;
  std::int64_t latency_floor_ns = 1'000'000;
  // After a gap or a crossed book, leave out depth until the next snapshot and start the book anew there.
  // Otherwise it is an error.
  bool resync = false;
  // Called now and then with the compressed bytes read of all files, for progress. May be empty.
  std::function<void(std::uint64_t bytes_read)> progress;
};

struct BinanceImportCounts {
  std::uint64_t lines = 0;
  std::uint64_t depth_messages = 0;
  std::uint64_t trade_messages = 0;
  std::uint64_t ticker_messages = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t other_messages = 0;
  std::uint64_t depth_dropped = 0;      // held by the snapshot already, or lost to a gap
  std::uint64_t trades_dropped = 0;     // before the book opened
  std::uint64_t snapshots_ignored = 0;  // while the book was in step
  std::uint64_t trade_ids_missing = 0;
  std::uint64_t sequence_breaks = 0;
  std::uint64_t times_raised = 0;        // exchange times, within a stream
  std::uint64_t messages_reordered = 0;  // put before one that arrived earlier
  std::int64_t local_delay_ns_max = 0;   // the most that sorting made a row be seen later
};

struct BinanceImport {
  BinanceImportCounts counts;
  FeedWritten written;
};

// Streams the files, in the order given, as one recording; replaces `out` whole or leaves it untouched.
// Errors name the file and line.
Result<BinanceImport> import_binance_raw(const std::vector<std::string>& paths, const std::string& out,
                                         const BinanceImportOptions& options = {});

}  // namespace soak::sim

#pragma once
// Import of a LOBSTER pair, one day's message file and order-book file, into a .feed file of level-2 rows.
//
// Line k of the order-book file is the book after message k. The book after the first message is the opening
// book; from then on each level that differs from the line before becomes a depth row, removals first. The
// book has only so many levels: one that leaves them is removed, one that enters is set, so that after each
// message the feed's book is exactly the line. An execution (types 4 and 5) is a trade before the depth rows
// that hold its effect; its aggressor is the side opposite to the resting order's. Executions of hidden
// orders between two ticks (at the mid price) are moved to the tick that the aggressor reached just before,
// so that they fill what stood better and nothing that stood worse.
//
// The order ids tell from which order an execution or a change takes lots away, and so the feed has
// order-by-order data (feed_format.h, joined_row), unless some order of types 1 to 4 bears no id.
//
// Cross trades (6) met no resting order, and halts (7) change nothing: both are counted and left out.
//
// Times are seconds after midnight at the exchange. They are taken as if that midnight were UTC's. There is
// no local time: it is the exchange's and FeedMeta::latency_floor_ns.

#include <soak/result.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sim/feed_writer.h"

namespace soak::sim {

struct LobsterImportOptions {
  std::optional<Decimal> tick;  // not set: 0.01
  std::optional<Decimal> lot;   // not set: 1
  std::string symbol;           // empty: from the message file's name
  std::string date;             // YYYY-MM-DD; empty: from the message file's name
  std::int64_t latency_floor_ns = 1'000'000;
  // Called now and then with the bytes read of both files, for progress. May be empty.
  std::function<void(std::uint64_t bytes_read)> progress;
};

struct LobsterImportCounts {
  std::uint64_t messages = 0;
  std::uint64_t levels = 0;  // of the order-book file
  std::uint64_t visible_executions = 0;
  std::uint64_t hidden_executions = 0;
  std::uint64_t hidden_between_ticks = 0;
  std::uint64_t cross_trades = 0;
  std::uint64_t halts = 0;              // halts that began
  std::uint64_t trades_dropped = 0;     // executions that the opening book holds already
  std::uint64_t orders_without_id = 0;  // messages of types 1 to 4 with an id of 0 or less
  // Visible executions of orders that were there before the file began or came while out of sight.
  std::uint64_t unseen_executions = 0;
};

struct LobsterImport {
  LobsterImportCounts counts;
  FeedWritten written;
};

// "TICKER_YYYY-MM-DD_..." as LOBSTER names its files; empty where it is not so.
struct LobsterName {
  std::string symbol;
  std::string date;
};
LobsterName lobster_name(const std::string& path);

// Midnight of "YYYY-MM-DD" in ns Unix UTC; nothing where that is no day from 1970 on.
std::optional<std::int64_t> midnight_of(const std::string& date);

// Replaces `out` whole or leaves it untouched. Errors name the file and line.
Result<LobsterImport> import_lobster(const std::string& messages, const std::string& books,
                                     const std::string& out, const LobsterImportOptions& options = {});

}  // namespace soak::sim

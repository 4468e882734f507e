#pragma once
// Import of hftbacktest's event files (hft_rows.h) into a .feed file.
//
// hftbacktest gives a row to its exchange, to its subscriber, or to both, and writes a row twice, once for
// each, where the order of the two differs. A feed has one order, that of the exchange: the exchange's rows
// are taken, each with its local time raised to that of the row before where it is earlier, and the
// subscriber's twins are dropped.
//
// Taken are depth, trade, depth clear and depth snapshot. A clear that leaves levels on its side becomes
// explicit removals. Other kinds, and rows without a side, which hftbacktest ignores too, are counted and
// left out.
//
// Order-by-order data (kinds 10 to 13, hft_orders.h) becomes rows of levels with the order that each takes
// from (feed_format.h, joined_row). Such a file tells its trades as fills: the trade rows beside them are
// counted and left out. A file that has orders and levels is refused, and so is one whose orders do not fit
// together.
//
// Snapshot rows that stand first are the opening book. hftbacktest's own snapshots bear the time 0: they get
// that of the first row behind them.

#include <soak/result.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/feed_writer.h"

namespace soak::sim {

struct HftImportOptions {
  std::optional<Decimal> tick;  // not set: the smallest decimal step seen
  std::optional<Decimal> lot;
  std::string symbol;                 // the files do not say it
  std::int64_t latency_floor_ns = 0;  // such files are made with sound latencies
  // Called now and then with the bytes read of all files, for progress. May be empty.
  std::function<void(std::uint64_t bytes_read)> progress;
};

struct HftImportCounts {
  std::uint64_t rows = 0;
  std::uint64_t depth_rows = 0;
  std::uint64_t trade_rows = 0;
  std::uint64_t snapshot_rows = 0;
  std::uint64_t clear_rows = 0;
  std::uint64_t order_rows = 0;            // order by order
  std::uint64_t trades_told_by_fills = 0;  // left out
  std::uint64_t local_only_rows = 0;       // the subscriber's twins
  std::uint64_t other_rows = 0;            // other kinds; without a side; empty trades
  std::uint64_t levels_cleared = 0;        // removals written for clears that left levels on their side
  std::uint64_t local_times_raised = 0;    // because the exchange's order is not the subscriber's
  std::int64_t local_delay_ns_max = 0;     // the most that made a row be seen later
  // Moments (one exchange time each) after which the best bid stood at or above the best ask, and where the
  // first one ends: "FILE: row 12 (offset 832)".
  std::uint64_t crossed_states = 0;
  std::string first_crossed;
};

struct HftImport {
  HftImportCounts counts;
  FeedWritten written;
};

// Streams the files, in the order given, as one recording; replaces `out` whole or leaves it untouched.
// Errors name the file, the row (from 1) and its offset in the unpacked bytes.
Result<HftImport> import_hftbacktest(const std::vector<std::string>& paths, const std::string& out,
                                     const HftImportOptions& options = {});

}  // namespace soak::sim

#pragma once
// Turns a spool of events into the columns, keyframes and checksums of a .feed file. Used by FeedWriter
// alone.

#include <soak/result.h>
#include <cstdint>
#include <string>

#include "sim/feed_decimal.h"
#include "sim/feed_spool.h"
#include "sim/feed_writer.h"

namespace soak::sim {

struct LayoutInput {
  std::string path;  // for errors
  const FeedMeta* meta = nullptr;
  Decimal tick;
  Decimal lot;
  std::uint64_t row_count = 0;
  std::uint64_t opening_row_count = 0;
  std::int64_t local_shift_ns = 0;
  bool wide_quantities = false;  // some quantity may not fit 31 bits of lots
};

// Reads the rewound spool to its end and writes the whole file to `descriptor`.
Result<FeedWritten> write_layout(FeedSpool& spool, int descriptor, const LayoutInput& input);

}  // namespace soak::sim

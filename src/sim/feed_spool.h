#pragma once
// The unnamed file that a FeedWriter collects its events in. Records are fixed size and live only as long as
// the process.

#include <soak/result.h>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "sim/feed_format.h"

namespace soak::sim {

struct SpoolRecord {
  std::int64_t exchange_ns = 0;
  std::int64_t local_ns = 0;
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  std::int64_t joined_row = kFeedJoinedNone;
  std::uint8_t price_decimals = 0;
  std::uint8_t quantity_decimals = 0;
  std::uint8_t kind = 0;  // of an EventKind, or kSpoolCheck
  std::uint8_t side = 0;
  std::uint8_t unused[4] = {};
};
static_assert(sizeof(SpoolRecord) == 48);
inline constexpr std::uint8_t kSpoolCheck = 255;  // one side of a best bid and ask that the book should have

class FeedSpool {
 public:
  // `path` is the file that will be written; the spool takes space in the same folder.
  static Result<FeedSpool> create(const std::string& path);
  Result<void> append(const SpoolRecord& record);
  // Back to the first record, for reading, after the last append or read; nothing can be appended afterwards.
  Result<void> rewind();
  // The next records in order, at most a buffer full; none at the end. Valid until the next call.
  Result<std::span<const SpoolRecord>> read();

 private:
  Result<void> flush();

  base::Descriptor descriptor_;
  std::string path_;
  std::vector<SpoolRecord> buffer_;
  std::int64_t read_offset_ = 0;
};

}  // namespace soak::sim

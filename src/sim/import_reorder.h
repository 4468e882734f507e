#pragma once
// Puts messages that arrive a little out of order into the order of exchange time, within bounded memory.

#include <soak/result.h>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sim/feed_writer.h"

namespace soak::sim {

// Farther back than this a message is not sorted but refused: the recording is broken. Holds a few thousand
// messages in memory.
inline constexpr std::int64_t kReorderNsMax = 5'000'000'000;

struct ImportBatch {  // the rows of one message
  std::int64_t exchange_ns = 0;
  std::int64_t local_ns = 0;
  int rank = 0;                    // at equal times, lower first; equal ranks in order of arrival
  std::vector<FeedEvent> rows;     // their times are set when they are written
  std::optional<FeedTouch> touch;  // what the book must show after the rows
};

class ImportReorder {
 public:
  explicit ImportReorder(FeedWriter& writer) : writer_(writer) {}

  // False where the batch lies more than kReorderNsMax behind the newest.
  bool fits(const ImportBatch& batch) const { return batch.exchange_ns >= newest_ns_ - kReorderNsMax; }
  // A batch that fits. Writes what can no longer be overtaken.
  Result<void> add(ImportBatch batch);
  Result<void> flush();

  std::uint64_t reordered() const { return reordered_; }
  std::int64_t local_delay_ns_max() const { return local_delay_ns_max_; }

 private:
  Result<void> write(const ImportBatch& batch);

  FeedWriter& writer_;
  std::deque<ImportBatch> waiting_;
  std::int64_t newest_ns_ = 0;
  std::int64_t written_local_ns_ = 0;
  std::uint64_t reordered_ = 0;
  std::int64_t local_delay_ns_max_ = 0;
};

}  // namespace soak::sim

#pragma once
// Writes a .feed file from a stream of events of any length. Memory stays flat: events go to an unnamed spool
// file in the folder of the target first, and finish() lays the columns out once their number, the tick and
// the lot are known. The file appears under its name whole and durable, by a rename, or not at all; the spool
// and the half-made file vanish with the writer, even when the process is killed (on file systems with
// unnamed files). Not thread safe.

#include <soak/result.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/feed_decimal.h"
#include "sim/feed_format.h"
#include "sim/market_event.h"

namespace soak::sim {

// A market event before the instrument's steps are known.
struct FeedEvent {
  std::int64_t exchange_ns = 0;
  std::int64_t local_ns = 0;
  Decimal price;
  Decimal quantity;
  EventKind kind = EventKind::kDepth;
  Side side = Side::kBuy;
  std::int64_t joined_row = kFeedJoinedNone;  // written where FeedMeta::by_order says so
};

// Best bid and ask as the source published them.
struct FeedTouch {
  Decimal bid_price, bid_quantity, ask_price, ask_quantity;
};

struct FeedMeta {
  std::string symbol;  // at most 31 bytes
  std::string source;  // the importer's name, at most 23 bytes
  // Not set: the smallest decimal step seen (0.01 where some price has two decimals and none has more; at
  // most 1).
  std::optional<Decimal> tick;
  std::optional<Decimal> lot;
  // Where some event was recorded earlier than this after its exchange time, all local times move later by
  // one amount, so that the fastest event takes exactly this long. Two clocks that disagree cannot tell a
  // latency; this is a stated assumption.
  std::int64_t latency_floor_ns = 0;
  std::uint64_t sequence_breaks = 0;
  std::uint64_t times_raised = 0;
  bool by_order = false;  // the events' joined rows hold
};

struct FeedWritten {
  std::uint64_t row_count = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t states_compared = 0;
  std::uint64_t states_agreed = 0;
  std::int64_t local_shift_ns = 0;
};

class FeedWriter {
 public:
  // Fails where the folder cannot be written to, or `path` is there and not a plain file.
  static Result<FeedWriter> create(const std::string& path);
  FeedWriter(FeedWriter&&) noexcept;
  FeedWriter& operator=(FeedWriter&&) noexcept;
  ~FeedWriter();

  // Neither time may decrease; quantities may be zero for depth only. kInvalidValue otherwise. An error ends
  // the writer's use.
  Result<void> append(const FeedEvent& event);
  // Says that the book, as of the events appended, should have this best bid and ask: counted in
  // states_compared and states_agreed.
  Result<void> append_check(const FeedTouch& touch);
  // Replaces `path`. Fails with kInvalidValue where no event was appended, a price or quantity is not a
  // multiple of its step, or a price needs more than 28 bits of ticks; kUnknownOutcome where the folder's
  // fsync failed after the rename.
  Result<FeedWritten> finish(const FeedMeta& meta);

 private:
  struct State;
  explicit FeedWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace soak::sim

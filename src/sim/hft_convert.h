#pragma once
// From hftbacktest's 64-byte rows to the columns of a replay: prices to slots, quantities to lots, checked
// row by row. Rows that only one of exchange and subscriber sees (their orders may differ) go to columns of
// their own. Events of unknown kinds stay as rows that change nothing, since their times count.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "sim/hft_rows.h"
#include "sim/replay_feed.h"

namespace soak::sim {

// A growing column of plain values that are written before they are read; large ones lie on large pages.
template <class T>
class ReplayColumn {
 public:
  // Room for `count` values; those that were there stay.
  void reserve(std::size_t count);
  T* data() { return values_.get(); }
  const T* data() const { return values_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(T* values) const { std::free(values); }
  };
  std::unique_ptr<T[], Free> values_;
  std::size_t capacity_ = 0;
};

class HftConverted {
 public:
  // Reads the rest of `rows`. kInvalidValue with the row and its byte offset: a price or quantity that is no
  // whole number of ticks or lots, not finite, or out of range; a time that runs backwards. kUnsupported for
  // order-by-order events.
  static Result<HftConverted> convert(HftRows& rows, const Instrument& instrument);

  // Valid as long as this object.
  ReplayFeed feed() const;

 private:
  struct Columns {
    ReplayColumn<std::int64_t> times_ns;
    ReplayColumn<FeedRow> rows;
    std::size_t size = 0;
    void reserve(std::size_t count);
    void pad();
    ReplayColumns view() const { return {times_ns.data(), rows.data(), size}; }
  };
  struct Range {
    std::int32_t low = kFeedPriceTicksMax;
    std::int32_t high = 0;
  };
  class Converter;

  std::size_t row_count_ = 0;
  Instrument instrument_;
  FeedSlots slots_;
  Columns exchange_;
  Columns local_;  // its rows only where they are not the exchange's
  bool split_ = false;
};

}  // namespace soak::sim

#pragma once
// A price-level book made for replay: both sides in one flat array, indexed by the slots of the feed
// (FeedSlots), in which better is greater on either side. A row costs one store and one branch that is hardly
// ever taken: only a row beyond the best of its side, or at a level that its owner watches, needs a closer
// look. Quantities are 31-bit lots. Levels that the other side has crossed stay as the feed left them, below
// the best. Not thread safe.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "sim/replay_feed.h"

namespace soak::sim {

class MirroredBook {
 public:
  // The low three bits of a row's code: which side it is about, and what kind it is.
  static constexpr int kKeys = 8;
  static constexpr int kAsk = kFeedAskBit, kTrade = kFeedTradeBit, kSnapshot = kFeedSnapshotBit;
  static constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max() / 2;

  explicit MirroredBook(const FeedSlots& slots) : slots_(slots) {
    // Pages that no row touches stay unmapped: the range may be wide.
    const auto count = static_cast<std::size_t>(slots.size()) + 2 * kBlock;
    storage_.reset(static_cast<std::int32_t*>(std::calloc(count, sizeof(std::int32_t))));
    if (!storage_) throw std::bad_alloc();
    levels_ = storage_.get() + 2 * kBlock;  // a search looks up to a block and one below the first slot
    empty();
  }

  const FeedSlots& slots() const { return slots_; }
  // A slot; none(side) where the side is empty.
  std::int32_t best(int side) const { return best_[side]; }
  std::int32_t none(int side) const { return side * slots_.region(); }
  bool two_sided() const { return best_[0] != none(0) && best_[1] != none(1); }
  std::int32_t best_ticks(int side) const { return slots_.level_price(side, best_[side]); }
  std::int64_t quantity_lots(int side, std::int32_t slot) const {
    return holds(side, slot) ? levels_[slot] & kLots : 0;
  }

  // Carries out the rows from `next` on up to `until_ns`, which is below kFeedPaddingNs, and returns the
  // first that lies beyond. look(row, key, slot, lots, lots_before) is called for the rows that need it,
  // after their store; false from it stops behind that row. kWatches: some level may be watched; without it
  // lots_before is 0.
  template <bool kWatches, class Look>
  [[gnu::noinline]] std::size_t advance(const ReplayColumns& columns, std::size_t next, std::int64_t until_ns,
                                        Look&& look) {
    const std::int64_t* const times = columns.times_ns;
    const FeedRow* const rows = columns.rows;
    std::int32_t* const levels = levels_;
    std::size_t row = next;
    for (; times[row] <= until_ns; ++row) {
      const auto packed = std::bit_cast<std::uint64_t>(rows[row]);
      const auto code = static_cast<std::uint32_t>(packed);
      const auto lots = static_cast<std::int32_t>(packed >> 32);
      const std::uint32_t key = code & (kKeys - 1);
      const std::uint32_t slot = code >> 3;
      const std::int32_t before = kWatches ? levels[slot] : 0;
      levels[slot] = lots;
      // One branch for both: negative where the row is beyond the mark, or the level is watched.
      const std::int32_t beyond = mark_[key] - static_cast<std::int32_t>(slot) - (lots == 0);
      if ((beyond | before) < 0) [[unlikely]] {
        if (kWatches) levels[slot] = lots | (before & kWatched);
        if (!look(row, static_cast<int>(key), static_cast<std::int32_t>(slot), lots, before & kLots))
          return row + 1;
      }
    }
    return row;
  }

  // After the store of a depth row: puts the best of both sides right. True where the side's best got better.
  bool update_best(int side, std::int32_t slot, std::int32_t lots) {
    if (lots == 0) {
      if (slot == best_[side]) set_best(side, first_below(slot));
      return false;
    }
    if (slot <= best_[side]) return false;
    set_best(side, slot);
    top_[side] = std::max(top_[side], slot);
    const int other = side ^ 1;
    const std::int32_t opposite = slots_.opposite(slot);
    if (best_[other] >= opposite) set_best(other, first_below(opposite));
    return true;
  }
  // A level told apart from any feed, better than all or not. Forgotten by reset().
  void set(int side, std::int32_t slot, std::int32_t lots) {
    levels_[slot] = lots;
    update_best(side, slot, lots);
    set_slots_.push_back(slot);
  }
  // As if newly made, where set() and the first `count` of these rows are all that it was told, and nothing
  // is watched. Costs one store a row, and not the whole array.
  void reset(const FeedRow* rows, std::size_t count) {
    for (std::size_t row = 0; row < count; ++row) levels_[rows[row].code >> 3] = 0;
    for (const std::int32_t slot : set_slots_) levels_[slot] = 0;
    set_slots_.clear();
    empty();
  }
  // The best level below; none() of the side at the end.
  std::int32_t next_below(std::int32_t slot) const { return first_below(slot); }
  // Until the best of the side changes, rows at it are looked at too.
  void see_size_of_best(int side) { mark_[side] = mark_[side | kSnapshot] = best_[side] - 1; }
  // Voids the levels of a side that a clear names by its slot.
  void clear(int side, std::int32_t clear_slot) {
    const std::int32_t all = 2 * slots_.region();
    const std::int32_t last = clear_slot == all
                                  ? none(side) + 1
                                  : slots_.level(side, slots_.price_ticks_min + clear_slot - all - 1);
    for (std::int32_t slot = top_[side]; slot >= last; --slot) {
      std::int32_t& level = levels_[slot];
      if ((level & kLots) != 0) level &= kWatched;  // pages never written stay unmapped
    }
    set_best(side, std::min(best_[side], first_below(last)));
    top_[side] = best_[side];
  }

  // Depth rows at a watched level are looked at, whatever their price.
  void watch(int side, std::int32_t slot, bool watched) {
    if (!holds(side, slot)) return;  // no row will come there
    std::int32_t& level = levels_[slot];
    level = (level & kLots) | (watched ? kWatched : 0);
  }
  // Trades that consume the side and reach beyond this slot are looked at.
  void set_trade_mark(int side, std::int32_t slot) { mark_[side | kTrade] = slot; }

 private:
  struct Free {
    void operator()(std::int32_t* levels) const { std::free(levels); }
  };
  static constexpr std::int32_t kWatched = std::numeric_limits<std::int32_t>::min();  // the sign bit
  static constexpr std::int32_t kLots = std::numeric_limits<std::int32_t>::max();

  void empty() {
    for (const int side : {0, 1}) {
      levels_[none(side)] = 1;  // the sentinel stops each search
      top_[side] = none(side);
      set_best(side, none(side));
      mark_[side | kTrade] = kNever;
      mark_[side | kTrade | kSnapshot] = -kNever;  // each clear is looked at
    }
  }
  bool holds(int side, std::int32_t slot) const {
    return slot > none(side) && slot < none(side) + slots_.region();
  }
  void set_best(int side, std::int32_t slot) { best_[side] = mark_[side] = mark_[side | kSnapshot] = slot; }
  // The sentinel at the latest. Mostly the next level; where a tick is fine, levels lie far apart, and empty
  // blocks are passed at once.
  std::int32_t first_below(std::int32_t slot) const {
    if ((levels_[--slot] & kLots) != 0) return slot;
    for (;;) {
      std::int32_t block[kBlock];
      std::memcpy(block, levels_ + slot - static_cast<std::int32_t>(kBlock), sizeof(block));
      std::int32_t any = 0;
      for (const std::int32_t level : block) any |= level;
      if ((any & kLots) != 0) break;
      slot -= static_cast<std::int32_t>(kBlock);
    }
    do --slot;
    while ((levels_[slot] & kLots) == 0);
    return slot;
  }

  static constexpr std::size_t kBlock = 16;
  std::unique_ptr<std::int32_t[], Free> storage_;
  std::int32_t* levels_;
  std::int32_t mark_[kKeys];
  std::int32_t best_[2];
  std::int32_t top_[2];  // nothing rests above: crossed levels lie between it and the best
  std::vector<std::int32_t> set_slots_;
  FeedSlots slots_;
};

}  // namespace soak::sim

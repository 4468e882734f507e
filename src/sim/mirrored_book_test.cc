#include "sim/mirrored_book.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"
#include "sim/book.h"

namespace soak::sim {
namespace {

// Rows with times 1, 2, 3, ... and their padding.
class Rows {
 public:
  explicit Rows(const FeedSlots& slots) : slots_(slots) {}
  void add(EventKind kind, Side side, std::int32_t price, std::int32_t lots) {
    rows_.push_back({slots_.code(kind, side, price), lots});
  }
  ReplayColumns columns() {
    times_.clear();
    for (std::size_t k = 0; k < rows_.size(); ++k) times_.push_back(static_cast<std::int64_t>(k) + 1);
    times_.push_back(kFeedPaddingNs);
    padded_ = rows_;
    padded_.push_back({0, 0});
    return {times_.data(), padded_.data(), rows_.size()};
  }

 private:
  FeedSlots slots_;
  std::vector<FeedRow> rows_, padded_;
  std::vector<std::int64_t> times_;
};

// A book that follows its feed and watches nothing.
void follow(MirroredBook& book, const ReplayColumns& columns, std::size_t& next, std::int64_t until_ns) {
  next = book.advance<false>(columns, next, until_ns,
                             [&](std::size_t, int key, std::int32_t slot, std::int32_t lots, std::int32_t) {
                               const int side = key & MirroredBook::kAsk;
                               if ((key & MirroredBook::kTrade) == 0)
                                 book.update_best(side, slot, lots);
                               else if ((key & MirroredBook::kSnapshot) != 0)
                                 book.clear(side, slot);
                               return true;
                             });
}

TEST(FeedSlots, GiveEachKindSideAndPriceACodeOfItsOwnAndBack) {
  const FeedSlots slots{90, 110};
  std::vector<std::int32_t> seen;
  for (const EventKind kind :
       {EventKind::kDepth, EventKind::kTrade, EventKind::kSnapshot, EventKind::kClear}) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      for (std::int32_t price = 90; price <= 110; ++price) {
        const std::int32_t code = slots.code(kind, side, price);
        EXPECT_TRUE(slots.valid(code));
        EXPECT_EQ(feed_kind(code), kind);
        EXPECT_EQ(feed_side(code), side);
        EXPECT_EQ(slots.price(code), price);
        EXPECT_EQ(std::count(seen.begin(), seen.end(), code), 0);
        seen.push_back(code);
      }
    }
  }
}

TEST(FeedSlots, RefuseACodeThatPointsElsewhere) {
  const FeedSlots slots{90, 110};
  for (const std::int32_t slot : {-1, 0, 22, 44, 66, 1 << 27}) {
    EXPECT_FALSE(slots.valid(slot * 8)) << slot;                  // a bid
    EXPECT_FALSE(slots.valid(slot * 8 + kFeedTradeBit)) << slot;  // a trade
  }
  EXPECT_FALSE(slots.valid(5 * 8 + kFeedAskBit));  // an ask among the bids
  for (const std::int32_t slot : {-1, 43, 66})     // a clear
    EXPECT_FALSE(slots.valid(slot * 8 + kFeedTradeBit + kFeedSnapshotBit)) << slot;
}

TEST(MirroredBook, BetterIsGreaterOnBothSidesAndAPriceMirrorsItself) {
  const FeedSlots slots{90, 110};
  EXPECT_GT(slots.level(0, 101), slots.level(0, 100));
  EXPECT_LT(slots.level(1, 101), slots.level(1, 100));
  EXPECT_EQ(slots.opposite(slots.level(0, 100)), slots.level(1, 100));
  EXPECT_EQ(slots.opposite(slots.level(1, 93)), slots.level(0, 93));
}

TEST(MirroredBook, KnowsNoBestUntilThereIsOne) {
  MirroredBook book({90, 110});
  EXPECT_FALSE(book.two_sided());
  Rows rows({90, 110});
  rows.add(EventKind::kDepth, Side::kBuy, 100, 5);
  rows.add(EventKind::kDepth, Side::kSell, 102, 4);
  std::size_t next = 0;
  const ReplayColumns columns = rows.columns();
  follow(book, columns, next, 1);
  EXPECT_EQ(next, 1U);
  EXPECT_FALSE(book.two_sided());
  follow(book, columns, next, 2);
  EXPECT_TRUE(book.two_sided());
  EXPECT_EQ(book.best_ticks(0), 100);
  EXPECT_EQ(book.best_ticks(1), 102);
}

TEST(MirroredBook, ALevelThatCrossesMovesTheOtherBestAwayAndLeavesTheCrossedLevelsAsTheyAre) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kSell, 101, 7);
  rows.add(EventKind::kDepth, Side::kSell, 103, 8);
  rows.add(EventKind::kDepth, Side::kBuy, 102, 5);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.best_ticks(0), 102);
  EXPECT_EQ(book.best_ticks(1), 103);
  EXPECT_EQ(book.quantity_lots(1, slots.level(1, 101)), 7);
}

TEST(MirroredBook, ALevelThatLocksMovesTheOtherBestAwayToo) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kSell, 101, 7);
  rows.add(EventKind::kDepth, Side::kSell, 103, 8);
  rows.add(EventKind::kDepth, Side::kBuy, 101, 5);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.best_ticks(1), 103);
}

TEST(MirroredBook, AClearVoidsCrossedLevelsToo) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kSell, 101, 7);
  rows.add(EventKind::kDepth, Side::kSell, 103, 8);
  rows.add(EventKind::kDepth, Side::kBuy, 102, 5);
  rows.add(EventKind::kClear, Side::kSell, 0, 0);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.best(1), book.none(1));
  EXPECT_EQ(book.best_ticks(0), 102);
  for (const std::int32_t price : {101, 103}) EXPECT_EQ(book.quantity_lots(1, slots.level(1, price)), 0);
}

TEST(MirroredBook, AClearUpToAPriceLeavesWhatIsBehind) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  for (const std::int32_t price : {95, 97, 99}) rows.add(EventKind::kDepth, Side::kBuy, price, 3);
  rows.add(EventKind::kClear, Side::kBuy, 97, 0);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.best_ticks(0), 95);
}

TEST(MirroredBook, AClearOfTheRestVoidsWhatAClearUpToAPriceLeft) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  for (const std::int32_t price : {95, 97, 99}) rows.add(EventKind::kDepth, Side::kBuy, price, 3);
  rows.add(EventKind::kClear, Side::kBuy, 97, 0);
  rows.add(EventKind::kClear, Side::kBuy, 0, 0);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.best(0), book.none(0));
  for (const std::int32_t price : {95, 97, 99}) EXPECT_EQ(book.quantity_lots(0, slots.level(0, price)), 0);
}

TEST(MirroredBook, AClearOfSomeCrossedLevelsDoesNotMakeAnotherOfThemTheBest) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  for (const std::int32_t price : {101, 102, 103}) rows.add(EventKind::kDepth, Side::kSell, price, 7);
  rows.add(EventKind::kDepth, Side::kBuy, 102, 5);
  rows.add(EventKind::kClear, Side::kSell, 101, 0);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.best_ticks(1), 103);
  EXPECT_EQ(book.quantity_lots(1, slots.level(1, 101)), 0);
  EXPECT_EQ(book.quantity_lots(1, slots.level(1, 102)), 7);
}

TEST(MirroredBook, ALevelIsWatchedBeyondAClear) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kBuy, 98, 4);
  rows.add(EventKind::kDepth, Side::kBuy, 100, 4);
  rows.add(EventKind::kClear, Side::kBuy, 0, 0);
  rows.add(EventKind::kDepth, Side::kBuy, 100, 2);
  rows.add(EventKind::kDepth, Side::kBuy, 98, 3);  // behind the best: only a watch makes it looked at
  const ReplayColumns columns = rows.columns();
  book.watch(0, slots.level(0, 98), true);
  int looks_after_clear = 0;
  book.advance<true>(columns, 0, 10,
                     [&](std::size_t row, int key, std::int32_t slot, std::int32_t lots, std::int32_t) {
                       if ((key & MirroredBook::kTrade) != 0)
                         book.clear(0, slot);
                       else
                         book.update_best(0, slot, lots);
                       looks_after_clear += row > 2 && slot == slots.level(0, 98);
                       return true;
                     });
  EXPECT_EQ(looks_after_clear, 1);
}

TEST(MirroredBook, TradesChangeNoLevel) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kBuy, 100, 5);
  rows.add(EventKind::kDepth, Side::kSell, 101, 5);
  rows.add(EventKind::kTrade, Side::kBuy, 101, 3);
  rows.add(EventKind::kTrade, Side::kSell, 90, 3);
  std::size_t next = 0;
  follow(book, rows.columns(), next, 10);
  EXPECT_EQ(book.quantity_lots(0, slots.level(0, 100)), 5);
  EXPECT_EQ(book.quantity_lots(1, slots.level(1, 101)), 5);
}

TEST(MirroredBook, LooksAtEachRowOfAWatchedLevelAndTellsWhatStoodThere) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kBuy, 100, 5);
  rows.add(EventKind::kDepth, Side::kBuy, 98, 4);
  rows.add(EventKind::kDepth, Side::kBuy, 99, 1);  // not watched, and behind the best
  rows.add(EventKind::kDepth, Side::kBuy, 98, 0);
  rows.add(EventKind::kDepth, Side::kBuy, 98, 6);
  const ReplayColumns columns = rows.columns();
  book.watch(0, slots.level(0, 98), true);
  std::vector<std::pair<std::int32_t, std::int32_t>> looks;
  const auto look = [&](std::size_t, int, std::int32_t slot, std::int32_t lots, std::int32_t before) {
    if (slot == slots.level(0, 98)) looks.emplace_back(before, lots);
    book.update_best(0, slot, lots);
    return true;
  };
  std::size_t next = book.advance<true>(columns, 0, 10, look);
  EXPECT_EQ(next, 5U);
  EXPECT_EQ(looks, (std::vector<std::pair<std::int32_t, std::int32_t>>{{0, 4}, {4, 0}, {0, 6}}));
  EXPECT_EQ(book.quantity_lots(0, slots.level(0, 98)), 6);
}

TEST(MirroredBook, StopsBehindTheRowWhoseLookSaysSo) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  Rows rows(slots);
  for (int k = 0; k < 3; ++k) rows.add(EventKind::kDepth, Side::kBuy, 95 + k, 5);
  const ReplayColumns columns = rows.columns();
  EXPECT_EQ(book.advance<false>(
                columns, 0, 10,
                [](std::size_t row, int, std::int32_t, std::int32_t, std::int32_t) { return row < 1; }),
            2U);
}

TEST(MirroredBook, IsAsNewAfterAResetThatKnowsItsRows) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  book.set(0, slots.level(0, 95), 7);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kBuy, 99, 3);
  rows.add(EventKind::kDepth, Side::kSell, 101, 4);
  const ReplayColumns columns = rows.columns();
  std::size_t next = 0;
  follow(book, columns, next, 2);
  ASSERT_TRUE(book.two_sided());
  book.reset(columns.rows, next);
  EXPECT_EQ(book.best(0), book.none(0));
  EXPECT_EQ(book.best(1), book.none(1));
  for (const int side : {0, 1}) {
    for (std::int32_t price = 90; price <= 110; ++price)
      EXPECT_EQ(book.quantity_lots(side, slots.level(side, price)), 0);
  }
}

TEST(MirroredBook, LooksAtTheSizeOfTheBestWhereItIsAskedTo) {
  const FeedSlots slots{90, 110};
  MirroredBook book(slots);
  book.set(0, slots.level(0, 98), 1);
  book.set(0, slots.level(0, 99), 1);
  book.see_size_of_best(0);
  Rows rows(slots);
  rows.add(EventKind::kDepth, Side::kBuy, 98, 8);
  rows.add(EventKind::kDepth, Side::kBuy, 99, 5);
  rows.add(EventKind::kDepth, Side::kBuy, 97, 5);
  std::vector<std::size_t> seen;
  book.advance<false>(rows.columns(), 0, 3,
                      [&](std::size_t row, int, std::int32_t, std::int32_t, std::int32_t) {
                        seen.push_back(row);
                        return true;
                      });
  EXPECT_EQ(seen, std::vector<std::size_t>{1});
}

// The plain book is the witness: same best prices and quantities after every row of a random feed that
// empties sides and clears them. It does not cross: there the plain book keeps both bests.
TEST(MirroredBook, AgreesWithThePlainBookOnRandomRows) {
  base::Rng rng(11);
  for (int round = 0; round < 20; ++round) {
    const FeedSlots slots{100, 140};
    MirroredBook book(slots);
    Book plain;
    Rows rows(slots);
    std::vector<MarketEvent> events;
    for (int k = 0; k < 400; ++k) {
      MarketEvent event;
      event.side = rng.below(2) == 0 ? Side::kBuy : Side::kSell;
      event.price_ticks =
          static_cast<std::int32_t>(event.side == Side::kBuy ? 100 + rng.below(20) : 121 + rng.below(20));
      event.quantity_lots = static_cast<std::int64_t>(rng.below(4));
      event.kind = rng.below(20) == 0 ? EventKind::kTrade : EventKind::kDepth;
      if (rng.below(100) == 0) {
        event.kind = EventKind::kClear;
        event.price_ticks = 0;
      }
      events.push_back(event);
      rows.add(event.kind, event.side, event.price_ticks, static_cast<std::int32_t>(event.quantity_lots));
    }
    const ReplayColumns columns = rows.columns();
    std::size_t next = 0;
    for (std::size_t k = 0; k < events.size(); ++k) {
      plain.apply(events[k]);
      follow(book, columns, next, static_cast<std::int64_t>(k) + 1);
      for (const int side : {0, 1}) {
        const auto best = plain.best(side == 0 ? Side::kBuy : Side::kSell);
        ASSERT_EQ(best.has_value(), book.best(side) != book.none(side)) << k;
        if (best) {
          ASSERT_EQ(*best, book.best_ticks(side)) << k;
        }
      }
    }
    for (std::int32_t price = 99; price <= 141; ++price) {
      EXPECT_EQ(plain.quantity(Side::kBuy, price), book.quantity_lots(0, slots.level(0, price)));
      EXPECT_EQ(plain.quantity(Side::kSell, price), book.quantity_lots(1, slots.level(1, price)));
    }
  }
}

}  // namespace
}  // namespace soak::sim

#include "sim/book.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace soak::sim {
namespace {

// The book that nobody could get wrong: one map a side.
struct PlainBook {
  std::map<std::int32_t, std::int64_t> side[2];
  void set(Side s, std::int32_t price, std::int64_t quantity) {
    auto& levels = side[s == Side::kBuy ? 0 : 1];
    if (quantity == 0) {
      levels.erase(price);
    } else {
      levels[price] = quantity;
    }
  }
  std::optional<std::int32_t> best(Side s) const {
    const auto& levels = side[s == Side::kBuy ? 0 : 1];
    if (levels.empty()) return std::nullopt;
    return s == Side::kBuy ? levels.rbegin()->first : levels.begin()->first;
  }
};

void expect_same(const Book& book, const PlainBook& plain, int step) {
  for (const Side side : {Side::kBuy, Side::kSell}) {
    ASSERT_EQ(book.best(side), plain.best(side)) << "step " << step;
  }
}

TEST(Book, AgreesWithOneMapASideWhereverPricesJump) {
  base::Rng random(7);
  Book book;
  PlainBook plain;
  std::int32_t centre = 100'000;
  for (int step = 0; step < 40'000; ++step) {
    if (random.below(400) == 0)
      centre = static_cast<std::int32_t>(1 + random.below(5'000'000));  // far beyond the array
    const Side side = random.below(2) == 0 ? Side::kBuy : Side::kSell;
    const auto price = centre + static_cast<std::int32_t>(random.below(60)) - 30;
    const auto quantity = static_cast<std::int64_t>(random.below(3));  // zero a third of the time
    book.set(side, price, quantity);
    plain.set(side, price, quantity);
    ASSERT_EQ(book.quantity(side, price), quantity);
    expect_same(book, plain, step);
  }
  const auto levels = book.levels(Side::kBuy, SIZE_MAX);
  ASSERT_EQ(levels.size(), plain.side[0].size());
  auto expected = plain.side[0].rbegin();
  for (const Level& level : levels) {
    EXPECT_EQ(level, (Level{expected->first, expected->second}));
    ++expected;
  }
}

TEST(Book, StartsAnewAfterAResetWhereverItWas) {
  base::Rng random(8);
  Book book;
  for (int round = 0; round < 20; ++round) {
    book.reset();
    EXPECT_FALSE(book.best(Side::kBuy) || book.best(Side::kSell));
    PlainBook plain;
    const auto centre = static_cast<std::int32_t>(20'000 + random.below(5'000'000));
    for (int step = 0; step < 300; ++step) {
      const Side side = random.below(2) == 0 ? Side::kBuy : Side::kSell;
      const auto price = centre + static_cast<std::int32_t>(random.below(40'000)) - 20'000;
      const auto quantity = static_cast<std::int64_t>(random.below(3));
      book.set(side, price, quantity);
      plain.set(side, price, quantity);
      expect_same(book, plain, step);
    }
    std::vector<Level> expected;
    for (const auto& [price, quantity] : plain.side[1]) expected.push_back({price, quantity});
    EXPECT_EQ(book.levels(Side::kSell, SIZE_MAX), expected) << "round " << round;
  }
}

TEST(Book, GivesTheMidInHalfTicksSoThatItStaysAnInteger) {
  Book book;
  book.set(Side::kBuy, 100, 5);
  EXPECT_FALSE(book.two_sided());
  book.set(Side::kSell, 103, 5);
  EXPECT_EQ(book.mid_half_ticks(), 203);
  EXPECT_FALSE(book.crossed());
}

TEST(Book, KeepsACrossedLevelBecauseTheFeedSaysSo) {
  Book book;
  book.set(Side::kBuy, 105, 1);
  book.set(Side::kSell, 103, 1);
  EXPECT_TRUE(book.crossed());
}

TEST(Book, IsEmptyOnASideThatWasCleared) {
  Book book;
  book.set(Side::kBuy, 100, 5);
  book.set(Side::kBuy, 5'000'000, 5);
  book.apply({0, 0, 0, EventKind::kClear, Side::kBuy, 0});
  EXPECT_FALSE(book.best(Side::kBuy).has_value());
  EXPECT_EQ(book.quantity(Side::kBuy, 100), 0);
}

}  // namespace
}  // namespace soak::sim

// Replay against its floors, in turn, in one process: `replay_and_floor FEED TICK LOT INTERVAL_MS ROUNDS`,
// FEED in hftbacktest's rows. Prints one JSON document: nanoseconds a row, medians.
//
// The floors keep two views of the book up to date from one decision to the next and do nothing else:
//   bare     from compact rows that already bear their place in one flat array
//   rows_64  from the 64-byte rows as they lie in the file, two books of two arrays
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/feed.h"
#include "sim/hft_convert.h"
#include "sim/replay.h"

namespace {

using namespace soak::sim;  // NOLINT: one small program about one room

struct BareBook {
  std::unique_ptr<std::int32_t[], decltype(&std::free)> level;  // pages that no row touches cost nothing
  std::int32_t best[8];
  FeedSlots slots;
  std::size_t next = 0;

  explicit BareBook(const FeedSlots& of)
      : level(static_cast<std::int32_t*>(std::calloc(static_cast<std::size_t>(of.size()), 4)), &std::free),
        slots(of) {
    for (const int key : {0, 1, 4, 5}) best[key] = (key & 1) * slots.region();
    for (const int key : {2, 3, 6, 7}) best[key] = 1 << 30;
    level[0] = level[static_cast<std::size_t>(slots.region())] = 1;
  }
  [[gnu::noinline]] void move_best(int key, std::int32_t slot, std::int32_t lots) {
    const auto below = [this](std::int32_t from) {
      while (level[static_cast<std::size_t>(--from)] == 0) {
      }
      return from;
    };
    const int side = key & 1;
    if (lots == 0) {
      if (slot == best[side]) best[side] = best[side | 4] = below(slot);
      return;
    }
    best[side] = best[side | 4] = slot;
    if (slots.opposite(slot) <= best[side ^ 1])
      best[side ^ 1] = best[(side ^ 1) | 4] = below(slots.opposite(slot));
  }
  void advance(const ReplayColumns& columns, std::int64_t until) {
    std::size_t row = next;
    for (; columns.times_ns[row] <= until; ++row) {
      const FeedRow packed = columns.rows[row];
      const std::int32_t slot = packed.code >> 3;
      level[static_cast<std::size_t>(slot)] = packed.quantity_lots;
      if (slot + (packed.quantity_lots == 0) > best[packed.code & 7]) [[unlikely]]
        move_best(packed.code & 7, slot, packed.quantity_lots);
    }
    next = row;
  }
};

std::int64_t bare(const ReplayFeed& feed, std::int64_t interval) {
  BareBook exchange(feed.slots), local(feed.slots);
  std::int64_t check = 0;
  for (std::int64_t now = feed.local.times_ns[0] + interval; local.next < feed.local.size; now += interval) {
    exchange.advance(feed.exchange, now);
    local.advance(feed.local, now);
    check += local.best[0] - exchange.best[0];
  }
  return check;
}

struct PlainBook {
  std::vector<std::int32_t> bids, asks;
  std::int32_t low, best_bid = -1, best_ask;

  explicit PlainBook(const FeedSlots& slots)
      : bids(static_cast<std::size_t>(slots.region() + 2)),
        asks(bids.size()),
        low(slots.price_ticks_min - 1),
        best_ask(slots.region() + 1) {
    bids.front() = asks.back() = 1;
  }
  void take(const HftRow& row, const Instrument& instrument) {
    if ((row.event & 0xff) == kHftTrade) return;
    const auto price = static_cast<std::int32_t>(std::lrint(row.price / instrument.tick_size)) - low;
    const auto lots = static_cast<std::int32_t>(std::lrint(row.quantity / instrument.lot_size));
    const auto at = [](std::vector<std::int32_t>& side, std::int32_t k) -> std::int32_t& {
      return side[static_cast<std::size_t>(k)];
    };
    const auto next_bid = [&](std::int32_t from) {
      while (at(bids, from) == 0) --from;
      return from;
    };
    const auto next_ask = [&](std::int32_t from) {
      while (at(asks, from) == 0) ++from;
      return from;
    };
    if ((row.event & kHftBuy) != 0) {
      at(bids, price) = lots;
      if (lots == 0 && price == best_bid) best_bid = next_bid(price);
      if (lots > 0 && price > best_bid) {
        best_bid = price;
        if (best_bid >= best_ask) best_ask = next_ask(price + 1);
      }
    } else {
      at(asks, price) = lots;
      if (lots == 0 && price == best_ask) best_ask = next_ask(price);
      if (lots > 0 && price < best_ask) {
        best_ask = price;
        if (best_ask <= best_bid) best_bid = next_bid(price - 1);
      }
    }
  }
};

std::int64_t rows_64(std::span<const HftRow> rows, const ReplayFeed& feed, std::int64_t interval) {
  PlainBook exchange(feed.slots), local(feed.slots);
  std::size_t exchange_next = 0, local_next = 0;
  std::int64_t check = 0;
  for (std::int64_t now = rows[0].local_ns + interval; local_next < rows.size(); now += interval) {
    while (exchange_next < rows.size() && rows[exchange_next].exchange_ns <= now)
      exchange.take(rows[exchange_next++], feed.instrument);
    while (local_next < rows.size() && rows[local_next].local_ns <= now)
      local.take(rows[local_next++], feed.instrument);
    check += local.best_bid - exchange.best_bid;
  }
  return check;
}

struct Measured {
  std::string name;
  std::function<void()> work;
  std::vector<double> seconds;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const Instrument instrument{std::atof(argv[2]), std::atof(argv[3])};
  const auto interval = static_cast<std::int64_t>(std::atof(argv[4]) * 1e6);
  const int rounds = std::atoi(argv[5]);
  const auto give_up = [](const soak::Error& error) {
    std::fprintf(stderr, "%s\n", soak::to_line(error).c_str());
    return 1;
  };
  std::optional<Feed> mapped;
  std::optional<HftConverted> converted;
  std::optional<HftRows> source;
  std::span<const HftRow> raw;
  if (is_feed_file(argv[1])) {
    auto opened = Feed::open(argv[1]);
    if (!opened) return give_up(opened.error());
    mapped = std::move(*opened);
  } else {
    auto rows = HftRows::open(argv[1]), again = HftRows::open(argv[1]);
    if (!rows) return give_up(rows.error());
    auto made = HftConverted::convert(*rows, instrument);
    if (!made) return give_up(made.error());
    converted = std::move(*made);
    source = std::move(*again);
    raw = source->next().value();
  }
  const ReplayFeed feed = mapped ? replay_feed(*mapped) : converted->feed();
  std::int64_t check = 0;
  std::vector<Measured> all;
  all.push_back({"bare", [&] { check += bare(feed, interval); }, {}});
  if (converted) {
    if (raw.size() != feed.row_count) return 1;  // not one mapped piece: no floor
    all.push_back({"rows_64", [&] { check += rows_64(raw, feed, interval); }, {}});
    all.push_back({"convert",
                   [&] {
                     auto rows = HftRows::open(argv[1]);
                     check += static_cast<std::int64_t>(
                         HftConverted::convert(*rows, instrument)->feed().row_count);
                   },
                   {}});
  }
  for (std::size_t queue = 0; queue < queue_model_names().size(); ++queue) {
    ReplayOptions options;
    options.interval_ns = interval;
    options.queue = static_cast<QueueModel>(queue);
    if (options.queue == QueueModel::kFifo && feed.exchange.joined_rows == nullptr) continue;
    all.push_back({std::string(queue_model_names()[queue]),
                   [&, options] { check += replay(feed, options)->account.fills; },
                   {}});
  }
  for (int round = 0; round <= rounds; ++round) {
    for (Measured& one : all) {
      const auto start = std::chrono::steady_clock::now();
      one.work();
      if (round > 0)  // the first warms up
        one.seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  }
  fmt::print("{{\"rows\": {}, \"check\": {}", feed.row_count, check);
  for (Measured& one : all) {
    std::nth_element(one.seconds.begin(), one.seconds.begin() + rounds / 2, one.seconds.end());
    fmt::print(", \"{}\": {:.4f}", one.name,
               one.seconds[static_cast<std::size_t>(rounds / 2)] * 1e9 / static_cast<double>(feed.row_count));
  }
  fmt::print("}}\n");
  return 0;
}

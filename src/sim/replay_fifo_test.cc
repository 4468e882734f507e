// A replay with the fifo queue against a list of orders with ours among them (order_market_testing.h): the
// same random market is written as a LOBSTER pair or as hftbacktest's order-by-order events, imported, and
// replayed.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/feed_testing.h"
#include "sim/hft_import.h"
#include "sim/hft_testing.h"
#include "sim/latency_constant.h"
#include "sim/lobster_import.h"
#include "sim/order_market_testing.h"
#include "sim/replay.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kDayNs = 1'340'236'800'000'000'000;  // 2012-06-21
constexpr std::int64_t kOpenNs = 34'200'000'000'000;
constexpr std::int64_t kResponseNs = 10;

struct Request {
  std::int64_t time = 0;
  std::int64_t id = 0;
  Side side = Side::kBuy;
  std::int32_t price = 0;
  double quantity = 0;
  bool cancel = false;
};

// What happened to the market and to our orders in it.
struct Story {
  std::string messages, books;  // LOBSTER's
  std::vector<HftRow> rows;     // hftbacktest's
  std::vector<Request> requests;
  std::vector<OurAnswer> answers;
  std::vector<OurQueue> queues;
};

std::string message_line(std::int64_t now, const OrderMessage& m) {
  constexpr int kTypes[] = {1, 2, 3, 4, 5};
  return fmt::format("{}.{:09},{},{},{},{},{}\n", (kOpenNs + now) / 1'000'000'000,
                     (kOpenNs + now) % 1'000'000'000, kTypes[m.kind], m.id, m.lots,
                     m.price * 100 + (m.half_a_tick_up ? 50 : 0), m.side == Side::kBuy ? 1 : -1);
}

std::string book_line(const OrderMarket& market) {
  std::vector<std::string> levels[2];
  for (std::int32_t k = 0; k < OrderMarket::kPrices; ++k) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      const std::int32_t price =
          OrderMarket::kLowest + (side == Side::kBuy ? OrderMarket::kPrices - 1 - k : k);
      if (const auto lots = market.lots(side, price); lots > 0)
        levels[side == Side::kSell].push_back(fmt::format("{},{}", price * 100, lots));
    }
  }
  std::string line;
  for (std::size_t k = 0; k < OrderMarket::kPrices; ++k) {
    line += k < levels[1].size() ? levels[1][k] : "9999999999,0";
    line += "," + (k < levels[0].size() ? levels[0][k] : "-9999999999,0") + ",";
  }
  line.back() = '\n';
  return line;
}

void append_rows(std::int64_t now, const OrderMessage& m, std::vector<HftRow>& rows) {
  const auto put = [&](HftKind kind, std::int64_t lots) {
    const std::uint64_t side = m.side == Side::kBuy ? kHftBuy : kHftSell;
    const std::int64_t time = kDayNs + kOpenNs + now;
    rows.push_back({kind | kHftExchange | kHftLocal | side, time, time + 1'000, m.price / 100.0,
                    static_cast<double>(lots), static_cast<std::uint64_t>(m.id), 0, 0});
  };
  const HftKind rest = m.left > 0 ? kHftModifyOrder : kHftCancelOrder;
  if (m.kind == OrderMessage::kAdd) return put(kHftAddOrder, m.lots);
  if (m.kind == OrderMessage::kExecute) put(kHftFill, m.lots);
  put(rest, m.left);
}

enum class Format { kLobster, kHftbacktest };
struct StoryOptions {
  Format format = Format::kLobster;
  bool partial_fill = false;
};

class Storyteller {
 public:
  Storyteller(std::uint64_t seed, const StoryOptions& options)
      : rng_(seed),
        options_(options),
        market_(options.partial_fill, [this](const OrderMarket& market, const OrderMessage& message) {
          if (options_.format == Format::kHftbacktest) return append_rows(market.now, message, story_.rows);
          story_.messages += message_line(market.now, message);
          story_.books += book_line(market);
        }) {}

  Story tell(int steps) {
    // The feed opens with the first message. Those of the others that stand at the opening are ahead of ours.
    market_.limit(Side::kBuy, 10'004, 5);
    for (int k = 0; k < steps; ++k) {
      if (k > 5 && rng_.below(3) == 0) {
        ours();
      } else {
        market_.now += 1 + static_cast<std::int64_t>(rng_.below(30));
        others();
      }
      for (const OurQueue& queue : market_.our_queues()) story_.queues.push_back(queue);
    }
    story_.answers = market_.answers;
    return std::move(story_);
  }

 private:
  Side side() { return rng_.below(2) == 0 ? Side::kBuy : Side::kSell; }
  std::int32_t around(std::int32_t first, std::uint64_t count) {
    return first + static_cast<std::int32_t>(rng_.below(count));
  }
  std::int32_t price(Side side) {
    // Mostly on its own side of the middle, now and then across.
    return side == Side::kBuy ? around(10'000, 8) : around(10'004, 8);
  }
  void ours() {
    if (story_.requests.empty() || rng_.below(4) > 0) {
      const Side mine = side();
      const auto quantity = static_cast<double>(rng_.below(12)) + 0.5;  // no execution fills it to nothing
      story_.requests.push_back({market_.now, ++ids_, mine, price(mine), quantity, false});
      const Request& request = story_.requests.back();
      market_.enter_ours(request.id, request.side, request.price, quantity);
    } else {
      const Request& old = story_.requests[rng_.below(story_.requests.size())];
      story_.requests.push_back({market_.now, old.id, old.side, 0, 0, true});
      market_.cancel_ours(story_.requests.back().id);
    }
  }
  void others() {
    const auto lots = static_cast<std::int64_t>(1 + rng_.below(9));
    switch (rng_.below(10)) {
      case 0:
      case 1:
        return market_.reduce(rng_);
      case 2:
        return market_.erase(rng_);
      case 3: {  // replaced: it loses its place
        if (options_.format == Format::kHftbacktest) return market_.move(rng_, price(side()), lots);
        market_.erase(rng_);
        const Side its = side();
        return market_.limit(its, price(its), lots);
      }
      case 4:
        return hidden(lots);
      default: {
        const Side its = side();
        return market_.limit(its, price(its), lots);
      }
    }
  }
  // Within the spread, at the touch, or between two ticks.
  void hidden(std::int64_t lots) {
    const std::int32_t bid = market_.best(Side::kBuy), ask = market_.best(Side::kSell);
    if (bid == 0 || ask == 0 || options_.format == Format::kHftbacktest) return;
    const std::int32_t at = around(bid, static_cast<std::uint64_t>(ask - bid + 1));
    market_.hidden_execution(side(), at, at < ask && rng_.below(2) == 0, lots);
  }

  base::Rng rng_;
  StoryOptions options_;
  Story story_;
  OrderMarket market_;
  std::int64_t ids_ = 0;
};

struct Fifo : ::testing::Test {
  Feed feed_of(const Story& story) {
    if (!story.rows.empty()) {
      write_bytes(folder.file("x.bin"), raw_of(story.rows));
      const auto imported = import_hftbacktest({folder.file("x.bin")}, folder.file("x.feed"));
      EXPECT_TRUE(imported) << to_line(imported.error());
      return Feed::open(folder.file("x.feed")).value();
    }
    const std::string messages = folder.file("XY_2012-06-21_message.csv");
    const std::string books = folder.file("XY_2012-06-21_orderbook.csv");
    write_bytes(messages, story.messages);
    write_bytes(books, story.books);
    LobsterImportOptions options;
    options.latency_floor_ns = 0;  // all happens within microseconds
    const auto imported = import_lobster(messages, books, folder.file("x.feed"), options);
    EXPECT_TRUE(imported) << to_line(imported.error());
    return Feed::open(folder.file("x.feed")).value();
  }
  TempFolder folder;
};

template <bool kPartialFill>
std::vector<OurAnswer> replayed(const Feed& feed, const Story& story) {
  FifoBus<ReplayResponse> out;
  ReplayExchange<FifoQueue, ConstantLatency, kPartialFill> exchange(replay_feed(feed), {0, kResponseNs}, out);
  for (const Request& r : story.requests) {
    const std::int64_t arrives = kDayNs + kOpenNs + r.time;
    const int ask = r.side == Side::kSell;
    exchange.advance(arrives);
    exchange.on_request({arrives, r.id, r.quantity, feed.slots().level(ask, r.price),
                         static_cast<std::int8_t>(ask), r.cancel, 0});
  }
  exchange.advance(kFeedTimeNsMax);
  std::vector<OurAnswer> answers;
  for (; !out.empty(); out.pop()) {
    const ReplayResponse& a = out.front();
    answers.push_back({a.arrives_ns - kResponseNs - kDayNs - kOpenNs, a.order_id, a.answer, a.quantity});
  }
  return answers;
}

std::vector<OurAnswer> sorted(std::vector<OurAnswer> answers) {
  std::sort(answers.begin(), answers.end());
  return answers;
}

std::int64_t count_of(const std::vector<OurAnswer>& answers, ReplayAnswer kind) {
  return std::count_if(answers.begin(), answers.end(),
                       [kind](const OurAnswer& answer) { return std::get<ReplayAnswer>(answer) == kind; });
}

TEST_F(Fifo, GivesTheFillsOfAListOfOrdersWithOursAmongThem) {
  std::int64_t fills = 0, expired = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Format format = seed % 2 == 0 ? Format::kLobster : Format::kHftbacktest;
    const Story story = Storyteller(seed, {format, false}).tell(1200);
    const auto got = replayed<false>(feed_of(story), story);
    ASSERT_EQ(sorted(got), sorted(story.answers)) << "seed " << seed;
    fills += count_of(got, ReplayAnswer::kFilled);
    expired += count_of(got, ReplayAnswer::kExpired);
  }
  EXPECT_GT(fills, 3'000);
  EXPECT_GT(expired, 100);
}

TEST_F(Fifo, GivesThePartialFillsToo) {
  std::int64_t partial_fills = 0;
  for (std::uint64_t seed = 1001; seed <= 1060; ++seed) {
    const Format format = seed % 2 == 0 ? Format::kLobster : Format::kHftbacktest;
    const Story story = Storyteller(seed, {format, true}).tell(1200);
    const auto got = replayed<true>(feed_of(story), story);
    ASSERT_EQ(sorted(got), sorted(story.answers)) << "seed " << seed;
    partial_fills += count_of(got, ReplayAnswer::kPartlyFilled);
  }
  EXPECT_GT(partial_fills, 500);
}

// Lots ahead of an order of ours that entered at a time: those at its level then, without those that rows of
// orders from before have taken away since.
std::int64_t ahead_by_column(const Feed& feed, const Request& ours, std::int64_t until) {
  std::map<std::pair<Side, std::int32_t>, std::int64_t> levels;
  const std::size_t entered = feed.row_at(kDayNs + kOpenNs + ours.time + 1);
  const std::size_t end = feed.row_at(kDayNs + kOpenNs + until + 1);
  std::int64_t ahead = 0;
  for (std::size_t row = 0; row < end; ++row) {
    if (row == entered) ahead = levels[{ours.side, ours.price}];
    const MarketEvent event = feed.event(row);
    if (event.kind == EventKind::kTrade) continue;
    std::int64_t& level = levels[{event.side, event.price_ticks}];
    const bool from_ahead = feed.joined_rows()[row] < static_cast<std::int64_t>(entered);
    if (row >= entered && event.side == ours.side && event.price_ticks == ours.price && from_ahead)
      ahead -= level - event.quantity_lots;
    level = event.quantity_lots;
  }
  return end <= entered ? levels[{ours.side, ours.price}] : ahead;
}

TEST_F(Fifo, TheColumnTellsHowMuchStandsAhead) {
  std::size_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Format format = seed % 2 == 0 ? Format::kLobster : Format::kHftbacktest;
    const Story story = Storyteller(seed, {format, false}).tell(250);
    const Feed feed = feed_of(story);
    for (const auto& [time, id, ahead] : story.queues) {
      const auto entry = std::find_if(story.requests.begin(), story.requests.end(),
                                      [id = id](const Request& request) { return request.id == id; });
      ASSERT_EQ(ahead_by_column(feed, *entry, time), ahead) << "seed " << seed << ", order " << id;
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000U);
}

TEST_F(Fifo, IsRefusedWhereTheFeedTellsLevelsOnly) {
  ASSERT_TRUE(write_feed(folder.file("x.feed"), random_events(5000, 3), test_meta()));
  const Feed feed = Feed::open(folder.file("x.feed")).value();
  ReplayOptions options;
  options.queue = QueueModel::kFifo;
  const auto refused = replay(replay_feed(feed), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("--queue risk-averse"));
}

TEST_F(Fifo, RunsAStrategyOverAnOrderByOrderFeed) {
  const Feed feed = feed_of(Storyteller(5, {}).tell(3000));
  ReplayOptions options;
  options.interval_ns = 40;
  options.latency = {5, 5};
  options.strategy.quantity = 2;
  options.strategy.position_max = 100;
  std::vector<std::int64_t> fills;
  for (const QueueModel queue : {QueueModel::kRiskAverse, QueueModel::kFifo}) {
    options.queue = queue;
    const auto outcome = replay(replay_feed(feed), options);
    ASSERT_TRUE(outcome) << to_line(outcome.error());
    fills.push_back(outcome->account.fills);
  }
  EXPECT_GT(fills[1], fills[0]) << "cancellations ahead bring an order forward";
}

}  // namespace
}  // namespace soak::sim

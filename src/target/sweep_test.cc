#include "target/sweep.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "sim/feed_testing.h"
#include "sim/synthetic_market.h"
#include "target/simulated_target.h"
#include "target/sweep_columns.h"

namespace soak::target {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr int kFeedSeconds = 95;

// A feed of the synthetic market, as a recording would be.
std::vector<sim::FeedEvent> market_events(std::uint64_t seed, std::int64_t finer = 1,
                                          std::uint8_t decimals = 3) {
  const sim::SyntheticWindow made = sim::make_synthetic_window({}, seed, 0, kFeedSeconds * kSecondNs);
  std::vector<sim::FeedEvent> events;
  const auto put = [&](std::int64_t exchange_ns, std::int64_t local_ns, std::int32_t ticks, std::int64_t lots,
                       sim::EventKind kind, sim::Side side) {
    events.push_back({exchange_ns, local_ns, {ticks, 3}, {lots * finer, decimals}, kind, side});
  };
  for (const sim::Level& level : made.bids)
    put(0, 0, level.price_ticks, level.quantity_lots, sim::EventKind::kSnapshot, sim::Side::kBuy);
  for (const sim::Level& level : made.asks)
    put(0, 0, level.price_ticks, level.quantity_lots, sim::EventKind::kSnapshot, sim::Side::kSell);
  for (const sim::MarketEvent& e : made.events)
    put(e.exchange_ns, e.local_ns, e.price_ticks, e.quantity_lots, e.kind, e.side);
  return events;
}

class SweepTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(sim::write_feed(path(), market_events(3), sim::test_meta()));
    auto opened = sim::Feed::open(path());
    ASSERT_TRUE(opened) << to_line(opened.error());
    feed_.emplace(std::move(*opened));
  }
  std::string path() const { return folder_.file("x.feed"); }
  SweepMarket market(double window_s) const {
    const SweepMarketOptions options{std::chrono::milliseconds(std::llround(window_s * 1000))};
    auto prepared = SweepMarket::prepare(*feed_, options);
    EXPECT_TRUE(prepared.has_value());
    return std::move(*prepared);
  }
  static SweepGrid grid(const std::string& text) {
    return *SweepGrid::from_json(*parse_json(text), "grid.json");
  }
  static std::vector<SweepRow> rows(const SweepMarket& market, const SweepGrid& grid, unsigned threads,
                                    std::uint64_t seed = 1) {
    std::vector<SweepRow> all;
    const auto done = run_sweep(market, grid, {seed, threads, {}}, [&](const SweepRow& row) {
      all.push_back(row);
      return Result<void>{};
    });
    EXPECT_TRUE(done.has_value());
    return all;
  }
  static std::string text(const std::vector<SweepRow>& all) {
    std::string lines;
    for (const SweepRow& row : all) lines += sweep_csv_line(row);
    return lines;
  }

  sim::TempFolder folder_;
  std::optional<sim::Feed> feed_;
};

constexpr char kGrid[] =
    R"({"base_spread_bps": [0.5, 1.0, 2.0], "impact_cap_ratio": [0.1, 0.2], "min_interval_ms": [30, 90]})";

TEST_F(SweepTest, GivesTheSameBytesWithAnyNumberOfThreads) {
  const SweepMarket windows = market(10);
  ASSERT_EQ(windows.window_count(), 9U);
  const auto one = rows(windows, grid(kGrid), 1);
  ASSERT_EQ(one.size(), 12U);
  for (const unsigned threads : {2U, 5U}) EXPECT_EQ(text(rows(windows, grid(kGrid), threads)), text(one));
}

TEST_F(SweepTest, ARowDoesNotDependOnTheOthersOrTheirOrder) {
  const SweepMarket windows = market(30);
  const auto forward = rows(windows, grid(R"([{"base_spread_bps": 0.5}, {"base_spread_bps": 2}])"), 2);
  const auto back = rows(windows, grid(R"([{"base_spread_bps": 2}, {"base_spread_bps": 0.5}])"), 2);
  EXPECT_EQ(text({forward[0]}), text({back[1]}));
  EXPECT_EQ(text({forward[1]}), text({back[0]}));
  EXPECT_NE(text({forward[0]}), text({forward[1]}));
}

TEST_F(SweepTest, MoreSetsThanMayWaitForTheirTurnComeOutInOrder) {
  Json sets = Json::array();
  for (int k = 0; k < 700; ++k) sets.push_back({{"max_age_ms", 1000 + k}});
  const auto all = rows(market(95), grid(sets.dump()), 5);
  ASSERT_EQ(all.size(), 700U);
  for (int k = 0; k < 700; ++k) EXPECT_EQ(all[static_cast<std::size_t>(k)].params.at("max_age_ms"), 1000 + k);
}

TEST_F(SweepTest, OneSetOverOneWindowGivesTheReportOfARunOnTheFeed) {
  SimulatedTargetOptions options;
  options.seed = 11;
  options.feed_path = path();
  options.iterations = 1;
  options.iteration_length = std::chrono::seconds(60);
  const std::string runtime = folder_.file("runtime.json");
  const SweepGrid sets = grid(R"({"base_spread_bps": [0.5, 2], "concurrency_limit": 6})");
  const auto swept = rows(market(60), sets, 2, options.seed);
  for (std::size_t set = 0; set < sets.size(); ++set) {
    ASSERT_TRUE(base::write_file_atomic_not_durable(runtime, canonical_json(sets.runtime(set))));
    auto target = make_simulated_target(options);
    ASSERT_TRUE(target.has_value()) << target.error().message;
    IterationRequest request;
    request.iteration = 1;
    request.runtime_path = runtime;
    auto outcome = (*target)->run_iteration(request);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(swept[set].totals, outcome->reports.at(0).report.at("totals")) << set;
    EXPECT_GT(swept[set].totals.at("fills").at("maker_count"), 0);
  }
}

TEST_F(SweepTest, PoolsTheWindowsAsTheIterationsOfARunAreCounted) {
  SimulatedTargetOptions options;
  options.feed_path = path();
  options.iterations = 3;
  options.iteration_length = std::chrono::seconds(30);
  const std::string runtime = folder_.file("runtime.json");
  ASSERT_TRUE(base::write_file_atomic_not_durable(runtime, canonical_json(default_runtime())));
  auto target = make_simulated_target(options);
  ASSERT_TRUE(target.has_value());
  std::int64_t fills = 0, risk = 0;
  for (int iteration = 1; iteration <= 3; ++iteration) {
    IterationRequest request;
    request.iteration = iteration;
    request.runtime_path = runtime;
    auto outcome = (*target)->run_iteration(request);
    ASSERT_TRUE(outcome.has_value());
    const Json totals = outcome->reports.at(0).report.at("totals");
    fills += totals.at("fills").at("maker_count").get<std::int64_t>();
    risk += totals.at("block_reasons").at("risk").at("count").get<std::int64_t>();
  }
  const auto swept = rows(market(30), grid(R"({"base_spread_bps": 1.0})"), 1);
  EXPECT_EQ(swept.at(0).totals.at("fills").at("maker_count"), fills);
  EXPECT_EQ(swept.at(0).totals.at("block_reasons").at("risk").at("count"), risk);
}

TEST_F(SweepTest, QuantitiesWiderThanTheEnginesAreCountedInCoarserLots) {
  const std::string file = folder_.file("wide.feed");
  auto events = market_events(3, 10'000'000, 10);
  sim::FeedMeta meta = sim::test_meta();
  ASSERT_TRUE(sim::write_feed(file, events, meta));
  const auto wide = sim::Feed::open(file);
  ASSERT_TRUE(wide.has_value());
  ASSERT_FALSE(wide->wide_quantities().empty());
  auto prepared = SweepMarket::prepare(*wide, {std::chrono::seconds(30)});
  ASSERT_TRUE(prepared.has_value());
  const sim::WindowResult coarse = sim::run_window(window_input(prepared->window(0), {}, 1, 1));
  EXPECT_DOUBLE_EQ(coarse.lot_size, 10 * wide->instrument().lot_size);
  EXPECT_TRUE(coarse.totals.balanced());
  EXPECT_FALSE(coarse.fills.empty());
}

TEST_F(SweepTest, AFeedShorterThanAWindowIsOneWindow) {
  const SweepMarket windows = market(300);
  EXPECT_EQ(windows.window_count(), 1U);
  EXPECT_EQ(windows.window_ns(), feed_->header().last_exchange_ns - feed_->header().first_exchange_ns);
}

TEST_F(SweepTest, AnotherSeedIsAnotherVenue) {
  const SweepMarket windows = market(30);
  const auto one = rows(windows, grid(R"({"base_spread_bps": 1.0})"), 1, 1);
  EXPECT_EQ(text(rows(windows, grid(R"({"base_spread_bps": 1.0})"), 1, 1)), text(one));
  EXPECT_NE(text(rows(windows, grid(R"({"base_spread_bps": 1.0})"), 1, 2)), text(one));
}

TEST_F(SweepTest, EndsWhenItsRowsAreNotTaken) {
  int taken = 0;
  const auto done = run_sweep(market(10), grid(kGrid), {1, 3, {}}, [&](const SweepRow&) -> Result<void> {
    return ++taken < 3 ? Result<void>{} : fail(ErrorCode::kIoError, "the disk is full");
  });
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "the disk is full");
  EXPECT_EQ(taken, 3);
}

TEST_F(SweepTest, AFeedThatShowsNoMarketIsRefused) {
  const std::vector<sim::FeedEvent> one_sided = {
      {0, 0, sim::cents(100), {1, 0}, sim::EventKind::kSnapshot, sim::Side::kBuy},
      {9, 9, sim::cents(100), {2, 0}, sim::EventKind::kDepth, sim::Side::kBuy}};
  for (const std::size_t rows : {2U, 1U}) {
    const std::string file = folder_.file("flat.feed");
    ASSERT_TRUE(sim::write_feed(file, {one_sided.begin(), one_sided.begin() + static_cast<int>(rows)},
                                sim::test_meta()));
    const auto flat = sim::Feed::open(file);
    ASSERT_TRUE(flat.has_value());
    const auto refused = SweepMarket::prepare(*flat, {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, rows == 2 ? ErrorCode::kInvalidValue : ErrorCode::kFeedTooShort);
    EXPECT_EQ(refused.error().file, file);
  }
}

}  // namespace
}  // namespace soak::target

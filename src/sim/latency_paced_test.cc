#include "sim/latency_paced.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/testing.h"
#include "sim/hft_convert.h"
#include "sim/hft_testing.h"
#include "sim/random_walk_l2.h"
#include "sim/replay.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kMsNs = 1'000'000;

PacedLatency paced(std::int64_t service_ns) {
  return {InterpolatedLatency({{0, 5, 12}}), service_ns};
}

TEST(PacedLatency, TravelsAsTheTableSays) {
  const PacedLatency latency = paced(100);
  EXPECT_EQ(latency.entry_ns(1000), 5);
  EXPECT_EQ(latency.response_ns(2000), 7);
}

TEST(PacedLatency, ServesOneRequestAfterAnother) {
  PacedLatency latency = paced(100);
  EXPECT_EQ(latency.served_at(1000), 1100);
  EXPECT_EQ(latency.served_at(1000), 1200);
  EXPECT_EQ(latency.served_at(1150), 1300);
  EXPECT_EQ(latency.load().requests, 3);
  EXPECT_EQ(latency.load().waited_ns, 0 + 100 + 50);
  EXPECT_EQ(latency.load().waited_ns_max, 100);
  EXPECT_DOUBLE_EQ(latency.load().mean_wait_ns(), 50);
}

TEST(PacedLatency, AnIdleExchangeLetsNobodyWait) {
  PacedLatency latency = paced(100);
  EXPECT_EQ(latency.load().mean_wait_ns(), 0);
  for (const std::int64_t arrives : {0, 100, 250, 1000}) EXPECT_EQ(latency.served_at(arrives), arrives + 100);
  EXPECT_EQ(latency.load().waited_ns_max, 0);
}

HftConverted converted_of(const std::vector<HftRow>& rows) {
  const base::TempFolder folder;
  base::write_bytes(folder.file("x.bin"), raw_of(rows));
  auto file = HftRows::open(folder.file("x.bin"));
  return HftConverted::convert(*file, {0.1, 0.001}).value();
}

// 20,000 rows, 16 s.
const ReplayFeed& feed() {
  static const HftConverted converted = converted_of(random_walk_rows(20'000, 5));
  static const ReplayFeed view = converted.feed();
  return view;
}

ReplayOptions options(QuoteMode mode, std::int64_t interval_ms, std::optional<std::int64_t> service_ns) {
  ReplayOptions options;
  options.strategy.mode = mode;
  options.interval_ns = interval_ms * kMsNs;
  options.service_ns = service_ns;
  return options;
}

ReplayOutcome outcome(const ReplayOptions& options) {
  const auto got = replay(feed(), options);
  EXPECT_TRUE(got) << (got ? "" : to_line(got.error()));
  return got.value_or(ReplayOutcome{});
}

void expect_same(const ReplayOutcome& a, const ReplayOutcome& b) {
  EXPECT_EQ(a.intervals, b.intervals);
  EXPECT_EQ(a.account.submits, b.account.submits);
  EXPECT_EQ(a.account.cancels, b.account.cancels);
  EXPECT_EQ(a.account.fills, b.account.fills);
  EXPECT_EQ(a.account.balance, b.account.balance);
  EXPECT_EQ(a.position_lots, b.position_lots);
}

TEST(ReplayPaced, FarAboveTheLoadItIsTheConstantLatencyToTheCount) {
  for (const QuoteMode mode : {QuoteMode::kCancelAll, QuoteMode::kDiff}) {
    for (const std::int64_t interval_ms : {10, 100}) {
      const ReplayOutcome constant = outcome(options(mode, interval_ms, std::nullopt));
      const ReplayOutcome fast = outcome(options(mode, interval_ms, 1));
      EXPECT_GT(constant.account.fills, 0);
      expect_same(fast, constant);
      EXPECT_FALSE(constant.load);
      EXPECT_EQ(fast.load->requests, constant.account.submits + constant.account.cancels);
      EXPECT_EQ(fast.load->waited_ns_max, 3);  // the fourth request of a decision
    }
  }
}

TEST(ReplayPaced, TravelsByTheLatencyTableWhereThereIsOne) {
  ReplayOptions constant = options(QuoteMode::kDiff, 100, 1), table = constant;
  constant.latency = {9 * kMsNs, 3 * kMsNs};
  table.latency_table = InterpolatedLatency({{0, 9 * kMsNs, 12 * kMsNs}});
  expect_same(outcome(table), outcome(constant));
  EXPECT_NE(outcome(table).account.cancels, outcome(options(QuoteMode::kDiff, 100, 1)).account.cancels);
}

TEST(ReplayPaced, MoreRequestsASecondWaitLonger) {
  double before = 0;
  for (const std::int64_t interval_ms : {100, 20, 10}) {
    const ReplayOutcome now = outcome(options(QuoteMode::kDiff, interval_ms, 4 * kMsNs));
    EXPECT_GT(now.load->mean_wait_ns(), before) << interval_ms;
    before = now.load->mean_wait_ns();
  }
}

TEST(ReplayPaced, ASlowerExchangeGivesOtherFills) {
  const ReplayOutcome fast = outcome(options(QuoteMode::kDiff, 20, 1));
  const ReplayOutcome slow = outcome(options(QuoteMode::kDiff, 20, 5 * kMsNs));
  EXPECT_GT(slow.load->mean_wait_ns(), fast.load->mean_wait_ns());
  EXPECT_NE(slow.account.fills, fast.account.fills);
}

// Where each decision finds the exchange idle, its requests wait one after another: 0, 1, 2 and 3 services.
TEST(ReplayPaced, EachRequestOfADecisionIsServedByItself) {
  const ReplayOutcome got = outcome(options(QuoteMode::kCancelAll, 100, 10 * kMsNs));
  EXPECT_EQ(got.load->waited_ns_max, 30 * kMsNs);
  EXPECT_GT(got.load->mean_wait_ns(), 5.0 * kMsNs);
  EXPECT_LE(got.load->mean_wait_ns(), 15.0 * kMsNs);
}

TEST(ReplayPaced, CancellingAllNeedsTheServiceOfItsRequestsWithinTheInterval) {
  const std::int64_t fits = (20 - 4) * kMsNs / 4;  // entry and response take 4 ms
  EXPECT_TRUE(replay(feed(), options(QuoteMode::kCancelAll, 20, fits)));
  const auto refused = replay(feed(), options(QuoteMode::kCancelAll, 20, fits + 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST(ReplayPaced, AnExchangeThatNeverCatchesUpEndsTheRunWithTheTime) {
  std::vector<HftRow> rows;  // each millisecond the market is a tick higher, and both quotes are new
  for (std::int64_t k = 0; k < 2000; ++k) {
    for (const auto& [side, ticks] : {std::pair{kHftSell, 10'002 + k}, std::pair{kHftBuy, 10'000 + k}}) {
      const std::uint64_t event = kHftDepth | kHftExchange | kHftLocal | side;
      rows.push_back({event, k * kMsNs, k * kMsNs, static_cast<double>(ticks) / 10, 1, 0, 0, 0});
    }
  }
  const HftConverted rising = converted_of(rows);
  ASSERT_TRUE(replay(rising.feed(), options(QuoteMode::kDiff, 1, 1)));
  const auto got = replay(rising.feed(), options(QuoteMode::kDiff, 1, 1000 * kMsNs));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(got.error().message, testing::HasSubstr("--service-rate-per-s"));
  EXPECT_THAT(got.error().message, testing::ContainsRegex("local time [0-9]+ ns"));
}

TEST(ReplayPaced, RefusesAServiceTimeThatIsNone) {
  for (const std::int64_t wrong : {std::int64_t{-1}, INT64_MAX}) {
    const auto refused = replay(feed(), options(QuoteMode::kDiff, 100, wrong));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("service time"));
  }
}

}  // namespace
}  // namespace soak::sim

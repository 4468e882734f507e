// The counts of hftbacktest (Rust, 2025) on the benchmark's synthetic feed, reproduced: counters exactly,
// amounts to 1e-3.

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "base/testing.h"
#include "sim/hft_convert.h"
#include "sim/hft_testing.h"
#include "sim/random_walk_l2.h"
#include "sim/replay.h"

namespace soak::sim {
namespace {

struct Reference {
  int interval_ms;
  const char* mode;
  const char* queue;
  const char* exchange;
  double quantity;
  std::int64_t intervals, submits, cancels, fills;
  double position, balance, fee, equity;
};
void PrintTo(const Reference& reference, std::ostream* out) {
  *out << reference.interval_ms << " ms " << reference.mode << " " << reference.queue << " "
       << reference.exchange;
}

const Reference kReferences[] = {
    {10, "cancelall", "risk-averse", "no-partial-fill", 0.1, 16290, 32580, 32145, 703, -0.1, 2000.56,
     -70.30322, 70.7582},
    {10, "cancelall", "power-prob3", "no-partial-fill", 0.1, 16290, 32580, 32145, 703, -0.1, 2000.56,
     -70.30322, 70.7582},
    {10, "diff", "risk-averse", "no-partial-fill", 0.1, 16290, 6670, 6111, 851, -0.1, 2002.06, -85.10387,
     87.0589},
    {10, "diff", "power-prob3", "no-partial-fill", 0.1, 16290, 6678, 6117, 855, -0.1, 2002.0, -85.50391,
     87.3989},
    {100, "cancelall", "risk-averse", "no-partial-fill", 0.1, 1629, 3258, 2012, 1264, 0.0, 3.76, -126.40596,
     130.166},
    {100, "cancelall", "power-prob3", "no-partial-fill", 0.1, 1629, 3258, 2012, 1264, 0.0, 3.76, -126.40596,
     130.166},
    {100, "diff", "risk-averse", "no-partial-fill", 0.1, 1629, 2619, 1348, 1290, 0.0, 3.93, -129.006,
     132.936},
    {100, "diff", "power-prob3", "no-partial-fill", 0.1, 1629, 2619, 1348, 1290, 0.0, 3.93, -129.006,
     132.936},
    {1000, "cancelall", "risk-averse", "no-partial-fill", 0.1, 162, 324, 62, 260, -0.4, 8001.04, -26.00129,
     26.6213},
    {1000, "cancelall", "power-prob3", "no-partial-fill", 0.1, 162, 324, 62, 260, -0.4, 8001.04, -26.00129,
     26.6213},
    {1000, "diff", "risk-averse", "no-partial-fill", 0.1, 162, 322, 60, 260, -0.4, 8001.04, -26.00129,
     26.6213},
    {1000, "diff", "power-prob3", "no-partial-fill", 0.1, 162, 322, 60, 260, -0.4, 8001.04, -26.00129,
     26.6213},
    {1000, "diff", "risk-averse", "partial-fill", 2, 162, 321, 65, 255, -0.373, 7469.3091, -266.29878,
     275.2162},
    {1000, "diff", "power-prob", "partial-fill", 2, 162, 321, 66, 253, 7.258, -145152.8355, -271.56678,
     286.3522},
    {1000, "diff", "power-prob2", "partial-fill", 2, 162, 322, 61, 258, 7.626, -152523.8242, -276.44933,
     280.6324},
    {1000, "diff", "power-prob3", "partial-fill", 2, 162, 322, 67, 254, 0.556, -11109.3877, -263.55825,
     274.7544},
    {1000, "diff", "log-prob", "partial-fill", 2, 162, 321, 62, 258, 6.08, -121592.7247, -264.53591,
     278.1952},
    {1000, "diff", "log-prob2", "partial-fill", 2, 162, 322, 64, 256, 6.403, -128057.4032, -260.30514,
     269.6251},
    {1000, "diff", "power-prob", "no-partial-fill", 0.1, 162, 322, 57, 263, -0.5, 10001.02, -26.30129,
     26.7963},
    {1000, "diff", "power-prob2", "no-partial-fill", 0.1, 162, 322, 57, 263, -0.5, 10001.02, -26.30129,
     26.7963},
    {1000, "diff", "log-prob", "no-partial-fill", 0.1, 162, 322, 57, 263, -0.5, 10001.02, -26.30129, 26.7963},
    {1000, "diff", "log-prob2", "no-partial-fill", 0.1, 162, 322, 59, 261, -0.5, 10001.21, -26.1013, 26.7863},
    {100, "cancelall", "risk-averse", "partial-fill", 1, 1629, 3258, 2125, 1149, -0.638, 12763.9606,
     -891.87708, 895.1678},
    {100, "cancelall", "power-prob", "partial-fill", 1, 408, 816, 539, 283, -2.071, 41431.3303, -222.46595,
     228.7223},
    {100, "cancelall", "power-prob2", "partial-fill", 1, 1629, 3258, 2060, 1214, 0.778, -15548.5298,
     -973.57616, 985.8633},
    {100, "cancelall", "power-prob3", "partial-fill", 1, 1629, 3258, 2128, 1150, -0.673, 13463.8542,
     -886.9102, 890.0578},
    {100, "cancelall", "log-prob", "partial-fill", 1, 1629, 3258, 2101, 1172, -0.543, 10871.9859, -916.57978,
     927.9955},
    {100, "cancelall", "log-prob2", "partial-fill", 1, 1629, 3258, 2122, 1151, -0.815, 16307.9381, -895.0071,
     902.0895},
};

// 200,000 rows, seed 7.
const HftConverted& feed() {
  static const HftConverted converted = [] {
    const base::TempFolder folder;
    const std::string bytes = raw_of(random_walk_rows(200'000, 7));
    EXPECT_EQ(base::sha256_hex(bytes), "3029dc5e396f45521008bb9f37261b8adce0a81172e8c38800a73077aa076528");
    base::write_bytes(folder.file("walk.bin"), bytes);
    auto file = HftRows::open(folder.file("walk.bin"));
    return HftConverted::convert(*file, kRandomWalkInstrument).value();
  }();
  return converted;
}

template <class Enum>
Enum named(std::span<const std::string_view> names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  EXPECT_NE(found, names.end()) << name;
  return static_cast<Enum>(found - names.begin());
}

class ReplayParity : public testing::TestWithParam<Reference> {};
TEST_P(ReplayParity, GivesTheCountsOfHftbacktest) {
  const Reference& want = GetParam();
  ReplayOptions options;
  options.interval_ns = std::int64_t{want.interval_ms} * 1'000'000;
  options.queue = named<QueueModel>(queue_model_names(), want.queue);
  options.exchange = named<ExchangeModel>(exchange_model_names(), want.exchange);
  options.strategy.mode = named<QuoteMode>(quote_mode_names(), want.mode);
  options.strategy.quantity = want.quantity;
  options.strategy.position_max = 20 * want.quantity;
  const ReplayFeed view = feed().feed();
  const auto got = replay(view, options);
  ASSERT_TRUE(got) << to_line(got.error());
  EXPECT_EQ(view.row_count, 199'997U);
  EXPECT_EQ(got->intervals, want.intervals);
  EXPECT_EQ(got->account.submits, want.submits);
  EXPECT_EQ(got->account.cancels, want.cancels);
  EXPECT_EQ(got->account.fills, want.fills);
  EXPECT_NEAR(got->account.position, want.position, 1e-3);
  EXPECT_NEAR(got->account.balance, want.balance, 1e-3);
  EXPECT_NEAR(got->account.fee, want.fee, 1e-3);
  EXPECT_NEAR(got->equity(), want.equity, 1e-3);
}
INSTANTIATE_TEST_SUITE_P(Replay, ReplayParity, testing::ValuesIn(kReferences));

TEST(ReplayStop, IsToldWhereAnOrderThatWasFilledExactlyIsTouchedAgain) {
  ReplayOptions options;
  options.queue = QueueModel::kPowerProb;
  options.exchange = ExchangeModel::kPartialFill;
  options.strategy.quantity = 1;
  options.strategy.position_max = 20;
  const auto got = replay(feed().feed(), options);
  ASSERT_TRUE(got);
  EXPECT_GT(got->stop_ns, 0);
  EXPECT_LT(got->intervals, 1629);  // of the whole feed
}

TEST(Replay, IsTheSameForEachQueueModelWhereNoOrderWaitsInAQueue) {
  // No trade at our price, no partial fill: with quotes far from the market only crossing fills are left.
  std::vector<std::int64_t> fills;
  for (std::size_t queue = 0; queue < queue_model_names().size(); ++queue) {
    ReplayOptions options;
    options.queue = static_cast<QueueModel>(queue);
    if (options.queue == QueueModel::kFifo) continue;  // not of a feed of levels
    options.strategy.half_spread_ticks = 40;
    fills.push_back(replay(feed().feed(), options)->account.fills);
  }
  EXPECT_EQ(fills, std::vector<std::int64_t>(fills.size(), fills.front()));
}

TEST(Replay, RefusesToCancelAllAtIntervalsShorterThanARoundTrip) {
  ReplayOptions options;
  options.interval_ns = 3'999'999;
  const auto refused = replay(feed().feed(), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  options.strategy.mode = QuoteMode::kDiff;
  EXPECT_TRUE(replay(feed().feed(), options));
}

TEST(Replay, QuotesThatLeanOutOfAllBoundsAreNeverReached) {
  ReplayOptions options;
  options.strategy.half_spread_ticks = 1e15;
  options.strategy.skew_ticks = -1e15;
  const auto got = replay(feed().feed(), options);
  ASSERT_TRUE(got) << to_line(got.error());
  EXPECT_EQ(got->account.fills, 0);
  EXPECT_EQ(got->account.submits, 2 * got->intervals);
}

TEST(Replay, RefusesAnOrderOfLessThanALotAndOneOfMoreThanALevelHolds) {
  for (const double quantity : {0.0005, 2.2e6, 1e300}) {
    ReplayOptions options;
    options.strategy.quantity = quantity;
    options.strategy.position_max = 20 * quantity;
    EXPECT_FALSE(replay(feed().feed(), options)) << quantity;
  }
}

TEST(Replay, RefusesMoreDecisionsThanAnybodyWaitsFor) {
  ReplayOptions options;
  options.strategy.mode = QuoteMode::kDiff;
  options.interval_ns = 100;  // of a feed of 163 s
  const auto refused = replay(feed().feed(), options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("longer --interval-ms"), std::string::npos);
}

}  // namespace
}  // namespace soak::sim

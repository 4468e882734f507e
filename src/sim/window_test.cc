// The whole engine on the synthetic market: the accounts balance, the limits hold, and each tuned parameter
// moves what market-making theory says it moves.

#include "sim/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "sim/book.h"
#include "sim/market_columns.h"
#include "sim/synthetic_market.h"

namespace soak::sim {
namespace {

constexpr std::int64_t kWindowNs = 300'000'000'000;
constexpr int kWindows = 12;

MakerParams badly_set() {
  MakerParams params;
  params.base_spread_bps = 1.0;
  params.base_spread_bps_delta = 0.1;
  params.impact_cap_ratio = 0.14;
  params.max_delta_ratio = 0.6;
  params.risk_limit_ratio = 0.3;
  params.replace_rate_per_min = 600;
  params.concurrency_limit = 12;
  params.tail_age_ms = 250;
  params.min_interval_ms = 30;
  params.max_age_ms = 3000;
  return params;
}

WindowResult window_of(const MakerParams& params, std::uint64_t seed, WindowWorkspace& workspace) {
  const SyntheticWindow market = make_synthetic_window({}, seed, 0, kWindowNs);
  const MarketColumns columns(kSyntheticInstrument, market.bids, market.asks, market.events);
  WindowInput input;
  input.feed = columns.feed();
  input.opening_bids = market.bids;
  input.opening_asks = market.asks;
  input.end_ns = kWindowNs;
  input.params = params;
  input.settings.capital_base_units = 0.18;
  input.seed = seed;
  return run_window(input, workspace);
}
WindowResult window_of(const MakerParams& params, std::uint64_t seed) {
  WindowWorkspace workspace;
  return window_of(params, seed, workspace);
}

// Mean over the same windows for everybody, so that only the parameter differs.
double mean(const MakerParams& params, const std::function<double(const WindowResult&)>& kpi) {
  double sum = 0;
  for (int seed = 1; seed <= kWindows; ++seed)
    sum += kpi(window_of(params, static_cast<std::uint64_t>(seed)));
  return sum / kWindows;
}

double bps(Money amount, const WindowResult& r) {
  return 1e4 * static_cast<double>(amount) / static_cast<double>(r.totals.notional);
}
double gross_bps(const WindowResult& r) {
  return bps(r.totals.gross, r);
}
double net_bps(const WindowResult& r) {
  return bps(r.totals.net, r);
}
double risk_ratio(const WindowResult& r) {
  return static_cast<double>(r.blocks.risk) / static_cast<double>(r.blocks.attempts());
}
double maker_share(const WindowResult& r) {
  return static_cast<double>(r.totals.maker_lots) /
         static_cast<double>(r.totals.maker_lots + r.totals.taker_lots);
}
double p95(std::vector<std::int64_t> values) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * 95 / 100);
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}
double latency_p95(const WindowResult& r) {
  return p95(r.latencies_ns);
}
double age_p95(const WindowResult& r) {
  return p95(r.order_ages_ns);
}
double quotes_sent(const WindowResult& r) {
  return static_cast<double>(r.blocks.sent);
}

template <class Member, class Value>
MakerParams with(Member member, Value value) {
  MakerParams params = badly_set();
  params.*member = value;
  return params;
}

TEST(Theory,
     AWiderSpreadEarnsMoreAFill) {  // Avellaneda and Stoikov (2008): the half spread is the edge of a fill
  EXPECT_GT(mean(with(&MakerParams::base_spread_bps, 2.5), gross_bps), mean(badly_set(), gross_bps) + 0.5);
}
TEST(Theory, AWiderSpreadIsFilledLessOften) {  // ibid.: the arrival rate falls with the distance
  const auto fills = [](const WindowResult& r) { return static_cast<double>(r.totals.maker_fills); };
  EXPECT_LT(mean(with(&MakerParams::base_spread_bps, 2.5), fills), mean(badly_set(), fills));
}
TEST(Theory, TheSpreadDeltaAddsToTheSpread) {
  EXPECT_GT(mean(with(&MakerParams::base_spread_bps_delta, 1.5), gross_bps),
            mean(badly_set(), gross_bps) + 0.5);
}
TEST(Theory, LargerOrdersRunIntoTheInventoryLimit) {  // Guéant, Lehalle and Fernandez-Tapia (2013): size
                                                      // against the limit
  EXPECT_GT(mean(badly_set(), risk_ratio),
            mean(with(&MakerParams::impact_cap_ratio, 0.06), risk_ratio) + 0.1);
}
TEST(Theory, LargerOrdersAreHedgedMoreOften) {
  EXPECT_LT(mean(badly_set(), maker_share), mean(with(&MakerParams::impact_cap_ratio, 0.06), maker_share));
}
TEST(Theory, ALaterLeanCarriesMoreInventory) {  // the skew of both papers: the later it leans, the larger the
                                                // position it carries
  EXPECT_GT(mean(with(&MakerParams::max_delta_ratio, 1.0), risk_ratio),
            mean(with(&MakerParams::max_delta_ratio, 0.15), risk_ratio));
}
TEST(Theory, AWiderInventoryLimitBlocksLess) {
  EXPECT_LT(mean(with(&MakerParams::risk_limit_ratio, 0.6), risk_ratio), mean(badly_set(), risk_ratio) - 0.1);
}
TEST(Theory, MoreReplacementsMakeTheExchangeSlower) {  // a queue with one server: waiting grows with the load
  EXPECT_GT(mean(badly_set(), latency_p95),
            mean(with(&MakerParams::replace_rate_per_min, 120), latency_p95) * 1.1);
}
TEST(Theory, MoreOrdersInFlightMakeTheExchangeSlower) {
  EXPECT_GT(mean(badly_set(), latency_p95),
            mean(with(&MakerParams::concurrency_limit, 5), latency_p95) * 1.2);
}
TEST(Theory, PatienceKeepsOrdersLonger) {
  EXPECT_GT(mean(with(&MakerParams::tail_age_ms, 2000), age_p95), mean(badly_set(), age_p95) * 1.1);
}
TEST(Theory, ALongerIntervalSendsFewerQuotes) {
  EXPECT_LT(mean(with(&MakerParams::min_interval_ms, 400), quotes_sent),
            mean(badly_set(), quotes_sent) * 0.9);
}
TEST(Theory, ALongerIntervalCalmsTheExchange) {
  EXPECT_LT(mean(with(&MakerParams::min_interval_ms, 400), latency_p95), mean(badly_set(), latency_p95));
}
TEST(Theory, AHigherMaximumAgeLetsOrdersGrowOlder) {
  EXPECT_GT(mean(badly_set(), age_p95), mean(with(&MakerParams::max_age_ms, 800), age_p95) * 1.3);
}
TEST(Theory, HedgingAsATakerCostsTheEdge) {
  EXPECT_LT(mean(badly_set(), net_bps), mean(with(&MakerParams::risk_limit_ratio, 0.9), net_bps));
}

TEST(Window, BalancesToTheLastUnitWhateverTheParameters) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    MakerParams params = badly_set();
    params.risk_limit_ratio = 0.05 * static_cast<double>(seed);
    params.base_spread_bps = 0.3 * static_cast<double>(seed);
    const WindowResult result = window_of(params, seed);
    EXPECT_TRUE(result.totals.balanced()) << seed;
    EXPECT_FALSE(result.fills.empty()) << seed;
  }
}
TEST(Window, NeverHoldsMoreThanTheInventoryLimitWithAllThatIsInFlight) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const WindowResult result = window_of(badly_set(), seed);
    EXPECT_LE(result.behaviour.largest_position_lots, result.limit_lots) << seed;
    std::int64_t position = 0;
    for (const FillRecord& fill : result.fills) {
      position += fill.side == Side::kBuy ? fill.quantity_lots : -fill.quantity_lots;
      ASSERT_LE(std::abs(position), result.limit_lots) << seed;
    }
    EXPECT_EQ(position, result.position_lots);
  }
}
TEST(Window, KeepsToItsIntervalItsBudgetAndItsOpenOrders) {
  MakerParams params = badly_set();
  params.replace_rate_per_min = 100;
  params.concurrency_limit = 5;
  const WindowResult result = window_of(params, 3);
  EXPECT_GE(result.behaviour.shortest_quote_interval_ns, params.min_interval_ms * 1'000'000);
  EXPECT_LE(result.behaviour.most_replaces_in_a_minute, 100);
  EXPECT_LE(result.behaviour.most_open_orders, 5);
  EXPECT_GT(result.blocks.throttle, 0);
  EXPECT_GT(result.blocks.concurrency, 0);
}
TEST(Window, LeavesNoQuoteOlderThanItsMaximumAndReplacesNoneForItsPriceBeforeItsTailAge) {
  MakerParams params = badly_set();
  params.max_age_ms = 900;
  const MakerBehaviour seen = window_of(params, 3).behaviour;
  EXPECT_LT(seen.oldest_quote_ns, params.max_age_ms * 1'000'000);
  EXPECT_GT(seen.oldest_quote_ns, badly_set().tail_age_ms * 1'000'000)
      << "quotes in their place are left alone";
  EXPECT_GE(seen.youngest_misplaced_quote_ns, params.tail_age_ms * 1'000'000);
  EXPECT_LT(seen.youngest_misplaced_quote_ns, params.max_age_ms * 1'000'000);
}
TEST(Window, GivesTheSameResultForTheSameInput) {
  const WindowResult a = window_of(badly_set(), 5);
  const WindowResult b = window_of(badly_set(), 5);
  EXPECT_TRUE(a.totals.net == b.totals.net && a.latencies_ns == b.latencies_ns &&
              a.fills.size() == b.fills.size());
}
TEST(Window, ABookThatWasUsedBeforeGivesTheSameResultAsANewOne) {
  WindowWorkspace workspace;
  window_of(badly_set(), 5, workspace);
  const WindowResult again = window_of(badly_set(), 5, workspace);
  const WindowResult fresh = window_of(badly_set(), 5);
  EXPECT_TRUE(again.totals.net == fresh.totals.net && again.latencies_ns == fresh.latencies_ns &&
              again.order_ages_ns == fresh.order_ages_ns);
}
TEST(Window, AnEmptyMarketTradesNothingAndStillBalances) {
  const MarketColumns columns;
  WindowInput input;
  input.feed = columns.feed();
  input.end_ns = kWindowNs;
  const WindowResult result = run_window(input);
  EXPECT_TRUE(result.fills.empty());
  EXPECT_TRUE(result.totals.balanced());
}

TEST(SyntheticMarket, HasTheSpreadOfAWideInstrumentAndNeverCrosses) {
  const SyntheticWindow market = make_synthetic_window({}, 1, 0, kWindowNs);
  Book book;
  for (const Level& level : market.bids) book.set(Side::kBuy, level.price_ticks, level.quantity_lots);
  for (const Level& level : market.asks) book.set(Side::kSell, level.price_ticks, level.quantity_lots);
  double sum_bps = 0;
  std::int64_t count = 0;
  std::int64_t exchange_ns = 0;
  std::int64_t local_ns = 0;
  for (const MarketEvent& event : market.events) {
    book.apply(event);
    ASSERT_FALSE(book.crossed());
    ASSERT_GE(event.exchange_ns, exchange_ns);
    ASSERT_GE(event.local_ns, std::max(local_ns, event.exchange_ns));
    exchange_ns = event.exchange_ns;
    local_ns = event.local_ns;
    if (!book.two_sided()) continue;
    sum_bps +=
        2e4 * (*book.best(Side::kSell) - *book.best(Side::kBuy)) / static_cast<double>(book.mid_half_ticks());
    ++count;
  }
  EXPECT_GT(sum_bps / static_cast<double>(count), 5);
  EXPECT_LT(sum_bps / static_cast<double>(count), 15);
}
TEST(SyntheticMarket, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const auto a = make_synthetic_window({}, 1, 0, kWindowNs);
  const auto b = make_synthetic_window({}, 1, 0, kWindowNs);
  const auto c = make_synthetic_window({}, 2, 0, kWindowNs);
  ASSERT_EQ(a.events.size(), b.events.size());
  EXPECT_EQ(a.events.back().exchange_ns, b.events.back().exchange_ns);
  EXPECT_NE(a.events.back().exchange_ns, c.events.back().exchange_ns);
}

}  // namespace
}  // namespace soak::sim

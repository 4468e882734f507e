#include "target/simulated_target.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"

namespace soak::target {
namespace {

class SimulatedTargetTest : public testing::Test {
 protected:
  SimulatedTargetTest() {
    folder_ = std::filesystem::path(testing::TempDir()) / ("simulated_target_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write(canonical_json(default_runtime()));
  }
  ~SimulatedTargetTest() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "runtime.json").string(); }
  void write(const std::string& text) {
    ASSERT_TRUE(base::write_file_atomic_not_durable(path(), text).has_value());
  }
  Json report(std::uint64_t seed, std::int64_t iteration) {
    SimulatedTargetOptions options;
    options.seed = seed;
    auto made = make_simulated_target(options);
    IterationRequest request;
    request.iteration = iteration;
    request.runtime_path = path();
    auto outcome = (*made)->run_iteration(request);
    EXPECT_TRUE(outcome.has_value());
    return outcome->reports.at(0).report;
  }
  std::filesystem::path folder_;
};

TEST_F(SimulatedTargetTest, ReportsTheValuesThatItUsedAndTheHashOfTheFile) {
  const Json seen = report(1, 1);
  EXPECT_EQ(seen["effective"]["state_hash"], base::sha256_hex(canonical_json(default_runtime())));
  EXPECT_EQ(seen["effective"]["params"]["risk"]["impact_cap_ratio"], 0.14);
  EXPECT_EQ(seen["effective"]["params"]["engine"]["concurrency_limit"], 12);
}
TEST_F(SimulatedTargetTest, ReportsItsOwnDefaultForAParameterThatTheFileLacks) {
  write("{}");
  EXPECT_TRUE(report(1, 1)["effective"]["params"]["risk"]["base_spread_bps"].is_number());
}
TEST_F(SimulatedTargetTest, UsesAndReportsTheBoundWhereTheFileIsOutOfBounds) {
  write(R"({"risk":{"base_spread_bps":900}})");
  EXPECT_EQ(report(1, 1)["effective"]["params"]["risk"]["base_spread_bps"], 50);
}
TEST_F(SimulatedTargetTest, NetIsExactlyGrossLessItsCostsAsPrinted) {
  for (std::int64_t iteration = 1; iteration <= 10; ++iteration) {
    const Json totals = report(3, iteration)["totals"];
    const auto micro = [&](const char* name) { return std::llround(totals[name].get<double>() * 1e6); };
    EXPECT_EQ(micro("net_bps"), micro("gross_bps") - micro("fees_eff_bps") - micro("adverse_bps") -
                                    micro("slippage_bps") - micro("inventory_bps"));
  }
}
TEST_F(SimulatedTargetTest, GivesTheSameReportForTheSameSeedIterationAndFile) {
  EXPECT_EQ(report(5, 7), report(5, 7));
}
TEST_F(SimulatedTargetTest, AnotherSeedOrIterationIsAnotherMarket) {
  EXPECT_NE(report(5, 7)["totals"], report(6, 7)["totals"]);
  EXPECT_NE(report(5, 7)["totals"], report(5, 8)["totals"]);
}
TEST_F(SimulatedTargetTest, WithoutATradeTheEdgeIsUnknownAndNotZero) {
  write(R"({"risk":{"base_spread_bps":50,"base_spread_bps_delta":5}})");
  const Json totals = report(1, 1)["totals"];
  EXPECT_EQ(totals["fills"]["maker_count"], 0);
  EXPECT_TRUE(totals["net_bps"].is_null());
  EXPECT_TRUE(totals["maker_share_pct"].is_null());
  EXPECT_TRUE(totals["adverse_bps_p95"].is_null());
  EXPECT_TRUE(totals["slippage_bps_p95"].is_null());
  EXPECT_TRUE(totals["p95_latency_ms"].is_number());  // it quoted all the same
}
TEST_F(SimulatedTargetTest, ItsEvidenceBearsOutItsParameters) {
  const Json seen = report(2, 1);
  EXPECT_GE(seen["evidence"]["min_interval_ms"]["at_least"].get<double>(), 30);
  EXPECT_LE(seen["evidence"]["concurrency_limit"]["at_most"].get<int>(), 12);
  EXPECT_LE(seen["evidence"]["replace_rate_per_min"]["at_most"].get<int>(), 600);
  EXPECT_LE(seen["evidence"]["risk_limit_ratio"]["at_most"].get<double>(), 0.3);
}
TEST_F(SimulatedTargetTest, BlockRatiosAreSharesOfTheAttempts) {
  double sum = 0;
  const Json reasons = report(2, 1)["totals"]["block_reasons"];
  for (const auto& [reason, block] : reasons.items()) sum += block["ratio"].get<double>();
  EXPECT_GT(sum, 0);
  EXPECT_LT(sum, 1);
}
TEST_F(SimulatedTargetTest, ATornRuntimeFileIsAnErrorThatNamesIt) {
  write("{\"risk\":");
  auto made = make_simulated_target({});
  IterationRequest request;
  request.iteration = 1;
  request.runtime_path = path();
  auto outcome = (*made)->run_iteration(request);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().file, path());
}
TEST_F(SimulatedTargetTest, AFeedThatIsNotThereIsRefusedAtTheStart) {
  SimulatedTargetOptions options;
  options.feed_path = (folder_ / "none.feed").string();
  auto made = make_simulated_target(options);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace soak::target

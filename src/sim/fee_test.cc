#include <gtest/gtest.h>

#include "base/testing.h"
#include "sim/fee_flat.h"
#include "sim/fee_tiered.h"

namespace soak::sim {
namespace {

TEST(FlatFee, TellsMakerFromTaker) {
  const FlatFee fee{-50, 400};
  EXPECT_EQ(fee.rate_ppm(true), -50);
  EXPECT_EQ(fee.rate_ppm(false), 400);
}

TEST(TieredFee, TakesTheTierOfWhatWasTradedBeforeTheFill) {
  TieredFee fee({{0, 0.001, 0.002}, {1000, 0.0005, 0.001}, {2000, -0.0001, 0.0005}});
  EXPECT_DOUBLE_EQ(fee.fill(999, true), 0.999);
  EXPECT_DOUBLE_EQ(fee.fill(1, false), 0.002);
  EXPECT_DOUBLE_EQ(fee.fill(1000, true), 0.5) << "the tier begins at its amount";
  EXPECT_DOUBLE_EQ(fee.fill(1000, true), -0.1) << "a rebate";
  EXPECT_DOUBLE_EQ(fee.fill(1000, false), 0.5);
}

TEST(FeeTiers, AreReadFromAListThatSaysWhereEachBegins) {
  const base::TempFolder folder;
  base::write_bytes(folder.file("tiers.json"),
                    R"([{"from_amount":0,"maker_rate":0.001,"taker_rate":0.002},
                        {"from_amount":1000,"maker_rate":-0.0001,"taker_rate":0.001}])");
  const auto tiers = read_fee_tiers(folder.file("tiers.json"));
  ASSERT_TRUE(tiers) << to_line(tiers.error());
  ASSERT_EQ(tiers->size(), 2U);
  EXPECT_EQ((*tiers)[1].from_amount, 1000);
  EXPECT_EQ((*tiers)[1].maker_rate, -0.0001);
}

TEST(FeeTiers, ThatMakeNoSenseAreNamed) {
  const base::TempFolder folder;
  const std::string good = R"({"from_amount":0,"maker_rate":0,"taker_rate":0})";
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"{}", "not a list"},
      {"[]", "not a list"},
      {R"([{"from_amount":0,"maker_rate":0}])", "tier 1 is not"},
      {R"([{"from_amount":0,"maker_rate":0,"taker":0}])", "tier 1 is not"},
      {R"([{"from_amount":5,"maker_rate":0,"taker_rate":0}])", "tier 1 does not begin at 0"},
      {"[" + good + "," + good + "]", "tier 2 does not begin above"},
      {R"([{"from_amount":0,"maker_rate":0,"taker_rate":2}])", "rate 2 is not between"}};
  for (const auto& [text, message] : bad) {
    base::write_bytes(folder.file("tiers.json"), text);
    const auto tiers = read_fee_tiers(folder.file("tiers.json"));
    ASSERT_FALSE(tiers) << text;
    EXPECT_NE(tiers.error().message.find(message), std::string::npos) << tiers.error().message;
    EXPECT_EQ(tiers.error().file, folder.file("tiers.json"));
  }
}

TEST(TieredFee, OfOneTierIsFlat) {
  TieredFee fee({{0, -0.00005, 0.0004}});
  for (int k = 0; k < 3; ++k) EXPECT_DOUBLE_EQ(fee.fill(1e6, true), -50);
}

}  // namespace
}  // namespace soak::sim

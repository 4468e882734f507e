// What is kept of a target that reports too much: everything that could convict it.

#include "target/report_keeper.h"

#include <gtest/gtest.h>

namespace soak::target {
namespace {

journal::SeenReport report(std::int64_t seq, int value = 60, double measured = 60, bool settled = true) {
  return {1,
          seq,
          "",
          settled,
          {{"effective", {{"params", {{"min_interval_ms", value}}}}},
           {"evidence", {{"min_interval_ms", {{"at_least", measured}}}}}}};
}

class Keeper : public ::testing::Test {
 protected:
  void fill() {
    for (std::size_t i = 0; i < ReportKeeper::kReportsMax; ++i) keeper_.add(report(++seq_), 100);
  }
  std::vector<std::int64_t> kept_after_the_bound() {
    std::vector<std::int64_t> numbers;
    for (const journal::SeenReport& kept : keeper_.take()) {
      if (kept.seq > static_cast<std::int64_t>(ReportKeeper::kReportsMax)) numbers.push_back(kept.seq);
    }
    return numbers;
  }
  ReportKeeper keeper_;
  std::int64_t seq_ = 0;
};

TEST_F(Keeper, KeepsAllWithinTheBound) {
  fill();
  EXPECT_EQ(keeper_.dropped(), 0U);
  EXPECT_EQ(keeper_.take().size(), ReportKeeper::kReportsMax);
}

TEST_F(Keeper, KeepsTheLastAndDropsThoseBetween) {
  fill();
  for (int i = 0; i < 10; ++i) keeper_.add(report(++seq_), 100);
  EXPECT_EQ(keeper_.dropped(), 9U);
  EXPECT_EQ(kept_after_the_bound(), std::vector<std::int64_t>{seq_});
}

TEST_F(Keeper, KeepsAValueThatIsThereForOneReport) {
  fill();
  keeper_.add(report(++seq_), 100);
  keeper_.add(report(++seq_, 31), 100);
  keeper_.add(report(++seq_), 100);
  keeper_.add(report(++seq_), 100);
  EXPECT_EQ(kept_after_the_bound(), (std::vector<std::int64_t>{1002, 1003, 1004}));
}

TEST_F(Keeper, KeepsEvidenceBeyondAllThatWasMeasured) {
  fill();
  keeper_.add(report(++seq_, 60, 60), 100);
  keeper_.add(report(++seq_, 60, 31), 100);
  keeper_.add(report(++seq_, 60, 35), 100);
  keeper_.add(report(++seq_, 60, 60), 100);
  EXPECT_EQ(kept_after_the_bound(), (std::vector<std::int64_t>{1002, 1004}));
}

TEST_F(Keeper, DoesNotLetAnUnsettledMeasurementHideASettledOne) {
  keeper_.add(report(++seq_, 60, 1, false), 100);
  fill();
  keeper_.add(report(++seq_, 60, 31), 100);
  keeper_.add(report(++seq_, 60, 60), 100);
  EXPECT_EQ(kept_after_the_bound(), (std::vector<std::int64_t>{1002, 1003}));
}

TEST_F(Keeper, HoldsItsBoundWhateverTheTargetSays) {
  for (int i = 0; i < 20'000; ++i) keeper_.add(report(++seq_, i), 100);
  const auto kept = keeper_.take();
  EXPECT_LE(kept.size(), ReportKeeper::kReportsMax * ReportKeeper::kCrammed + 1);
  EXPECT_EQ(kept.back().seq, seq_);
}

TEST_F(Keeper, CountsBytesToo) {
  for (int i = 0; i < 100; ++i) keeper_.add(report(++seq_), std::size_t{1} << 20);
  EXPECT_LE(keeper_.take().size(), 18U);
}

}  // namespace
}  // namespace soak::target

#pragma once
// Is one run better than another, or is it chance? For each KPI: the difference of the means with a bootstrap
// interval, and a rank test; a verdict only where both agree. Pure and thread safe; same seed, same bits.
//
// The iterations of a run are not independent. The interval allows for that: moving blocks of
// ceil(n^(1/3)) neighbouring iterations are drawn (Künsch, Annals of Statistics 17, 1989; the order of the
// length: Hall, Horowitz and Jing, Biometrika 82, 1995). The rank test does not: with strongly
// autocorrelated KPIs its p value is too small, which is one reason why it never decides alone. Nor do two
// runs say what a third would do.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analyze/profile.h"

namespace soak::analyze {

struct MannWhitney {
  double u = 0;        // of the second sample: pairs in which it is the greater, ties as one half
  double p_value = 1;  // two sides
  bool exact = false;
};
// Mann and Whitney, Annals of Mathematical Statistics 18, 1947. Exact by their recurrence where no values are
// tied and the samples are small (n1 × n2 ≤ 400); else the normal approximation with tie correction and
// continuity correction, as scipy.stats.mannwhitneyu has it. Nothing where a sample is empty.
std::optional<MannWhitney> mann_whitney(const std::vector<double>& a, const std::vector<double>& b);

struct Interval {
  double low = 0;
  double high = 0;
};
inline constexpr double kComparisonConfidence = 0.95;
// Of mean(b) − mean(a): percentiles (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13) of
// 2000 resamples of moving blocks, both samples in the order in which they came. Nothing where a sample has
// fewer than two values.
std::optional<Interval> bootstrap_difference(const std::vector<double>& a, const std::vector<double>& b,
                                             std::uint64_t seed);

enum class ComparisonVerdict {
  kBetter,
  kSame,  // nothing was shown: the interval holds 0, or the rank test's p is 0.05 or more
  kWorse,
  kNoData,  // a sample has fewer than two values
};
std::string_view comparison_verdict_name(ComparisonVerdict verdict);  // "better", "same", "worse", "no_data"

struct SampleSummary {
  std::int64_t count = 0;
  std::optional<double> mean;
  std::optional<double> median;
};

struct SampleComparison {
  SampleSummary a, b;
  std::optional<double> difference;  // mean of b − mean of a
  std::optional<Interval> interval;
  std::optional<double> p_value;
  ComparisonVerdict verdict = ComparisonVerdict::kNoData;  // of b against a
};
// Values that are not finite must have been left out.
SampleComparison compare_samples(const std::vector<double>& a, const std::vector<double>& b,
                                 Direction direction, std::uint64_t seed);

}  // namespace soak::analyze

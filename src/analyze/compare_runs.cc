#include "analyze/compare_runs.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "analyze/statistics.h"
#include "base/rng.h"

namespace soak::analyze {
namespace {

constexpr int kResamples = 2000;
constexpr std::size_t kExactPairsMax = 400;
constexpr double kSignificance = 0.05;

struct Ranked {
  double u = 0;        // of the second sample
  double tie_sum = 0;  // of t³ − t over the groups of t equal values
};

Ranked rank(std::span<const double> a, std::span<const double> b) {
  struct One {
    double value;
    bool second;
  };
  std::vector<One> all;
  all.reserve(a.size() + b.size());
  for (const double value : a) all.push_back({value, false});
  for (const double value : b) all.push_back({value, true});
  std::sort(all.begin(), all.end(), [](const One& x, const One& y) { return x.value < y.value; });
  Ranked ranked;
  double rank_sum = 0;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t last = first;
    while (last + 1 < all.size() && all[last + 1].value == all[first].value) ++last;
    const double mean_rank = static_cast<double>(first + last) / 2 + 1;
    const auto tied = static_cast<double>(last - first + 1);
    ranked.tie_sum += tied * tied * tied - tied;
    for (std::size_t k = first; k <= last; ++k) rank_sum += all[k].second ? mean_rank : 0;
    first = last + 1;
  }
  const auto n = static_cast<double>(b.size());
  ranked.u = rank_sum - n * (n + 1) / 2;
  return ranked;
}

// P(U ≥ u) under the null hypothesis. The number of orders of m and n values with U = k is that of the
// partitions of k into at most m parts of at most n: coefficients of the Gaussian binomial, made factor by
// factor.
double exact_upper_tail(std::size_t m, std::size_t n, double u) {
  std::vector<double> ways(m * n + 1, 0);
  ways[0] = 1;
  for (std::size_t j = 1; j <= m; ++j) {
    for (std::size_t k = ways.size(); k-- > n + j;) ways[k] -= ways[k - n - j];
    for (std::size_t k = j; k < ways.size(); ++k) ways[k] += ways[k - j];
  }
  const double all = std::accumulate(ways.begin(), ways.end(), 0.0);
  const auto from = static_cast<std::ptrdiff_t>(std::ceil(u));
  return std::accumulate(ways.begin() + from, ways.end(), 0.0) / all;
}

// Draws means of resamples of one sample, in blocks of neighbours.
class BlockMeans {
 public:
  explicit BlockMeans(std::span<const double> values) : count_(values.size()), sums_(values.size() + 1, 0) {
    std::partial_sum(values.begin(), values.end(), sums_.begin() + 1);
    length_ = static_cast<std::size_t>(std::ceil(std::cbrt(static_cast<double>(count_)) - 1e-9));
  }
  double draw(base::Rng& rng) const {
    double sum = 0;
    for (std::size_t taken = 0; taken < count_;) {
      const std::size_t first = rng.below(count_ - length_ + 1);
      const std::size_t length = std::min(length_, count_ - taken);
      sum += sums_[first + length] - sums_[first];
      taken += length;
    }
    return sum / static_cast<double>(count_);
  }

 private:
  std::size_t count_;
  std::size_t length_ = 1;
  std::vector<double> sums_;  // of the first k values
};

double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

SampleSummary summary_of(const std::vector<double>& values) {
  return {static_cast<std::int64_t>(values.size()), mean_of(values), median_of(values)};
}

}  // namespace

std::optional<MannWhitney> mann_whitney(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.empty() || b.empty()) return std::nullopt;
  const Ranked ranked = rank(a, b);
  const auto m = static_cast<double>(a.size());
  const auto n = static_cast<double>(b.size());
  MannWhitney result;
  result.u = ranked.u;
  const double greater = std::max(ranked.u, m * n - ranked.u);
  if (ranked.tie_sum == 0 && a.size() * b.size() <= kExactPairsMax) {
    result.exact = true;
    result.p_value = std::min(1.0, 2 * exact_upper_tail(a.size(), b.size(), greater));
    return result;
  }
  const double total = m + n;
  const double variance = m * n / 12 * (total + 1 - ranked.tie_sum / (total * (total - 1)));
  if (variance <= 0) return result;  // all values are the same
  const double z = (greater - m * n / 2 - 0.5) / std::sqrt(variance);
  result.p_value = std::min(1.0, std::erfc(z / std::sqrt(2.0)));
  return result;
}

std::optional<Interval> bootstrap_difference(const std::vector<double>& a, const std::vector<double>& b,
                                             std::uint64_t seed) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const BlockMeans of_a(a);
  const BlockMeans of_b(b);
  base::Rng rng(seed);
  std::vector<double> differences;
  differences.reserve(kResamples);
  for (int k = 0; k < kResamples; ++k) {
    const double mean_a = of_a.draw(rng);
    differences.push_back(of_b.draw(rng) - mean_a);
  }
  std::sort(differences.begin(), differences.end());
  constexpr double kTail = (1 - kComparisonConfidence) / 2;
  return Interval{percentile(differences, kTail), percentile(differences, 1 - kTail)};
}

std::string_view comparison_verdict_name(ComparisonVerdict verdict) {
  switch (verdict) {
    case ComparisonVerdict::kBetter:
      return "better";
    case ComparisonVerdict::kSame:
      return "same";
    case ComparisonVerdict::kWorse:
      return "worse";
    case ComparisonVerdict::kNoData:
      break;
  }
  return "no_data";
}

SampleComparison compare_samples(const std::vector<double>& a, const std::vector<double>& b,
                                 Direction direction, std::uint64_t seed) {
  SampleComparison result;
  result.a = summary_of(a);
  result.b = summary_of(b);
  if (result.a.mean && result.b.mean) result.difference = *result.b.mean - *result.a.mean;
  result.interval = bootstrap_difference(a, b, seed);
  if (!result.interval) return result;
  if (const auto test = mann_whitney(a, b)) result.p_value = test->p_value;
  const bool excludes_zero = result.interval->low > 0 || result.interval->high < 0;
  if (!excludes_zero || result.p_value.value_or(1) >= kSignificance) {
    result.verdict = ComparisonVerdict::kSame;
  } else {
    const bool up = *result.difference > 0;
    result.verdict =
        up == (direction == Direction::kAtLeast) ? ComparisonVerdict::kBetter : ComparisonVerdict::kWorse;
  }
  return result;
}

}  // namespace soak::analyze

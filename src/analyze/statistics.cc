#include "analyze/statistics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace soak::analyze {
namespace {

double rounded(double value, int decimals) {
  std::array<char, 512> text{};  // the longest double has 309 digits before the point
  const auto written =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
  double result = value;
  std::from_chars(text.data(), written.ptr, result);
  return result == 0 ? 0.0 : result;
}

}  // namespace

std::optional<double> mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  // Neumaier's sum in long double: the error term keeps what a plain sum would lose, so that one rounding
  // remains.
  long double sum = 0;
  long double lost = 0;
  for (const double value : values) {
    const long double next = sum + value;
    lost += std::fabs(sum) >= std::fabs(static_cast<long double>(value)) ? (sum - next) + value
                                                                         : (value - next) + sum;
    sum = next;
  }
  return static_cast<double>((sum + lost) / static_cast<long double>(values.size()));
}

std::optional<double> median_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  const double sum = values[middle - 1] + values[middle];
  return std::isfinite(sum) ? sum / 2 : values[middle - 1] / 2 + values[middle] / 2;
}

std::optional<double> median_deviation_of(const std::vector<double>& values) {
  const std::optional<double> median = median_of(values);
  if (!median) return std::nullopt;
  std::vector<double> deviations;
  deviations.reserve(values.size());
  for (const double value : values) deviations.push_back(std::fabs(value - *median));
  return median_of(std::move(deviations));
}

std::optional<double> standard_error_of(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const long double mean = *mean_of(values);
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto count = static_cast<long double>(values.size());
  return static_cast<double>(std::sqrt(squares / (count - 1) / count));
}

double welch_standard_error(double one, double other) {
  return std::hypot(one, other);
}

double round3(double value) {
  return rounded(value, 3);
}

double round6(double value) {
  return rounded(value, 6);
}

}  // namespace soak::analyze

#pragma once
// Small statistics with the results that Python's `statistics` and `round` give. Pure.

#include <optional>
#include <vector>

namespace soak::analyze {

// Nothing for an empty list. The sum is exact before the one division, as in statistics.mean; the order does
// not matter.
std::optional<double> mean_of(const std::vector<double>& values);
// The middle value, or the mean of the two middle ones.
std::optional<double> median_of(std::vector<double> values);
// Median absolute deviation from the median; nothing for an empty list.
std::optional<double> median_deviation_of(const std::vector<double>& values);

// Of the mean: the sample's standard deviation (n − 1) over √n. Nothing for fewer than two values. Takes the
// values for independent; the iterations of a run that is being tuned are not.
std::optional<double> standard_error_of(const std::vector<double>& values);
// Of the difference of two means, of samples with variances of their own (Welch).
double welch_standard_error(double one, double other);

// round(value, 3) of Python: the exact binary value, correctly rounded to three decimals, ties to even. Never
// gives -0.
double round3(double value);
double round6(double value);  // the same with six decimals

}  // namespace soak::analyze

#pragma once
// Decimal numbers from doubles, for recordings that keep prices and quantities as such. Pure.

#include <optional>

#include "sim/feed_decimal.h"

namespace soak::sim {

// The decimal number that was meant: the one with the fewest decimals within a few units of the double's last
// place. 0.30000000000000004, which is 3 * 0.1, is 0.3. Nothing where the value is negative, not finite, or
// needs more than kDecimalsMax decimals or 63 bits.
std::optional<Decimal> decimal_of(double value);

// The multiple of a positive step nearest to the value; nothing where the value is farther from it than a
// millionth of the step (or than its own last places), negative, or not finite.
std::optional<Decimal> multiple_of(double value, Decimal step);

}  // namespace soak::sim

#pragma once
// Exact decimal numbers, as exchanges write prices and quantities in text. A price never passes through a
// floating-point number on its way from the text to integer ticks. All functions are pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace soak::sim {

// mantissa / 10^decimals, as few decimals as the value needs ("61737.63000000" is 6173763 with 2, "3.00" is 3
// with 0).
struct Decimal {
  std::int64_t mantissa = 0;
  std::uint8_t decimals = 0;
  friend bool operator==(const Decimal&, const Decimal&) = default;
};
inline constexpr int kDecimalsMax = 18;

// Digits with at most one point and no sign, exponent or blank; nothing where the text is anything else,
// needs more than 63 bits, or has more than kDecimalsMax decimals that are not trailing zeros.
std::optional<Decimal> parse_decimal(std::string_view text);

// value / step as a whole number; nothing where it is not whole, does not fit 63 bits, or the step is not
// positive.
std::optional<std::int64_t> to_steps(Decimal value, Decimal step);

// "0.01", "61737.63", "3".
std::string format_decimal(Decimal value);

// The nearest double (exact to the last bit up to 15 digits).
double to_double(Decimal value);

}  // namespace soak::sim

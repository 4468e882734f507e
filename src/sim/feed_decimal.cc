#include "sim/feed_decimal.h"

#include <array>
#include <limits>

namespace soak::sim {
namespace {

using Wide = __int128;

constexpr auto kPowersOfTen = [] {
  std::array<std::int64_t, kDecimalsMax + 1> powers{};
  std::int64_t power = 1;
  for (std::size_t k = 0; k < powers.size(); ++k) {
    powers[k] = power;
    if (k + 1 < powers.size()) power *= 10;
  }
  return powers;
}();

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    if (point == 0 || point + 1 == text.size()) return std::nullopt;
    while (text.back() == '0') text.remove_suffix(1);
    if (text.back() == '.') text.remove_suffix(1);
  }
  if (text.empty()) return std::nullopt;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Decimal value;
  bool after_point = false;
  for (const char c : text) {
    if (c == '.') {
      if (after_point) return std::nullopt;
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    const std::int64_t digit = c - '0';
    if (value.mantissa > (kMax - digit) / 10) return std::nullopt;
    value.mantissa = value.mantissa * 10 + digit;
    if (after_point && ++value.decimals > kDecimalsMax) return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> to_steps(Decimal value, Decimal step) {
  if (step.mantissa <= 0) return std::nullopt;
  Wide numerator = value.mantissa;
  Wide denominator = step.mantissa;
  // Both factors are at most 10^18, and so each product fits 128 bits.
  if (step.decimals > value.decimals) {
    numerator *= kPowersOfTen[static_cast<std::size_t>(step.decimals - value.decimals)];
  } else {
    denominator *= kPowersOfTen[static_cast<std::size_t>(value.decimals - step.decimals)];
  }
  if (numerator % denominator != 0) return std::nullopt;
  const Wide steps = numerator / denominator;
  if (steps > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return static_cast<std::int64_t>(steps);
}

std::string format_decimal(Decimal value) {
  std::string digits = std::to_string(value.mantissa);
  if (value.decimals == 0) return digits;
  if (digits.size() <= value.decimals) digits.insert(0, value.decimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - value.decimals, 1, '.');
  return digits;
}

double to_double(Decimal value) {
  return static_cast<double>(value.mantissa) / static_cast<double>(kPowersOfTen[value.decimals]);
}

}  // namespace soak::sim

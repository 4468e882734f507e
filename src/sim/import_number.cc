#include "sim/import_number.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace soak::sim {
namespace {

// A product or a short sum of decimal numbers is off by a few units of 2^-53; fifteen digits are left whole.
constexpr double kNoise = 0x1p-48;
constexpr double kWholeMax = 0x1p62;

constexpr std::array<double, kDecimalsMax + 1> kPowersOfTen = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

}  // namespace

std::optional<Decimal> decimal_of(double value) {
  if (!(value >= 0)) return std::nullopt;
  for (std::size_t decimals = 0; decimals < kPowersOfTen.size(); ++decimals) {
    const double scaled = value * kPowersOfTen[decimals];
    if (!(scaled < kWholeMax)) return std::nullopt;
    const auto whole = static_cast<std::int64_t>(scaled + 0.5);
    if (std::fabs(scaled - static_cast<double>(whole)) <= scaled * kNoise)
      return Decimal{whole, static_cast<std::uint8_t>(decimals)};
  }
  return std::nullopt;
}

std::optional<Decimal> multiple_of(double value, Decimal step) {
  const double steps = value / to_double(step);
  constexpr double kStepsMax = 0x1p53;
  if (!(steps >= 0) || steps > kStepsMax) return std::nullopt;
  const double whole = std::floor(steps + 0.5);
  if (std::fabs(steps - whole) > std::max(1e-6, steps * kNoise)) return std::nullopt;
  if (whole * static_cast<double>(step.mantissa) >= kWholeMax) return std::nullopt;
  return Decimal{static_cast<std::int64_t>(whole) * step.mantissa, step.decimals};
}

}  // namespace soak::sim

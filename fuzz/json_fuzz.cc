// parse_json() and canonical_json(): what every file of JSON comes in through, and what every hash is made
// of.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

// The first eight bytes as a number: its text reads back to the same bits, here and in the C library.
void require_number_round_trip(std::string_view bytes) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), std::min(bytes.size(), sizeof bits));
  const auto number = std::bit_cast<double>(bits);
  if (!std::isfinite(number)) return;
  const std::string text = canonical_number(number);
  require(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)) == bits,
          "a number's text is that number: " + text);
  const auto value = parse_json(text);
  require(value && value->is_number_float() && std::bit_cast<std::uint64_t>(value->get<double>()) == bits &&
              canonical_json(*value) == text,
          "a number's text is JSON, and stays a float: " + text);
}

}  // namespace

bool try_input(std::string_view bytes) {
  require_number_round_trip(bytes);
  const auto value = parse_json(bytes, "input.json");
  if (!value) {
    require_refusal(value.error(), {ErrorCode::kInvalidJson, ErrorCode::kLimitExceeded});
    require(value.error().file == "input.json", "a refusal names the file");
    return false;
  }
  require(Json::accept(bytes), "what is taken is JSON to another parser too");
  require_recordable(*value, JsonLimits{}.depth_max);
  const std::string text = canonical_json(*value);
  require(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }),
          "the canonical text is printable ASCII");
  const auto again = parse_json(text);
  require(again && canonical_json(*again) == text, "the canonical text is its own canonical text");
  require(compute_json_hash(*again) == compute_json_hash(*value), "equal values have one hash");
  return true;
}

}  // namespace soak::fuzz

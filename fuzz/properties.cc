#include "fuzz/properties.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace soak::fuzz {
namespace {

constexpr std::size_t kLineBytesMax = 2000;  // a long path, and the message

bool is_utf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::exception&) {
    return false;
  }
}

void require_sound(const Json& value, std::size_t depth_left) {
  if (value.is_number_float()) require(std::isfinite(value.get<double>()), "every number is finite");
  if (value.is_string()) require(is_utf8(value.get_ref<const std::string&>()), "every text is UTF-8");
  if (!value.is_structured()) return;
  require(depth_left > 0, "no value is nested deeper than the limit");
  for (const auto& [name, member] : value.items()) {
    if (value.is_object()) require(is_utf8(name), "every name is UTF-8");
    require_sound(member, depth_left - 1);
  }
}

}  // namespace

void require(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

void require_readable(const Error& error) {
  const std::string line = to_line(error);
  require(!error.message.empty(), "an error has a message");
  require(error.message.size() <= kErrorMessageBytesMax + 100, "a message is within its limit: " + line);
  require(line.find_first_of("\n\r") == std::string::npos, "an error is one line: " + line);
  require(is_utf8(line), "an error is UTF-8: " + line);
  require(line.size() <= kLineBytesMax, "an error is short enough to read: " + line);
}

void require_refusal(const Error& error, std::initializer_list<ErrorCode> codes) {
  require_readable(error);
  require(std::find(codes.begin(), codes.end(), error.code) != codes.end(),
          "a refusal has a code that the header names: " + std::string(error_code_name(error.code)) + ": " +
              to_line(error));
}

void require_recordable(const Json& value, std::size_t depth_max) {
  require_sound(value, depth_max);
  const auto again = parse_json(canonical_json(value));
  require(again.has_value(), "the canonical text can be read");
  require(*again == value, "the canonical text reads back the same");
}

}  // namespace soak::fuzz

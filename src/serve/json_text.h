#pragma once
// JSON written straight into a text, for arrays that are too long to build as values first. Pure.

#include <fmt/format.h>
#include <soak/json.h>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace soak::serve {

// Whatever bytes a target reported, a document stays one: what is not UTF-8 is replaced.
inline std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}
inline void append_text(std::string& out, std::string_view text) {
  out += dumped(Json(std::string(text)));
}
// null where it is not finite.
inline void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}
inline Json number_or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}
inline Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

// "name":[one,two,…] with `append(index)` for each of `count`.
template <class Append>
void append_array(std::string& out, std::string_view name, std::size_t count, Append append) {
  append_text(out, name);
  out += ":[";
  for (std::size_t k = 0; k < count; ++k) {
    if (k > 0) out += ',';
    append(k);
  }
  out += ']';
}

}  // namespace soak::serve

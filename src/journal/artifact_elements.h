#pragma once
// Elements of a parsed artifact → what they say. Only journal/artifact_parse.cc and its own .cc know
// simdjson's types.

#include <fmt/format.h>
#include <simdjson.h>

#include <soak/params.h>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/artifact_parse.h"

namespace soak::journal {

namespace dom = simdjson::dom;

// By value: value_unsafe() of a temporary would leave a loop with a reference to nothing. The type must have
// been asked for before.
inline dom::object as_object(dom::element element) {
  auto object = element.get_object();
  return object.value_unsafe();
}
inline dom::array as_array(dom::element element) {
  auto array = element.get_array();
  return array.value_unsafe();
}

// Takes members out of elements and remembers the first one that has the wrong type. null is as good as
// absent.
class ElementReader {
 public:
  const std::string& problem() const { return problem_; }

  void wrong(std::string_view name, std::string_view wanted) {
    if (problem_.empty()) problem_ = fmt::format("\"{}\" is not {}", name, wanted);
  }
  std::optional<dom::object> object(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_object()) return as_object(value);
    wrong(name, "an object");
    return std::nullopt;
  }
  std::optional<dom::array> array(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_array()) return as_array(value);
    wrong(name, "a list");
    return std::nullopt;
  }
  void text(std::string_view name, dom::element value, std::string& out) {
    if (value.is_null()) return;
    if (value.is_string()) {
      out.assign(value.get_string().value_unsafe());
    } else {
      wrong(name, "text");
    }
  }
  void texts(std::string_view name, dom::element value, std::vector<std::string>& out) {
    out.clear();
    if (value.is_string()) {  // one condition, not wrapped in a list
      out.emplace_back(value.get_string().value_unsafe());
      return;
    }
    const auto items = array(name, value);
    if (!items) return;
    for (const dom::element item : *items) {
      if (!item.is_string()) return wrong(name, "a list of text");
      out.emplace_back(item.get_string().value_unsafe());
    }
  }
  std::optional<bool> boolean(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_bool()) return value.get_bool().value_unsafe();
    wrong(name, "true or false");
    return std::nullopt;
  }
  std::optional<std::int64_t> integer(std::string_view name, dom::element value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_int64()) return value.get_int64().value_unsafe();
    const double number = value.is_double() ? value.get_double().value_unsafe() : 0.5;
    if (number == std::floor(number) && std::abs(number) < 9e15) return static_cast<std::int64_t>(number);
    wrong(name, "a whole number");
    return std::nullopt;
  }

 private:
  std::string problem_;
};

// `tuning` of a summary, or an entry of the report.
void read_tuning(ElementReader& reader, dom::object members, TuningSaid& said);

// The root of an ITER_SUMMARY; returns its number where it has one.
std::optional<std::int64_t> read_summary(ElementReader& reader, dom::object root, const Registry& registry,
                                         IterationFacts& facts);

}  // namespace soak::journal

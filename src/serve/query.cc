#include "serve/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace soak::serve {
namespace {

constexpr std::ptrdiff_t kTextMax = 200;  // characters: bytes that do not go on with one
constexpr std::array kStages{"guards", "apply", "in_effect", "evidence", "proven", "pending"};

// The {run} of `path` where it fits `pattern`; empty for a pattern without one; nothing where it does not
// fit.
std::optional<std::string> fits(std::string_view pattern, std::string_view path) {
  constexpr std::string_view kRun = "{run}";
  const std::size_t place = pattern.find(kRun);
  if (place == std::string_view::npos) return path == pattern ? std::optional<std::string>("") : std::nullopt;
  const std::string_view before = pattern.substr(0, place);
  const std::string_view after = pattern.substr(place + kRun.size());
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after))
    return std::nullopt;
  const std::string_view run = path.substr(before.size(), path.size() - before.size() - after.size());
  return run.find('/') == std::string_view::npos ? std::optional<std::string>(run) : std::nullopt;
}

bool is_among(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(' '));
    if (one == word) return true;
    list.remove_prefix(std::min(list.size(), one.size() + 1));
  }
  return false;
}

struct Bounds {
  std::int64_t min;
  std::int64_t max;
};

// Empty where the value was taken, else what is wrong with it.
template <class Number>
std::string take_number(const std::string& name, const std::string& text, Bounds bounds, Number& value) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number < bounds.min ||
      number > bounds.max)
    return fmt::format("{} must be a whole number from {} to {}", name, bounds.min, bounds.max);
  value = static_cast<Number>(number);
  return {};
}

std::string take_parameter(const std::string& name, const std::string& value, Query& query) {
  constexpr std::int64_t kIterationMax = 1'000'000'000;
  if (name == "limit") return take_number(name, value, {1, 1000}, query.limit);
  if (name == "offset") return take_number(name, value, {0, 1'000'000}, query.offset);
  if (name == "points") return take_number(name, value, {1, 5000}, query.range.points_max);
  if (name == "from") return take_number(name, value, {1, kIterationMax}, query.range.from.emplace());
  if (name == "to") return take_number(name, value, {1, kIterationMax}, query.range.to.emplace());
  if (name == "q") {
    query.text = ascii_lower(value);
    const auto characters =
        std::count_if(value.begin(), value.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
    return characters > kTextMax ? fmt::format("q is longer than {} characters", kTextMax) : "";
  }
  if (name == "stage") {
    query.stage = value;
    return std::find(kStages.begin(), kStages.end(), value) == kStages.end() ? "stage is none of the ledger's"
                                                                             : "";
  }
  (name == "a" ? query.run : query.other) = value;
  return {};
}

http::Reply wrong(const std::string& message) {
  return http::error_reply(400, "invalid_argument", message);
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::variant<std::monostate, Query, http::Reply> parse_query(const http::Request& request) {
  for (const RouteInfo& info : kRoutes) {
    auto run = fits(info.path, request.path);
    if (!run) continue;
    Query query;
    query.route = info.route;
    query.run = std::move(*run);
    std::string seen;
    for (const auto& [name, value] : request.query) {
      if (!is_among(info.parameters, name))
        return wrong("the query holds a parameter that this address does not have");
      if (is_among(seen, name)) return wrong(name + " is given twice");
      seen += name + " ";
      if (const std::string problem = take_parameter(name, value, query); !problem.empty())
        return wrong(problem);
    }
    if (info.route == Route::kCompare && (query.run.empty() || query.other.empty()))
      return wrong("a and b must name two runs");
    if (query.range.from && query.range.to && *query.range.from > *query.range.to)
      return wrong("from must not be greater than to");
    return query;
  }
  return std::monostate();
}

}  // namespace soak::serve

// One value against one parameter: type, finiteness, bounds, equality.

#include <soak/params.h>
#include <algorithm>
#include <cmath>
#include <limits>

namespace soak {
namespace {

tl::unexpected<Error> refuse(const Parameter& parameter, const std::string& problem) {
  return fail(ErrorCode::kInvalidValue, problem, {}, parameter.name);
}

const char* kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::string:
      return "text";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::object:
      return "an object";
    default:
      return "a number";
  }
}

// A bound as it stands in the registry: 256, not 256.0.
std::string number_text(double value) {
  std::string text = canonical_number(value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// The integer that a finite double without a fraction stands for, where 64 bits hold it.
std::optional<Json> as_integer(double value) {
  if (std::trunc(value) != value) return std::nullopt;
  if (value >= -0x1p63 && value < 0x1p63) return Json(static_cast<std::int64_t>(value));
  if (value >= 0x1p63 && value < 0x1p64) return Json(static_cast<std::uint64_t>(value));
  return std::nullopt;
}

Result<Json> normalise_number(const Parameter& parameter, const Json& value) {
  if (!value.is_number()) return refuse(parameter, std::string("must be a number, not ") + kind_of(value));
  if (!value.is_number_float()) return value;
  const double number = value.get<double>();
  if (!std::isfinite(number)) return refuse(parameter, "must be a finite number");
  if (parameter.type == ParamType::kNumber) return value;
  if (auto integer = as_integer(number)) return *integer;
  return refuse(parameter, "must be a whole number of at most 64 bits, not " + canonical_number(number));
}

Result<void> check_bounds(const Parameter& parameter, const Json& value) {
  if (!value.is_number()) return {};
  const double number = value.get<double>();
  const auto outside = [&](const std::string& bound) {
    return fail(ErrorCode::kOutOfBounds, canonical_json(value) + " is outside the bounds: must be " + bound,
                {}, parameter.name);
  };
  if (parameter.min && parameter.min_exclusive && number <= *parameter.min)
    return outside("above " + number_text(*parameter.min));
  if (parameter.min && number < *parameter.min) return outside("at least " + number_text(*parameter.min));
  if (parameter.max && number > *parameter.max) return outside("at most " + number_text(*parameter.max));
  return {};
}

Result<Json> normalise_choice(const Parameter& parameter, const Json& value) {
  std::string listed;
  for (const Json& choice : parameter.choices) {
    if (same_value(choice, value)) return choice;
    listed += (listed.empty() ? "" : ", ") + canonical_json(choice);
  }
  return refuse(parameter, "must be one of " + listed);
}

bool valid_utf8(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x80)
      c = 'a';  // only the rest can be wrong, and this leaves nothing to escape
  }
  return Json::accept("\"" + text + "\"");
}

// A value of a name that the registry does not know: any JSON that the file can hold and give back.
Result<void> check_foreign(const std::string& name, const Json& value, std::size_t depth_left) {
  const auto bad = [&](const char* problem) { return fail(ErrorCode::kInvalidValue, problem, {}, name); };
  if (value.is_structured() && depth_left == 0)
    return fail(ErrorCode::kLimitExceeded, "is nested too deep", {}, name);
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return bad("must be a finite number");
  if (value.is_string() && !valid_utf8(value.get_ref<const std::string&>())) return bad("is not valid UTF-8");
  if (!value.is_structured()) return {};
  for (const auto& [key, item] : value.items()) {
    if (value.is_object() && !valid_utf8(key)) return bad("has a key that is not valid UTF-8");
    if (auto checked = check_foreign(name, item, depth_left - 1); !checked) return checked;
  }
  return {};
}

// Edits (insert, delete, replace) that turn one name into the other: names a few edits away were probably
// meant.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

Error unknown_parameter(const std::string& name, const Registry& registry) {
  constexpr std::size_t kNameBytesMax =
      64;  // longer names are not typing mistakes, and the comparison is quadratic
  std::string nearest;
  std::size_t best = 4;
  for (const Parameter& parameter : registry.all()) {
    if (parameter.section == name) {
      return {ErrorCode::kUnknownParameter,
              "is a section, not a parameter; give its parameters by their own names",
              {},
              name};
    }
    const std::size_t distance = name.size() > kNameBytesMax ? best : edit_distance(name, parameter.name);
    if (distance < best) {
      best = distance;
      nearest = parameter.name;
    }
  }
  const std::string advice = nearest.empty() ? "see `soak params list`" : "did you mean " + nearest + "?";
  return {ErrorCode::kUnknownParameter, "unknown parameter; " + advice, {}, name};
}

}  // namespace

Result<Json> normalise_value(const Parameter& parameter, const Json& value, bool enforce_bounds) {
  Result<Json> normal = value;
  switch (parameter.type) {
    case ParamType::kNumber:
    case ParamType::kInteger:
      normal = normalise_number(parameter, value);
      break;
    case ParamType::kBoolean:
      if (!value.is_boolean())
        normal = refuse(parameter, std::string("must be true or false, not ") + kind_of(value));
      break;
    case ParamType::kChoice:
      normal = normalise_choice(parameter, value);
      break;
  }
  if (!normal || !enforce_bounds) return normal;
  if (auto inside = check_bounds(parameter, *normal); !inside) return tl::unexpected(inside.error());
  return normal;
}

bool same_value(const Json& a, const Json& b) {
  if (!a.is_number() || !b.is_number()) return a.type() == b.type() && a == b;
  if (a.is_number_float() && b.is_number_float()) return a.get<double>() == b.get<double>();
  // An integer and a float are equal only if the float is that very integer: above 2^53 a conversion would
  // bend it.
  const auto exact = [](const Json& value) {
    return value.is_number_float() ? as_integer(value.get<double>()) : std::optional<Json>(value);
  };
  const auto x = exact(a);
  const auto y = exact(b);
  if (!x || !y) return false;
  const bool x_huge =
      x->is_number_unsigned() && x->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  const bool y_huge =
      y->is_number_unsigned() && y->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
  if (x_huge != y_huge) return false;
  return x_huge ? x->get<std::uint64_t>() == y->get<std::uint64_t>()
                : x->get<std::int64_t>() == y->get<std::int64_t>();
}

Result<ParamValues> validate_deltas(const ParamValues& deltas, const Registry& registry,
                                    const ValidateOptions& options) {
  ParamValues normal;
  for (const auto& [name, value] : deltas) {
    const Parameter* parameter = registry.find(name);
    if (parameter != nullptr) {
      auto checked = normalise_value(*parameter, value, options.enforce_bounds);
      if (!checked) return tl::unexpected(checked.error());
      normal.emplace(name, std::move(*checked));
      continue;
    }
    if (!options.allow_unknown) return tl::unexpected(unknown_parameter(name, registry));
    if (!valid_utf8(name)) return fail(ErrorCode::kInvalidValue, "the name is not valid UTF-8", {}, name);
    if (auto checked = check_foreign(name, value, JsonLimits{}.depth_max - 1); !checked)
      return tl::unexpected(checked.error());
    normal.emplace(name, value);
  }
  return normal;
}

}  // namespace soak

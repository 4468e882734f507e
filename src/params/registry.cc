// The registry of parameters, and the JSON list that it is read from: the built-in one and a user's file have
// the same form.

#include <fmt/format.h>

#include <soak/params.h>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <initializer_list>
#include <set>

#include "base/file.h"
#include "params/builtin_json.h"

namespace soak {
namespace {

constexpr std::size_t kParametersMax = 10'000;  // of a list, which is compared with itself in places
constexpr std::size_t kChoicesMax = 1000;
constexpr std::size_t kTextBytesMax = 256;  // of a name, a section, a unit

// One entry of the list while it is read: where it stands, for the error.
struct Entry {
  const Json& json;
  std::string file;
  std::string name;

  tl::unexpected<Error> refuse(const std::string& problem) const {
    return fail(ErrorCode::kInvalidValue, "in the parameter list, \"" + name + "\": " + problem, file, name);
  }
  tl::unexpected<Error> too_much(const std::string& problem) const {
    return fail(ErrorCode::kLimitExceeded, "in the parameter list, \"" + name + "\": " + problem, file, name);
  }
};

Result<void> only_known_keys(const Entry& entry, const Json& object,
                             std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    bool found = false;
    for (const std::string_view name : known) found = found || key == name;
    if (!found) return entry.refuse("unknown key \"" + key + "\"");
  }
  return {};
}

Result<std::string> text_of(const Entry& entry, const char* key, bool required) {
  const auto found = entry.json.find(key);
  if (found == entry.json.end()) {
    if (required) return entry.refuse(std::string("\"") + key + "\" is missing");
    return std::string();
  }
  if (!found->is_string()) return entry.refuse(std::string("\"") + key + "\" must be text");
  if (required && found->get_ref<const std::string&>().empty())
    return entry.refuse(std::string("\"") + key + "\" is empty");
  if (found->get_ref<const std::string&>().size() > kTextBytesMax)
    return entry.too_much(fmt::format("\"{}\" is longer than {} bytes", key, kTextBytesMax));
  return found->get<std::string>();
}

Result<std::optional<double>> number_of(const Entry& entry, const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::optional<double>();
  if (!found->is_number()) return entry.refuse(std::string("\"") + key + "\" must be a number");
  return std::optional<double>(found->get<double>());
}

Result<ParamType> type_of(const Entry& entry) {
  auto text = text_of(entry, "type", false);
  if (!text) return tl::unexpected(text.error());
  if (text->empty() || *text == "number") return ParamType::kNumber;
  if (*text == "integer") return ParamType::kInteger;
  if (*text == "boolean") return ParamType::kBoolean;
  if (*text == "choice") return ParamType::kChoice;
  return entry.refuse("type \"" + *text + "\" is none of number, integer, boolean, choice");
}

// {"absolute": x}, {"relative": x, "at_least": y}, or a number, which is absolute.
Result<StepLimit> step_of(const Entry& entry) {
  StepLimit step;
  const auto found = entry.json.find("step");
  if (found == entry.json.end() || found->is_null()) return step;
  if (found->is_number()) {
    step.absolute = found->get<double>();
  } else if (found->is_object()) {
    if (auto known = only_known_keys(entry, *found, {"absolute", "relative", "at_least"}); !known)
      return tl::unexpected(known.error());
    auto absolute = number_of(entry, *found, "absolute");
    auto relative = number_of(entry, *found, "relative");
    auto at_least = number_of(entry, *found, "at_least");
    for (const auto* part : {&absolute, &relative, &at_least}) {
      if (!*part) return tl::unexpected(part->error());
    }
    step.absolute = *absolute;
    step.relative = *relative;
    step.at_least = at_least->value_or(0);
  }
  if (step.absolute.has_value() == step.relative.has_value())
    return entry.refuse("\"step\" needs either absolute or relative");
  if (step.absolute.value_or(1) <= 0 || step.relative.value_or(1) <= 0 || step.at_least < 0) {
    return entry.refuse("\"step\" must be above 0");
  }
  return step;
}

Result<void> read_bounds(const Entry& entry, Parameter& parameter) {
  auto low = number_of(entry, entry.json, "min");
  auto high = number_of(entry, entry.json, "max");
  if (!low) return tl::unexpected(low.error());
  if (!high) return tl::unexpected(high.error());
  parameter.min = *low;
  parameter.max = *high;
  if (parameter.min && parameter.max && *parameter.min > *parameter.max)
    return entry.refuse("\"min\" is above \"max\"");
  if (const auto found = entry.json.find("min_exclusive"); found != entry.json.end()) {
    if (!found->is_boolean()) return entry.refuse("\"min_exclusive\" must be true or false");
    parameter.min_exclusive = found->get<bool>();
  }
  return {};
}

Result<void> read_choices(const Entry& entry, Parameter& parameter) {
  const auto found = entry.json.find("choices");
  const bool given = found != entry.json.end();
  if (given != (parameter.type == ParamType::kChoice))
    return entry.refuse("\"choices\" belong to the type choice, and it needs them");
  if (!given) return {};
  if (!found->is_array() || found->empty())
    return entry.refuse("\"choices\" must be a list that is not empty");
  if (found->size() > kChoicesMax) return entry.too_much(fmt::format("more than {} choices", kChoicesMax));
  for (const Json& choice : *found) {
    if (choice.is_structured() || choice.is_null())
      return entry.refuse("a choice must be text, a number, true or false");
    parameter.choices.push_back(choice);
  }
  return {};
}

// Guard settings and the market's facts are given, not tuned: a step limit there would hand them to the
// tuner.
bool never_tuned(const std::string& section) {
  return section == "tuner" || section == "market";
}

Result<void> check_consistency(const Entry& entry, const Parameter& parameter) {
  const bool numeric = parameter.type == ParamType::kNumber || parameter.type == ParamType::kInteger;
  if (!numeric && (parameter.min || parameter.max || parameter.tuned()))
    return entry.refuse("only numbers have min, max and step");
  if (parameter.tuned() && never_tuned(parameter.section)) {
    return entry.refuse("parameters of the section \"" + parameter.section +
                        "\" are never tuned; leave out \"step\"");
  }
  return {};
}

Result<Parameter> read_parameter(const Json& json, const std::string& file, std::size_t position) {
  Entry entry{json, file, "entry " + std::to_string(position)};
  if (!json.is_object()) return entry.refuse("must be an object");
  Parameter parameter;
  auto name = text_of(entry, "name", true);
  if (!name) return tl::unexpected(name.error());
  entry.name = parameter.name = *name;
  auto known = only_known_keys(
      entry, json, {"name", "section", "type", "unit", "min", "max", "min_exclusive", "step", "choices"});
  if (!known) return tl::unexpected(known.error());
  auto section = text_of(entry, "section", true);
  auto unit = text_of(entry, "unit", false);
  auto type = type_of(entry);
  auto step = step_of(entry);
  if (!section) return tl::unexpected(section.error());
  if (!unit) return tl::unexpected(unit.error());
  if (!type) return tl::unexpected(type.error());
  if (!step) return tl::unexpected(step.error());
  parameter.section = *section;
  parameter.unit = *unit;
  parameter.type = *type;
  parameter.step = *step;
  if (auto done = read_bounds(entry, parameter); !done) return tl::unexpected(done.error());
  if (auto done = read_choices(entry, parameter); !done) return tl::unexpected(done.error());
  if (auto done = check_consistency(entry, parameter); !done) return tl::unexpected(done.error());
  return parameter;
}

Result<void> add_list(Registry& registry, std::string_view text, const std::string& file) {
  auto list = parse_json(text, file);
  if (!list) return tl::unexpected(list.error());
  if (!list->is_array()) return fail(ErrorCode::kInvalidValue, "must be a JSON list of parameters", file);
  if (list->size() > kParametersMax)
    return fail(ErrorCode::kLimitExceeded, fmt::format("lists more than {} parameters", kParametersMax),
                file);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto parameter = read_parameter((*list)[i], file, i + 1);
    if (!parameter) return tl::unexpected(parameter.error());
    if (!seen.insert(parameter->name).second) {
      return fail(ErrorCode::kInvalidValue, "the parameter list names \"" + parameter->name + "\" twice",
                  file, parameter->name);
    }
    registry.add_or_replace(std::move(*parameter));
  }
  return {};
}

Registry make_builtin() {
  Registry registry;
  [[maybe_unused]] const auto added = add_list(registry, params::kBuiltinJson, "builtin.json");
  assert(added && "builtin.json is part of the program");
  return registry;
}

}  // namespace

const Registry& Registry::builtin() {
  static const Registry registry = make_builtin();
  return registry;
}

Result<Registry> Registry::load(const std::string& path) {
  auto text = base::read_file(path);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, path);
}

Result<Registry> Registry::parse(std::string_view text, const std::string& file) {
  Registry registry = builtin();
  if (auto added = add_list(registry, text, file); !added) return tl::unexpected(added.error());
  return registry;
}

const Parameter* Registry::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &parameters_[found->second];
}

void Registry::add_or_replace(Parameter parameter) {
  const auto [place, added] = index_.try_emplace(parameter.name, parameters_.size());
  if (added) {
    parameters_.push_back(std::move(parameter));
  } else {
    parameters_[place->second] = std::move(parameter);
  }
}

std::optional<double> step_limit_at(const Parameter& parameter, double current) {
  if (parameter.step.absolute) return parameter.step.absolute;
  if (!parameter.step.relative) return std::nullopt;
  return std::max(*parameter.step.relative * std::abs(current), parameter.step.at_least);
}

}  // namespace soak

// Parameters in the nested runtime overrides.

#include <soak/params.h>
#include <algorithm>

namespace soak {
namespace {

const char* kRootProblem =
    "the runtime is not a JSON object; it must look like {\"risk\": {\"base_spread_bps\": 0.25}}";

bool is_section(std::string_view name, const Registry& registry) {
  return std::any_of(registry.all().begin(), registry.all().end(),
                     [&](const Parameter& p) { return p.section == name; });
}

const Json* find_in(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Json> get_from_runtime(const Json& runtime, std::string_view name, const Registry& registry) {
  const Parameter* parameter = registry.find(name);
  const Json* home = parameter == nullptr ? &runtime : find_in(runtime, parameter->section);
  const Json* value = home == nullptr ? nullptr : find_in(*home, name);
  return value == nullptr ? std::nullopt : std::optional<Json>(*value);
}

Result<void> set_in_runtime(Json& runtime, std::string_view name, const Json& value,
                            const Registry& registry) {
  const std::string key(name);
  if (!runtime.is_object()) return fail(ErrorCode::kInvalidValue, kRootProblem, {}, key);
  const Parameter* parameter = registry.find(name);
  if (parameter == nullptr) {
    // A value in a section's place would take every parameter of that section away from the target.
    if (is_section(name, registry))
      return fail(ErrorCode::kInvalidValue, "is the name of a section and cannot hold a value", {}, key);
    runtime[key] = value;
    return {};
  }
  const auto [section, created] = runtime.emplace(parameter->section, Json::object());
  if (!section->is_object()) {
    return fail(ErrorCode::kInvalidValue,
                "its section \"" + parameter->section + "\" exists in the runtime and is not an object", {},
                key);
  }
  (*section)[key] = value;
  return {};
}

ParamValues get_all_params(const Json& runtime, const Registry& registry) {
  ParamValues values;
  for (const Parameter& parameter : registry.all()) {
    if (auto value = get_from_runtime(runtime, parameter.name, registry))
      values.emplace(parameter.name, std::move(*value));
  }
  return values;
}

Json nest_params(const ParamValues& values, const Registry& registry) {
  Json nested = Json::object();
  for (const auto& [name, value] : values) {
    if (const Parameter* parameter = registry.find(name)) nested[parameter->section][name] = value;
  }
  return nested;
}

}  // namespace soak

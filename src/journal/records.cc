#include "journal/records.h"

#include <utility>

namespace soak::journal {
namespace {

// The member's text, or empty.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

ParamValues flat_params(const Json& params, const Registry& registry) {
  ParamValues values;
  if (!params.is_object()) return values;
  for (const auto& [key, member] : params.items()) {
    if (!member.is_object()) {
      values.emplace(key, member);  // gives way to a value in its section
      continue;
    }
    for (const auto& [name, value] : member.items()) {
      const Parameter* parameter = registry.find(name);
      if (parameter == nullptr || parameter->section == key) values.insert_or_assign(name, value);
    }
  }
  return values;
}

std::optional<Effective> effective_of(const Json& report, const Registry& registry) {
  if (!report.is_object()) return std::nullopt;
  const auto found = report.find("effective");
  if (found == report.end() || !found->is_object()) return std::nullopt;
  Effective effective;
  effective.state_hash = text_of(*found, "state_hash");
  effective.instance_id = text_of(*found, "instance_id");
  effective.float32 = text_of(*found, "precision") == "float32";
  if (const auto params = found->find("params"); params != found->end())
    effective.params = flat_params(*params, registry);
  return effective;
}

std::string signature_of(const Json& runtime_overrides) {
  return compute_json_hash(runtime_overrides);
}

}  // namespace soak::journal

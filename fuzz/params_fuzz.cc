// Registry::parse(), a runtime, and values from the command line. The input: the list of parameters, a line
// "---", the runtime, a line "---", then name=value, one a line.

#include <algorithm>
#include <string>
#include <vector>

#include "cli/input.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

constexpr auto kValueCodes = {ErrorCode::kInvalidValue, ErrorCode::kUnknownParameter,
                              ErrorCode::kOutOfBounds};

std::vector<std::string> assignments_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    const std::string problem = cli::check_assignment(line);
    if (problem.empty()) lines.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void require_registry(const Registry& registry) {
  for (const Parameter& parameter : registry.all()) {
    require(registry.find(parameter.name) == &parameter, "each parameter has its own name");
    require(!parameter.name.empty() && !parameter.section.empty(), "a parameter has a name and a section");
    require(!parameter.min || !parameter.max || *parameter.min <= *parameter.max, "bounds are in order");
    require((parameter.type == ParamType::kChoice) == !parameter.choices.empty(), "a choice has its choices");
    if (const auto limit = step_limit_at(parameter, 1)) require(*limit > 0, "a step limit is above 0");
  }
}

// Values that were taken go into the runtime, and are found there again.
void require_set(Json runtime, const ParamValues& values, const Registry& registry) {
  for (const auto& [name, value] : values) {
    const Json before = runtime;
    if (const auto set = set_in_runtime(runtime, name, value, registry); !set) {
      require_refusal(set.error(), {ErrorCode::kInvalidValue});
      require(runtime == before, "a refused value changes nothing");
      continue;
    }
    const auto found = get_from_runtime(runtime, name, registry);
    require(found && *found == value, "a value that was set is found");
  }
  require_recordable(runtime, JsonLimits{}.depth_max);
}

void require_values(const ParamValues& given, const Json& runtime, const Registry& registry) {
  for (const bool allow_unknown : {false, true}) {
    for (const bool enforce_bounds : {false, true}) {
      const ValidateOptions options{allow_unknown, enforce_bounds};
      const auto valid = validate_deltas(given, registry, options);
      if (!valid) {
        require_refusal(valid.error(), kValueCodes);
        require(!valid.error().parameter.empty(), "a refusal names the parameter");
        continue;
      }
      const auto again = validate_deltas(*valid, registry, options);
      require(again && *again == *valid, "a value brought to its type stays as it is");
      for (const auto& [name, value] : *valid)
        require(registry.find(name) == nullptr || same_value(value, given.at(name)), "no value is bent");
      require_set(runtime, *valid, registry);
    }
  }
}

}  // namespace

bool try_input(std::string_view bytes) {
  auto pieces = pieces_of(bytes, 3);
  pieces.resize(3);
  const auto registry = Registry::parse(pieces[0], "params.json");
  if (!registry) {
    require_refusal(registry.error(),
                    {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue, ErrorCode::kLimitExceeded});
    require(registry.error().file == "params.json", "a refusal names the file");
    return false;
  }
  require_registry(*registry);
  const auto runtime = parse_json(pieces[1].empty() ? "{}" : pieces[1]);
  if (!runtime) return true;
  const ParamValues held = get_all_params(*runtime, *registry);
  require_recordable(nest_params(held, *registry), JsonLimits{}.depth_max);
  require(get_all_params(nest_params(held, *registry), *registry) == held, "values nested are values found");
  const auto given = cli::parse_assignments(assignments_of(pieces[2]));
  if (!given) {
    require_refusal(given.error(), {ErrorCode::kInvalidValue});
    return true;
  }
  require_values(*given, *runtime, *registry);
  return true;
}

}  // namespace soak::fuzz

#pragma once
// The parameter registry (name → section, type, unit, bounds, step limit) and the runtime overrides that it
// describes.
//
// The runtime is a JSON object nested by section: {"risk": {"base_spread_bps": 0.25}, "engine": {...}}. Keys
// that the registry does not know are the user's and are kept. Everything here is pure and thread safe.

#include <soak/json.h>
#include <soak/result.h>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace soak {

// Parameter name → target value: a proposal, or the values in effect. Absolute values, never increments.
using ParamValues = std::map<std::string, Json>;

enum class ParamType { kNumber, kInteger, kBoolean, kChoice };

// The largest change in one iteration: `absolute`, or `relative` × the current value but at least `at_least`.
// Neither: not tuned.
struct StepLimit {
  std::optional<double> absolute;
  std::optional<double> relative;
  double at_least = 0;
};

struct Parameter {
  std::string name;
  std::string section;
  ParamType type = ParamType::kNumber;
  std::string unit;
  std::optional<double> min;
  std::optional<double> max;
  bool min_exclusive = false;  // "> 0" in the table of parameters
  StepLimit step;
  std::vector<Json> choices;
  bool tuned() const { return step.absolute || step.relative; }
};

class Registry {
 public:
  // The parameters that ship with soak (section 5 of the design; docs/parameters.md).
  static const Registry& builtin();
  // The built-in registry and the file's parameters on top; one of the same name replaces. The file: a JSON
  // list of objects with name, section, type, unit, min, max, step ({"absolute": x} or {"relative": x,
  // "at_least": y}, or a number = absolute), choices. kLimitExceeded: more than 10000 parameters, 1000
  // choices of one, or 256 bytes of a name.
  static Result<Registry> load(const std::string& path);
  // The same from the list's text; `file` is what errors name.
  static Result<Registry> parse(std::string_view text, const std::string& file);

  const Parameter* find(std::string_view name) const;
  const std::vector<Parameter>& all() const { return parameters_; }
  void add_or_replace(Parameter parameter);

 private:
  std::vector<Parameter> parameters_;  // in the order of declaration
  std::map<std::string, std::size_t, std::less<>> index_;
};

// The step limit of `parameter` at `current`, in the parameter's unit; nothing for a parameter that is not
// tuned.
std::optional<double> step_limit_at(const Parameter& parameter, double current);

// Brings a value to the parameter's type: 60.0 becomes 60 for an integer parameter, 10.5 is refused, and so
// are text for a number, a number that is not finite, and a choice that is not listed. Bounds are checked
// only with `enforce_bounds`. Errors name the parameter.
Result<Json> normalise_value(const Parameter& parameter, const Json& value, bool enforce_bounds = false);

// Equal as values: 60 equals 60.0; everything but numbers must be identical.
bool same_value(const Json& a, const Json& b);

struct ValidateOptions {
  bool allow_unknown = false;  // keep a name that the registry does not have (it lands at the top level)
  bool enforce_bounds = false;
};
// Every name known and every value of its type: the normalised proposal, or the first error in order of name.
Result<ParamValues> validate_deltas(const ParamValues& deltas, const Registry& registry = Registry::builtin(),
                                    const ValidateOptions& options = {});

// The parameter's value in a nested runtime, or nothing. A name that the registry does not have is looked for
// at the top level.
std::optional<Json> get_from_runtime(const Json& runtime, std::string_view name,
                                     const Registry& registry = Registry::builtin());

// Sets the value in its section, creating the section. kInvalidValue where the root or the section exists and
// is not an object.
Result<void> set_in_runtime(Json& runtime, std::string_view name, const Json& value,
                            const Registry& registry = Registry::builtin());

// Every registry parameter that the runtime has, flat.
ParamValues get_all_params(const Json& runtime, const Registry& registry = Registry::builtin());

// The registry's parameters of `values`, nested by section: what a signature is made of.
Json nest_params(const ParamValues& values, const Registry& registry = Registry::builtin());

}  // namespace soak

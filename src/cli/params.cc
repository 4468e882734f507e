// `soak params`: the registry, and the parameters of a runtime file.

#include <fmt/format.h>
#include <soak/json.h>
#include <soak/params.h>

#include <memory>
#include <set>

#include "base/file.h"
#include "cli/apply_request.h"
#include "cli/input.h"
#include "params/type_name.h"

namespace soak::cli {
namespace {

struct ParamsRequest {
  std::string runtime;
  std::string params;
  std::vector<std::string> names;
  bool allow_unknown = false;
  bool json = false;
};

int finish(bool printed, int exit_code) {
  return printed ? exit_code : kExitError;
}

std::string bound_text(const std::optional<double>& bound) {
  if (!bound) return "-";
  std::string text = canonical_number(*bound);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string step_text(const StepLimit& step) {
  if (step.absolute) return bound_text(step.absolute);
  if (!step.relative) return "-";
  std::string text = bound_text(*step.relative * 100) + " %";
  if (step.at_least > 0) text += ", at least " + bound_text(step.at_least);
  return text;
}

// The form that `--params FILE` reads: the output is a user's starting point.
Json parameter_json(const Parameter& parameter) {
  Json json = {{"name", parameter.name},
               {"section", parameter.section},
               {"type", param_type_name(parameter.type)},
               {"unit", parameter.unit}};
  if (parameter.min) json["min"] = *parameter.min;
  if (parameter.max) json["max"] = *parameter.max;
  if (parameter.min_exclusive) json["min_exclusive"] = true;
  if (parameter.step.absolute) json["step"] = {{"absolute", *parameter.step.absolute}};
  if (parameter.step.relative)
    json["step"] = {{"relative", *parameter.step.relative}, {"at_least", parameter.step.at_least}};
  if (!parameter.choices.empty()) json["choices"] = parameter.choices;
  return json;
}

int list(const ParamsRequest& request) {
  const auto registry = load_registry(request.params);
  if (!registry) return report_error(registry.error(), request.json);
  if (request.json) {
    Json rows = Json::array();
    for (const Parameter& parameter : registry->all()) rows.push_back(parameter_json(parameter));
    return finish(print_json(rows, true), kExitOk);
  }
  std::string text = fmt::format("{:<22} {:<8} {:<8} {:>10} {:>8} {:>18}  {}\n", "name", "section", "type",
                                 "min", "max", "step limit", "unit");
  for (const Parameter& parameter : registry->all()) {
    text +=
        fmt::format("{:<22} {:<8} {:<8} {:>10} {:>8} {:>18}  {}\n", parameter.name, parameter.section,
                    param_type_name(parameter.type),
                    fmt::format("{}{}", parameter.min_exclusive ? "above " : "", bound_text(parameter.min)),
                    bound_text(parameter.max), step_text(parameter.step), parameter.unit);
  }
  return finish(print_text(text), kExitOk);
}

Result<Json> read_runtime(const std::string& path) {
  auto file = read_json_with_hash(path);
  if (!file) return tl::unexpected(file.error());
  if (!file->value.is_object()) return fail(ErrorCode::kInvalidValue, "is not a JSON object", path);
  return std::move(file->value);
}

Result<ParamValues> values_of(const ParamsRequest& request) {
  const auto registry = load_registry(request.params);
  if (!registry) return tl::unexpected(registry.error());
  const auto runtime = read_runtime(request.runtime);
  if (!runtime) return tl::unexpected(runtime.error());
  if (request.names.empty()) return get_all_params(*runtime, *registry);
  ParamValues values;
  for (const std::string& name : request.names) {
    if (auto value = get_from_runtime(*runtime, name, *registry)) {
      values.emplace(name, std::move(*value));
    } else if (registry->find(name) == nullptr) {
      return fail(ErrorCode::kUnknownParameter, "unknown parameter; see `soak params list`", {}, name);
    } else {
      return fail(ErrorCode::kNotFound, name + " is not set in this runtime", request.runtime, name);
    }
  }
  return values;
}

int get(const ParamsRequest& request) {
  const auto values = values_of(request);
  if (!values) return report_error(values.error(), request.json);
  if (request.json) return finish(print_json(*values), kExitOk);
  std::string text;
  for (const auto& [name, value] : *values) {
    text +=
        request.names.size() == 1 ? canonical_json(value) + "\n" : name + "=" + canonical_json(value) + "\n";
  }
  return finish(print_text(text), kExitOk);
}

// Everything in the runtime that a target would not read as it was meant.
class Findings {
 public:
  Findings(const Registry& registry, bool allow_unknown)
      : registry_(registry), allow_unknown_(allow_unknown) {
    for (const Parameter& parameter : registry.all()) sections_.insert(parameter.section);
  }

  void check(const Json& runtime) {
    for (const auto& [key, value] : runtime.items()) {
      if (sections_.contains(key)) {
        check_section(key, value);
      } else if (const Parameter* parameter = registry_.find(key)) {
        add(ErrorCode::kUnknownParameter,
            "stands at the top level; its place is the section \"" + parameter->section + "\"", key);
      } else if (!allow_unknown_) {
        add(ErrorCode::kUnknownParameter, "is neither a section nor a parameter", key);
      }
    }
  }
  const std::vector<Error>& all() const { return errors_; }

 private:
  void add(ErrorCode code, std::string message, const std::string& name) {
    errors_.push_back({code, std::move(message), {}, name});
  }

  void check_section(const std::string& section, const Json& values) {
    if (!values.is_object())
      return add(ErrorCode::kInvalidValue, "is a section and must be an object", section);
    for (const auto& [name, value] : values.items()) {
      const Parameter* parameter = registry_.find(name);
      if (parameter == nullptr) {
        if (!allow_unknown_)
          add(ErrorCode::kUnknownParameter, "unknown parameter in the section \"" + section + "\"", name);
      } else if (parameter->section != section) {
        add(ErrorCode::kUnknownParameter,
            "stands in the section \"" + section + "\"; its place is \"" + parameter->section + "\"", name);
      } else if (auto checked = normalise_value(*parameter, value, true); !checked) {
        errors_.push_back(checked.error());
      }
    }
  }

  const Registry& registry_;
  bool allow_unknown_;
  std::set<std::string> sections_;
  std::vector<Error> errors_;
};

int validate(const ParamsRequest& request) {
  const auto registry = load_registry(request.params);
  if (!registry) return report_error(registry.error(), request.json);
  const auto runtime = read_runtime(request.runtime);
  if (!runtime) return report_error(runtime.error(), request.json);
  Findings findings(*registry, request.allow_unknown);
  findings.check(*runtime);
  const int exit_code = findings.all().empty() ? kExitOk : kExitError;
  if (request.json) {
    Json problems = Json::array();
    for (const Error& error : findings.all()) {
      problems.push_back({{"code", error_code_name(error.code)},
                          {"message", error.message},
                          {"parameter", error.parameter}});
    }
    return finish(print_json({{"valid", findings.all().empty()}, {"problems", problems}}), exit_code);
  }
  for (const Error& error : findings.all()) {
    report_error(Error{error.code, error.parameter + ": " + error.message, request.runtime, error.parameter});
  }
  return findings.all().empty() ? finish(print_text(request.runtime + ": valid\n"), exit_code) : exit_code;
}

using Action = int (*)(const ParamsRequest&);

CLI::App* add_action(CLI::App& params, const char* name, const char* about, Action action, int& exit_code) {
  CLI::App* command = params.add_subcommand(name, about);
  const auto request = std::make_shared<ParamsRequest>();
  command->add_option("--params", request->params,
                      "A JSON list of parameters on top of the built-in registry");
  command->add_flag("--json", request->json, "Print one JSON document");
  if (action == get)
    command->add_option("NAME", request->names, "Parameters; all that are set where none is named");
  if (action == get || action == validate) {
    command->add_option("--runtime", request->runtime, "The runtime overrides file")->required();
  }
  if (action == validate)
    command->add_flag("--allow-unknown", request->allow_unknown,
                      "Names that the registry does not have are fine");
  command->callback([request, action, &exit_code] { exit_code = action(*request); });
  return command;
}

void add_set(CLI::App& params, int& exit_code) {
  CLI::App* command =
      params.add_subcommand("set", "Set parameters in a runtime file (a tracked apply without guards)");
  const auto request = std::make_shared<ApplyRequest>();
  add_apply_options(*command, *request);
  command->add_option("ASSIGNMENT", request->assignments, "name=value; a bare word is text")
      ->required()
      ->check(check_assignment);
  command->callback([request, &exit_code] { exit_code = run_apply(*request); });
}

}  // namespace

void add_params(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("params", "The registry of parameters, and the values of a runtime file");
  command->require_subcommand(1);
  add_action(*command, "list", "Every parameter with its section, type, bounds and step limit", list,
             exit_code);
  add_action(*command, "get", "Values of a runtime file", get, exit_code);
  add_set(*command, exit_code);
  add_action(*command, "validate", "Names every unknown, mistyped or out-of-bounds value of a runtime file",
             validate, exit_code);
}

}  // namespace soak::cli

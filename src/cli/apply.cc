// `soak apply`: one tracked apply.

#include <fmt/format.h>
#include <soak/apply.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

#include "apply/pipeline.h"
#include "cli/apply_request.h"
#include "cli/input.h"

namespace soak::cli {
namespace {

std::string check_hash(const std::string& text) {
  const bool hex =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  return text == "absent" || (text.size() == 64 && hex) ? std::string()
                                                        : "a hash is 64 hex digits, or the word absent";
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Result<ParamValues> proposed_deltas_of(const ApplyRequest& request) {
  ParamValues deltas;
  if (!request.deltas.empty()) {
    auto read = read_deltas(request.deltas);
    if (!read) return read;
    deltas = std::move(*read);
  }
  auto assigned = parse_assignments(request.assignments);
  if (!assigned) return assigned;
  for (auto& [name, value] : *assigned) deltas.insert_or_assign(name, std::move(value));
  return deltas;
}

Result<ApplyResult> apply(const ApplyRequest& request) {
  auto registry = load_registry(request.params);
  if (!registry) return tl::unexpected(registry.error());
  auto deltas = proposed_deltas_of(request);
  if (!deltas) return tl::unexpected(deltas.error());
  auto guards = request.guards.empty() ? Result<GuardFlags>(GuardFlags{}) : read_guards(request.guards);
  if (!guards) return tl::unexpected(guards.error());
  ApplyOptions options;
  options.allow_unknown = request.allow_unknown;
  options.enforce_bounds = request.enforce_bounds;
  options.dry_run = request.dry_run;
  if (!request.expect_hash.empty()) options.expect_hash = request.expect_hash;
  return apply_deltas_with_tracking(request.runtime, *deltas, *guards, options, *registry);
}

std::string human(const ApplyResult& result, const std::string& runtime) {
  if (!result.applied) {
    return fmt::format("{}: {}; {} stays at {}\n", result.no_op ? "nothing to do" : "held",
                       result.skip_reason->note, runtime, result.state_hash);
  }
  std::string text = fmt::format("{} {} of {}:\n", result.dry_run ? "would change" : "changed",
                                 result.changed_keys.size(), runtime);
  for (const std::string& name : result.changed_keys) {
    const auto old = result.old_values.find(name);
    text += fmt::format("  {}: {} -> {}\n", name,
                        old == result.old_values.end() ? "(not set)" : canonical_json(old->second),
                        canonical_json(result.new_values.at(name)));
  }
  return text + fmt::format("state hash {} -> {}\n", result.old_hash, result.state_hash);
}

}  // namespace

void add_expect_hash_option(CLI::App& app, std::string& hash) {
  app.add_option("--expect-hash", hash, "Refuse (exit 6) unless this is the file's state hash, or absent")
      ->check(check_hash)
      ->transform(lower);
}

void add_apply_options(CLI::App& app, ApplyRequest& request) {
  app.add_option("--runtime", request.runtime, "The runtime overrides file")->required();
  add_expect_hash_option(app, request.expect_hash);
  app.add_flag("--allow-unknown", request.allow_unknown,
               "Write names that the registry does not have, at the top level");
  app.add_flag("--enforce-bounds", request.enforce_bounds, "Refuse values outside the registry's bounds");
  app.add_option("--params", request.params, "A JSON list of parameters on top of the built-in registry");
  app.add_flag("--dry-run", request.dry_run, "Say what would change, and write nothing");
  app.add_flag("--json", request.json, "Print the result as one JSON document");
}

int run_apply(const ApplyRequest& request) {
  const auto result = apply(request);
  if (!result) return report_error(result.error(), request.json);
  const bool printed =
      request.json ? print_json(apply::to_json(*result)) : print_text(human(*result, request.runtime));
  const bool wrote = result->applied && !result->dry_run;
  if (!printed) {
    std::fprintf(stderr, "soak: %s, but the result could not be printed\n",
                 wrote ? "applied" : "nothing was written");
    return wrote ? kExitUnknownOutcome : kExitError;
  }
  return result->applied || result->no_op ? kExitOk : kExitHeld;
}

void add_apply(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "apply", "Apply parameter values to a runtime file: guarded, checked, atomic, read back");
  const auto request = std::make_shared<ApplyRequest>();
  add_apply_options(*command, *request);
  command->add_option("--set", request->assignments, "name=value, as often as needed; a bare word is text")
      ->check(check_assignment);
  command->add_option("--deltas", request->deltas,
                      "A JSON object of names and values, or - for standard input");
  command->add_option("--guards", request->guards, "Guard flags: a JSON file, or the JSON itself")
      ->check([](const std::string& text) {  // an unset shell variable must not switch the guards off
        return text.empty() ? std::string("must not be empty") : std::string();
      });
  command->callback([request, command, &exit_code] {
    if (command->count("--set") == 0 && command->count("--deltas") == 0) {
      throw CLI::RequiredError(
          "--set or --deltas");  // a usage error like CLI11's own; main() turns it into exit 2
    }
    exit_code = run_apply(*request);
  });
}

}  // namespace soak::cli

// Proposals that a user wrote down beforehand, and the tuner that never makes one.

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "tuner/tuner.h"

namespace soak::tuner {
namespace {

using Plan = std::map<std::int64_t, ParamValues>;

class PlanTuner final : public Tuner {
 public:
  explicit PlanTuner(Plan plan) : plan_(std::move(plan)) {}

  Proposal propose(const TunerInput& input) const override {
    const auto found = plan_.find(input.iteration);
    if (found == plan_.end()) return {{}, "the plan has nothing for this iteration", {}, {}};
    ParamValues planned = found->second;
    std::erase_if(planned, [&](const auto& entry) { return input.pinned.contains(entry.first); });
    const bool whole = planned.size() == found->second.size();
    return {std::move(planned), whole ? "as planned" : "as planned, but for what is pinned", {"plan"}, {}};
  }

 private:
  Plan plan_;
};

class NoTuner final : public Tuner {
 public:
  Proposal propose(const TunerInput& /*input*/) const override { return {{}, "no tuner", {}, {}}; }
};

// Reads a plan line by line; every error names the file and the line.
class PlanReader {
 public:
  PlanReader(std::string path, const Registry& registry) : path_(std::move(path)), registry_(registry) {}

  Result<Plan> read() {
    const auto bytes = base::read_file(path_);
    if (!bytes) return tl::unexpected(bytes.error());
    for (std::string_view rest = *bytes; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      ++line_;
      if (auto taken = take(rest.substr(0, end)); !taken) return tl::unexpected(taken.error());
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::move(plan_);
  }

 private:
  tl::unexpected<Error> bad(ErrorCode code, const std::string& what) const {
    return fail(code, fmt::format("line {}: {}", line_, what), path_);
  }

  Result<void> take(std::string_view text) {
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) return {};
    const auto json = parse_json(text, path_);
    if (!json) return bad(json.error().code, json.error().message);
    if (!json->is_object())
      return bad(ErrorCode::kInvalidValue, "is not a JSON object with iteration and proposed_deltas");
    for (const auto& [key, value] : json->items()) {
      if (key != "iteration" && key != "proposed_deltas")
        return bad(ErrorCode::kInvalidValue,
                   fmt::format("\"{}\" is no key of a plan, which has iteration and proposed_deltas", key));
    }
    const auto iteration = json->find("iteration");
    if (iteration == json->end() || !iteration->is_number_integer() || iteration->get<std::int64_t>() < 1) {
      return bad(ErrorCode::kInvalidValue, "iteration must be an integer of at least 1");
    }
    const auto deltas = json->find("proposed_deltas");
    if (deltas == json->end() || !deltas->is_object()) {
      return bad(ErrorCode::kInvalidValue, "proposed_deltas must be an object of parameter names and values");
    }
    ParamValues values;
    for (const auto& [name, value] : deltas->items()) values[name] = value;
    if (const auto valid = validate_deltas(values, registry_); !valid) {
      return bad(valid.error().code, valid.error().parameter + ": " + valid.error().message);
    }
    if (!plan_.emplace(iteration->get<std::int64_t>(), std::move(values)).second) {
      return bad(ErrorCode::kInvalidValue,
                 fmt::format("iteration {} stands in the plan twice", iteration->get<std::int64_t>()));
    }
    return {};
  }

  std::string path_;
  const Registry& registry_;
  std::int64_t line_ = 0;
  Plan plan_;
};

}  // namespace

Result<PlannedTuner> make_plan_tuner(const std::string& path, std::int64_t iterations,
                                     const Registry& registry) {
  auto plan = PlanReader(path, registry).read();
  if (!plan) return tl::unexpected(plan.error());
  std::vector<std::int64_t> never_used;
  for (auto entry = plan->lower_bound(iterations); entry != plan->end(); ++entry)
    never_used.push_back(entry->first);
  if (!never_used.empty() && never_used.size() == plan->size()) {
    return fail(ErrorCode::kInvalidValue,
                fmt::format("no line can be used: a run of {} proposes nothing after its last iteration, and "
                            "the first line is for iteration {}",
                            iterations, never_used.front()),
                path);
  }
  return PlannedTuner{std::make_unique<PlanTuner>(std::move(*plan)), std::move(never_used)};
}

std::unique_ptr<Tuner> make_no_tuner() {
  return std::make_unique<NoTuner>();
}

}  // namespace soak::tuner

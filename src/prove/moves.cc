#include "prove/moves.h"

#include <cmath>
#include <optional>

namespace soak::prove {
namespace {

std::optional<Json> one_step_away(const Parameter& parameter, const Json& value) {
  const bool whole = parameter.type == ParamType::kInteger;
  if (!value.is_number() || !(whole || parameter.type == ParamType::kNumber)) return std::nullopt;
  const double now = value.get<double>();
  auto step = step_limit_at(parameter, now);
  if (!step) return std::nullopt;
  if (whole) *step = std::max(1.0, std::floor(*step));
  if (!(*step > 0)) return std::nullopt;
  for (const double moved : {now + *step, now - *step}) {
    // A number must read back as it was meant: 0.2 + 0.1 is not 0.3.
    const Json wanted = whole ? Json(std::llround(moved)) : Json(std::round(moved * 1e9) / 1e9);
    if (same_value(wanted, value)) continue;
    if (auto normal = normalise_value(parameter, wanted, true)) return *normal;
  }
  return std::nullopt;
}

}  // namespace

Moves step_and_back(const Json& runtime, const Registry& registry, std::int64_t iterations) {
  ParamValues there;
  ParamValues back;
  for (const auto& [name, value] : get_all_params(runtime, registry)) {
    const auto moved = one_step_away(*registry.find(name), value);
    if (!moved) continue;
    there[name] = *moved;
    back[name] = value;
  }
  Moves moves;
  for (std::int64_t i = 1; i < iterations && !there.empty(); ++i) moves[i] = i % 2 == 1 ? there : back;
  return moves;
}

Result<Occasion> find_occasion(const Moves& moves, const Json& runtime, const Registry& registry,
                               std::int64_t iterations) {
  ParamValues now = get_all_params(runtime, registry);
  Occasion found;
  int seen = 0;
  for (const auto& [iteration, proposed] : moves) {
    if (iteration + 2 > iterations) break;
    std::size_t changes = 0;
    for (const auto& [name, value] : proposed) {
      const auto known = now.find(name);
      changes += known == now.end() || !same_value(known->second, value);
      now[name] = value;
    }
    if (changes == 0) continue;
    found = {iteration + 1, changes};
    if (++seen == 2) break;
  }
  if (found.iteration == 0)
    return fail(ErrorCode::kInvalidArgument,
                "nothing is changed early enough for a fault: the plan needs a change after iteration " +
                    std::string(iterations > 3 ? "1 to " + std::to_string(iterations - 2) : "1"));
  return found;
}

}  // namespace soak::prove

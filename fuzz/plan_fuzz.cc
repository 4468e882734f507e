// tuner::make_plan_tuner(): a plan of proposals, one JSON object a line.

#include <string>

#include "fuzz/place.h"
#include "fuzz/properties.h"
#include "tuner/tuner.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  constexpr std::int64_t kIterations = 8;
  const std::string path = put_file("plan.jsonl", bytes);
  const Registry& registry = Registry::builtin();
  const auto planned = tuner::make_plan_tuner(path, kIterations, registry);
  if (!planned) {
    require_refusal(planned.error(), {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue,
                                      ErrorCode::kUnknownParameter, ErrorCode::kLimitExceeded});
    require(planned.error().file == path, "a refusal names the file");
    return false;
  }
  for (const std::int64_t iteration : planned->never_used)
    require(iteration >= kIterations, "only what lies beyond the run is never used");
  for (std::int64_t iteration = 0; iteration <= kIterations; ++iteration) {
    tuner::TunerInput input;
    input.iteration = iteration;
    input.registry = &registry;
    const tuner::Proposal proposal = planned->tuner->propose(input);
    require(!proposal.rationale.empty(), "a proposal has its reason");
    require(validate_deltas(proposal.proposed_deltas, registry).has_value(),
            "a proposal is of known parameters and of their types");
    for (const auto& [name, value] : proposal.proposed_deltas) require_recordable(value, 0);
  }
  return true;
}

}  // namespace soak::fuzz

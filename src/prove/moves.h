#pragma once
// What a proof moves in a user's own program, and when an injection has an occasion. Pure. Not for other
// rooms.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <map>

namespace soak::prove {

using Moves = std::map<std::int64_t, ParamValues>;  // iteration → what is proposed at its end

// Each numeric parameter of the runtime that has a step limit moves by one step after the odd iterations and
// back after the even ones: up where its bounds allow it, else down, and not at all where neither. Nothing
// after the last iteration. Empty where nothing can be moved.
Moves step_and_back(const Json& runtime, const Registry& registry, std::int64_t iterations);

struct Occasion {
  std::int64_t iteration = 0;  // in which an injection is felt
  std::size_t changes = 0;     // parameters whose value the apply before it changes
};
// The second apply that changes something, or the only one, with an iteration after it in which what comes
// late can arrive. kInvalidArgument: no such apply in a run of that many iterations.
Result<Occasion> find_occasion(const Moves& moves, const Json& runtime, const Registry& registry,
                               std::int64_t iterations);

}  // namespace soak::prove

// target::SweepGrid: the parameter sets of a sweep.

#include <string>

#include "fuzz/place.h"
#include "fuzz/properties.h"
#include "target/sweep_grid.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const std::string path = put_file("grid.json", bytes);
  const auto grid = target::SweepGrid::load(path);
  if (!grid) {
    require_refusal(grid.error(), {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue, ErrorCode::kOutOfBounds,
                                   ErrorCode::kUnknownParameter, ErrorCode::kLimitExceeded});
    require(grid.error().file == path, "a refusal names the file");
    return false;
  }
  require(grid->size() >= 1 && grid->size() <= target::kSweepSetsMax, "a grid has sets, within the limit");
  for (const std::size_t index : {std::size_t{0}, grid->size() / 2, grid->size() - 1}) {
    const Json runtime = grid->runtime(index);
    require_recordable(runtime, 2);
    require(
        validate_deltas(get_all_params(runtime), Registry::builtin(), {.enforce_bounds = true}).has_value(),
        "each set holds values within bounds");
  }
  return true;
}

}  // namespace soak::fuzz

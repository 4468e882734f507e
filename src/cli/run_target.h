#pragma once
// The target that `soak run` was asked for.

#include <soak/params.h>
#include <soak/result.h>

#include "cli/run_request.h"

namespace soak::cli {

// Reads and checks all that the target needs but the run's folder, and adds to `options` what makes it what
// it is: a run is resumed only with the same.
Result<void> check_target(const RunRequest& request, const Registry& registry, Json& options);

// `run.target`. The plan and the folder are known.
Result<void> make_target(const RunRequest& request, PreparedRun& run);

}  // namespace soak::cli

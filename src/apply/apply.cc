#include <soak/apply.h>

#include "apply/file_store.h"
#include "apply/pipeline.h"

namespace soak {

Result<ApplyResult> apply_deltas_with_tracking(const std::string& runtime_path,
                                               const ParamValues& proposed_deltas, const GuardFlags& guards,
                                               const ApplyOptions& options, const Registry& registry) {
  apply::FileStore store(runtime_path);
  return apply::apply_to_store(store, proposed_deltas, guards, options, registry);
}

}  // namespace soak

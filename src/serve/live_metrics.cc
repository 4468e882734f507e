#include "serve/live_metrics.h"

#include "export/export.h"

namespace soak::serve {

std::string metrics_text(const RunItem& item, const Judgement* judgement) {
  if (judgement == nullptr || judgement->error) return "# run " + item.id + " cannot be judged yet\n";
  return exporting::prometheus_text(judgement->snapshot, &judgement->verified);
}

}  // namespace soak::serve

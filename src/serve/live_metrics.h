#pragma once
// What /metrics says. Pure.

#include <string>

#include "serve/judgement.h"
#include "serve/run_json.h"

namespace soak::serve {

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// Of the newest run: the text of its POST_SOAK_METRICS.prom, as if it ended now. `judgement` is nullptr where
// it could not be judged yet: then a comment says so.
std::string metrics_text(const RunItem& item, const Judgement* judgement);

}  // namespace soak::serve

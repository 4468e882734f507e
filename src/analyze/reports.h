#pragma once
// The reports that people read, as Markdown: short tables, units, figures from this run. Pure; the same run
// gives the same bytes.

#include <soak/params.h>
#include <string>

#include "analyze/explain.h"

namespace soak::analyze {

// POST_SOAK_AUDIT.md: what the run did, iteration by iteration over the window, and how its KPIs and
// parameters moved.
std::string audit_markdown(const journal::RunArtifacts& run, const Profile& profile,
                           const Registry& registry);

// FAILURES.md: each failing KPI with the largest component behind it, and why no freeze was seen.
std::string failures_markdown(const journal::RunArtifacts& run, const Profile& profile,
                              const Registry& registry);

// RECOMMENDATIONS.md: one step on the parameters that move what failed, within bounds and step limits.
std::string recommendations_markdown(const journal::RunArtifacts& run, const Profile& profile,
                                     const Registry& registry);

}  // namespace soak::analyze

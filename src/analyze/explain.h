#pragma once
// Why a KPI fails: its components, measured from the target's reports in the iterations where it failed, and
// the parameters that were in effect there. Nothing here is a fixed text: the profile names the components,
// the reports give their sizes. Pure.

#include <soak/params.h>
#include <optional>
#include <string>
#include <vector>

#include "analyze/snapshot.h"

namespace soak::analyze {

struct MeasuredCause {
  const Cause* cause = nullptr;
  double value = 0;  // mean over the iterations that were measured, in the breakdown's unit
};

struct MeasuredFigure {
  const Figure* figure = nullptr;
  double value = 0;  // mean over the iterations that were measured
};

struct Explanation {
  const Kpi* kpi = nullptr;
  std::vector<std::int64_t> failed_in;  // iterations of the window
  int judged_in = 0;                    // iterations of the window in which it was judged
  int without_data = 0;                 // of failed_in
  std::optional<double> mean;           // over failed_in, where there was data
  std::optional<double> worst;
  std::int64_t worst_iteration = 0;
  int measured_in = 0;                // iterations of failed_in whose report has the components
  std::optional<double> whole;        // mean
  std::vector<MeasuredCause> causes;  // largest first
  std::vector<MeasuredFigure> figures;
  std::vector<std::pair<std::string, int>>
      drivers;  // of the run's own neg_edge_drivers, those that are causes here, most frequent first
  ParamValues in_effect;  // in the last of failed_in; may be empty
};

// One for each judged KPI that failed in the window, in the profile's order. Pointers are into `profile`.
std::vector<Explanation> explain_failures(const journal::RunArtifacts& run, const Profile& profile);

// The last report of an iteration, or nullptr (old artifacts have none).
const Json* last_report(const journal::RunArtifacts& run, std::int64_t iteration);

// "{name}" in a cause's meaning becomes the parameter's value in effect.
std::string fill_in(const std::string& meaning, const ParamValues& in_effect);

// How the KPI moved with a parameter in this run: its mean where the parameter was lowest and where it was
// highest. Nothing where the parameter had one value only.
struct SeenEffect {
  double low = 0;
  double high = 0;
  double kpi_at_low = 0;
  double kpi_at_high = 0;
};
std::optional<SeenEffect> seen_effect(const journal::RunArtifacts& run,
                                      const std::vector<JudgedIteration>& judged, const std::string& kpi,
                                      const std::string& parameter);

}  // namespace soak::analyze

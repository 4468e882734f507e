#pragma once
// From the artifacts of a run and a profile to the judgement of its last iterations: the snapshot. Pure and
// thread safe.

#include <soak/json.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/profile.h"
#include "journal/artifacts.h"

namespace soak::analyze {

enum class Verdict { kPass, kWarn, kFail };
std::string_view verdict_name(Verdict verdict);  // "PASS", "WARN", "FAIL"

// Old artifacts give ratios as percentages at times: a ratio above 1 in a `foreign` run is one, and is
// divided.
journal::Kpis as_ratios(const journal::Kpis& kpis, const Profile& profile, bool foreign);

struct JudgedIteration {
  std::int64_t iteration = 0;  // its number in the artifacts
  journal::Kpis kpis;  // percentages of old artifacts as ratios; a KPI held by the profile's policy filled in
  std::vector<KpiVerdict> verdicts;
  bool passed = false;
};

// Every iteration, in order. Iterations count from 1 for the profile's warm-up, whatever number the first one
// bears.
std::vector<JudgedIteration> judge_run(const journal::RunArtifacts& run, const Profile& profile);

// Something unusual in one iteration of the window: a KPI far from the window's median (more than 5 scaled
// median absolute deviations and 25 % of the median, five values at least), or a judged KPI without data.
struct Anomaly {
  std::int64_t iteration = 0;
  std::string kpi;
  std::optional<double> value;  // nothing: no data
  double median = 0;            // of the window; 0 where there is no data
};
std::vector<Anomaly> find_anomalies(const std::vector<JudgedIteration>& window, const Profile& profile);

struct KpiStatistics {
  std::string kpi;
  std::optional<double> mean;  // nothing: no data in the window
  std::optional<double> median;
  int count = 0;                           // iterations of the window that have it
  std::optional<double> standard_error{};  // of the mean, 6 decimals; nothing for fewer than two
};

struct GuardCounts {  // iterations of the window whose summary has the flag
  int cooldown = 0;
  int velocity = 0;
  int oscillation = 0;
  int freeze = 0;
};

struct Snapshot {
  std::string profile;
  std::int64_t iterations = 0;  // in the artifacts
  int window = 0;               // iterations looked at: the profile's window, or fewer
  Verdict verdict = Verdict::kFail;
  int pass_count = 0;
  bool freeze_seen = false;
  bool freeze_ready = false;
  std::vector<KpiStatistics> kpis;  // the judged KPIs, in the profile's order; mean and median: 3 decimals
  GuardCounts guards;
  std::int64_t first_iteration = 0;  // of the window; both 0 where there is none
  std::int64_t last_iteration = 0;
  std::string first_utc;  // runtime_utc of those iterations; may be empty
  std::string last_utc;
  std::optional<bool> kpi_gate_parity;  // nothing: no iteration of the window has a recorded verdict
  int anomalies_count = 0;
  int signature_loops = 0;
};

Snapshot take_snapshot(const journal::RunArtifacts& run, const Profile& profile);
// The last `window` of the judged iterations.
std::vector<JudgedIteration> window_of(const std::vector<JudgedIteration>& judged, const Profile& profile);

// Schema 1.1, docs/formats/snapshot.md.
Json to_json(const Snapshot& snapshot);

}  // namespace soak::analyze

#pragma once
// The artifacts of a run as JSON, and their files. The journal is the truth: these files are replaced
// atomically, so that a reader never sees half of one, but without fsync, and can be rebuilt from it at any
// time. All are canonical JSON with a final newline and bear `schema_version`.

#include <soak/json.h>
#include <soak/result.h>
#include <cstdint>
#include <functional>
#include <string>

#include "journal/records.h"

namespace soak::journal {

std::string iteration_summary_name(std::int64_t iteration);  // ITER_SUMMARY_7.json
inline constexpr char kTuningReportName[] = "TUNING_REPORT.json";
// It grows with the run; every other artifact is read within base::kFileBytesMax.
inline constexpr std::size_t kTuningReportBytesMax = std::size_t{1} << 30;
inline constexpr char kEdgeReportName[] = "EDGE_REPORT.json";
inline constexpr char kKpiGateName[] = "KPI_GATE.json";
inline constexpr char kRuntimeName[] = "runtime_overrides.json";
inline constexpr char kLastGoodName[] = "LAST_GOOD.json";

// ITER_SUMMARY_<i>.json.
Json iteration_summary(const IterationRecord& record);
// One entry of TUNING_REPORT's `iterations`.
Json tuning_report_entry(const IterationRecord& record);

// Counts of TUNING_REPORT's `summary`.
struct TuningCounts {
  std::int64_t count = 0;
  std::int64_t applied = 0;
  std::int64_t blocked_oscillation = 0;
  std::int64_t blocked_velocity = 0;
  std::int64_t cooldown_skips = 0;
  void add(const IterationRecord& record);
  Json to_json() const;
};

// The bytes of an artifact: canonical JSON with schema_version added, and a newline.
std::string artifact_bytes(Json value);

// Writes `value` as an artifact, with schema_version added, unless the file holds these bytes already (so
// that resuming a finished run changes nothing, and costs a read).
Result<void> write_artifact(const std::string& folder, const std::string& name, Json value);

// LAST_GOOD.json: the last known good `runtime`, and its `state_hash`.
Json last_good(const Json& runtime);

// ITER_SUMMARY_<i>.json.
Result<void> write_iteration_summary(const std::string& folder, const IterationRecord& record);

// How many ITER_SUMMARY files a run keeps unless it is told otherwise: of the newest iterations. The journal
// keeps every one.
inline constexpr std::int64_t kSummariesKept = 10'000;
inline constexpr std::int64_t kSummariesKeptMax = 10'000'000;

// The same of a run with these recorded options: the default where they say nothing, or nothing from 1 to
// kSummariesKeptMax.
std::int64_t summaries_kept(const Json& options);

// Every iteration record of the folder's journal, in order; memory is one record. An error ends it.
Result<void> each_iteration(const std::string& folder,
                            const std::function<Result<void>(const IterationRecord&)>& take);

// TUNING_REPORT.json from the folder's journal, streamed: time grows with the run, so call it at growing
// distances.
Result<void> write_tuning_report(const std::string& folder);
// Whether it is there and says what the journal says.
Result<bool> tuning_report_is_current(const std::string& folder);

}  // namespace soak::journal

#pragma once
// Records to JSON and back, under the keys that they have in the journal and in the artifacts
// (docs/formats/). Pure, thread safe. The readers here are strict: they read what this program wrote. Old
// artifacts are read by journal/artifacts.h.

#include <soak/guards.h>
#include <soak/json.h>
#include <soak/result.h>

#include "journal/artifacts.h"
#include "journal/records.h"

namespace soak::journal {

Json skip_reason_to_json(const std::optional<SkipReason>& reason);  // null where there is none
Json guards_to_json(const GuardFlags& flags);
Json faults_to_json(const std::vector<Fault>& faults);
Result<std::vector<Fault>> faults_from_json(const Json& list);

// Body of an `iteration` record: `iteration`, `summary`, `tuning`, `runtime_overrides`, `target` as in
// ITER_SUMMARY, and `kpi_verdict`.
Json iteration_to_json(const IterationRecord& record);
// kInvalidValue where a member is missing or of the wrong type; the message names it. More members than known
// are ignored.
Result<IterationRecord> iteration_from_json(const Json& body);

// Body of a `report` record.
Json report_to_json(const SeenReport& report);
Result<SeenReport> report_from_json(const Json& body);

// Body of an `observed` record.
Json observed_to_json(const Observed& observed);
Result<Observed> observed_from_json(const Json& body);

// `run_id`, `iterations`, `started_utc`, `soak_version`, `kpi_profile`, `options` of a `run_header` record;
// the runner adds `runtime`, `runtime_hash`, `registry`.
Json header_to_json(const RunHeader& header);
Result<RunHeader> header_from_json(const Json& body);

}  // namespace soak::journal

#pragma once
// What one iteration leaves behind, in memory. Field names are the keys of the artifacts (docs/formats/).

#include <soak/guards.h>
#include <soak/params.h>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace soak::journal {

inline constexpr char kSchemaVersion[] = "1.1";

// A KPI by name; a KPI without data is absent.
using Kpis = std::map<std::string, double>;

// A delivery fault that a run or a verifier found (kinds: ignored, half_applied, wrong_value, late,
// rolled_back, drifted, restarted, stale_report, torn_report, no_effect, wrong_hash, foreign_edit, crashed,
// hung).
struct Fault {
  std::int64_t iteration = 0;
  std::string kind;
  std::string parameter;  // or empty
  std::string detail;     // one sentence: proposed and observed value
  bool operator==(const Fault&) const = default;
};

// `summary` of ITER_SUMMARY.
struct Summary {
  Kpis kpis;
  std::string runtime_utc;         // the iteration's end
  std::string state_hash;          // the signature; empty where there is none
  std::string maker_taker_source;  // or empty
};

// Who asked for a change of the runtime file.
inline constexpr char kOriginTuner[] = "tuner";
inline constexpr char kOriginRollback[] = "rollback";  // back to the last known good values, guards or not

// `tuning` of ITER_SUMMARY: what was proposed at the end of the iteration, and what became of it.
struct Tuning {
  std::string origin = kOriginTuner;  // written only where it is another
  ParamValues proposed_deltas;
  bool applied = false;
  std::optional<SkipReason> skip_reason;
  std::vector<std::string> changed_keys;
  std::string state_hash;  // of the runtime file after the apply; empty in old artifacts
  std::string old_hash;
  GuardFlags guards;
  std::string rationale;                      // one line for people
  std::vector<std::string> conditions;        // the rules that spoke
  std::vector<std::string> neg_edge_drivers;  // cost components that ate the edge, largest first
};

// `target` of ITER_SUMMARY.
struct TargetFacts {
  std::string instance_id;
  std::string effective_hash;
  std::string
      precision;  // "float32" where the target says so (effective.precision), else empty and not written
  std::vector<Fault> faults;
};

struct IterationRecord {
  std::int64_t iteration = 0;
  Summary summary;
  Tuning tuning;
  Json runtime_overrides;  // nested, in effect during this iteration as the target reports it; null where
                           // nothing was observed
  TargetFacts target;
  std::string kpi_verdict;  // "PASS" or "FAIL" by the profile
};

// One report of the target as the loop saw it. `report` is the EDGE_REPORT as received.
struct SeenReport {
  std::int64_t iteration = 0;
  std::int64_t seq = 0;
  std::string seen_utc;
  bool settled = true;  // false: within the settle time after an apply, proves nothing (a new instance_id
                        // counts all the same)
  Json report;
};

// The runtime file was seen to hold something that the run had not written.
struct FileEdit {
  std::string seen_utc;
  std::string state_hash;  // of what it held then; empty where it was gone
  bool operator==(const FileEdit&) const = default;
};

// What ends the reports of an iteration, beside them.
struct Observed {
  std::int64_t iteration = 0;
  std::int64_t reports = 0;    // how many reports of the iteration count
  std::int64_t discarded = 0;  // the first ones, which do not: seen by a run that broke off in the middle of
                               // the iteration, which was then done again
  std::int64_t dropped = 0;    // not kept: beyond the limit, and with nothing new in them
  bool started = false;  // the run started the target for this iteration: whatever was in effect, awaited
                         // or counted before is another instance's
  bool ended = false;    // the target died, hung or gave an invalid report: nothing follows
  std::vector<Fault> faults;    // what only the target's supervisor can know
  std::vector<FileEdit> edits;  // while the iteration ran
  std::string end_utc;          // by the real clock; empty where the run's clock is simulated
};

// `effective` of a report, taken apart. Absent members are empty.
struct Effective {
  std::string state_hash;
  std::string instance_id;
  bool float32 = false;  // effective.precision says so: values are proven within one unit of float32
  ParamValues params;    // flat, whatever form the report had
};
// Nothing where the report has no `effective` object.
std::optional<Effective> effective_of(const Json& report, const Registry& registry);

// The values of `params`, nested by section or flat or both, by name. A parameter that the registry knows
// counts in its own section or at the top level (its section wins): in another section no target would look
// for it. Unknown names count anywhere.
ParamValues flat_params(const Json& params, const Registry& registry);

// SHA-256 of the canonical JSON of a nested runtime_overrides.
std::string signature_of(const Json& runtime_overrides);

}  // namespace soak::journal

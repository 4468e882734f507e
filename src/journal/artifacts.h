#pragma once
// Reads an artifact folder, ours or the old tool's, into one form. Reads only; never writes. Thread safe.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/records.h"

namespace soak::journal {

// What a run said at its start (the journal's first record). Absent for old artifacts.
struct RunHeader {
  std::string run_id;
  std::int64_t iterations = 0;  // how many were asked for
  std::string started_utc;
  std::string soak_version;
  std::string kpi_profile;  // the profile's name
  Json options;             // the recorded options
};

// One iteration as the artifacts tell it: the summary file, with the report's entry merged in (the report's
// proposals count, not the summary's; applied means that one of the two says so; a skip reason may stand in
// either).
struct IterationFacts {
  IterationRecord record;
  bool has_summary = false;  // false: only the report speaks of it (ignored by verify and snapshot, and said)
  bool summary_has_skip_reason = false;
  bool has_effective =
      false;  // the artifacts hold values in effect (runtime_overrides, runtime or config, nested or flat)
  ParamValues effective;  // those values, flat
  GuardFlags
      summary_guards;  // flags in the summary's `tuning` only (guards_last8 and freeze_seen read these)
  std::string tuning_signature;    // tuning.signature of old artifacts; fallback for signature_stuck
  std::string summary_state_hash;  // the summary's own tuning.state_hash (record.tuning.state_hash may come
                                   // from the report): the last fallback
};

// The runtime that the target was given for one iteration, as the journal tells it: the start values, the
// applies, rollbacks and foreign edits up to then.
struct GivenRuntime {
  ParamValues expected;  // the parameters of the runtime file, flat
  ParamValues before;    // the same before the last apply; equal to expected where nothing was applied before
                         // the iteration
  bool applied_before = false;  // an apply ended just before the iteration
  std::string runtime_hash;
  bool edited = false;          // another hand changed the file since the iteration before
  ParamValues written;          // what that apply proposed, changed or not; empty where there was none
  bool target_started = false;  // the run started the target for this iteration
  bool target_ended = false;    // the target ended in it
};

// An apply of ours after which the run broke off, before the iteration's record: nothing proves it.
struct BrokenOff {
  std::int64_t iteration = 0;
  ParamValues proposed_deltas;
};

struct RunArtifacts {
  std::string folder;
  std::vector<IterationFacts> iterations;  // ascending, no two the same; only those with a summary
  std::vector<std::int64_t> without_summary;
  std::vector<std::int64_t> gaps;   // missing numbers between the first and the last
  std::optional<RunHeader> header;  // from journal.jsonl
  std::vector<SeenReport> reports;  // from journal.jsonl, in order; empty for old artifacts
  std::map<std::int64_t, GivenRuntime>
      given;                            // by iteration, from journal.jsonl; also of one that was broken off
  std::optional<BrokenOff> broken_off;  // from journal.jsonl
  Json registry_source;                 // from journal.jsonl: the run's own --params, or null
  bool in_progress = false;  // set by who judges a run that goes on: what is yet to come is no failure
  bool foreign = true;  // no journal of ours: a proposal applied in the last iteration is pending, not failed
  std::vector<std::string>
      notes;  // what a reader should be told: gaps, ignored entries, a missing report replaced by the journal
};

// kNotFound: no such folder, no ITER_SUMMARY_*.json and no journal, no TUNING_REPORT.json and no journal.
// kInvalidJson, kInvalidValue, kCorrupt: an artifact that is torn, not JSON, or not of its shape; the error
// names the file.
Result<RunArtifacts> read_run(const std::string& folder, const Registry& registry);

}  // namespace soak::journal

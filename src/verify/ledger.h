#pragma once
// The story of each change of a run, one entry a parameter and proposal: proposed, guards, applied, in
// effect, evidence; and where it stopped, why. A reading of the artifacts beside the verifier's judgement,
// which it does not change. Pure and thread safe.

#include <soak/json.h>
#include <soak/params.h>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/artifacts.h"
#include "verify/verify.h"

namespace soak::verify {

// How far a change came.
enum class Stage {
  kGuards,    // a guard held it, or the value was there already
  kApply,     // not written
  kInEffect,  // written, and not in effect throughout the next iteration
  kEvidence,  // reported to be in effect, and measured behaviour says otherwise
  kProven,    // in effect throughout the next iteration, and nothing measured contradicts it
  kPending,   // written, and nothing can say more
};
std::string_view stage_name(Stage stage);  // "guards", "apply", "in_effect", "evidence", "proven", "pending"

struct LedgerEntry {
  std::int64_t iteration = 0;  // at whose end it was proposed
  std::string origin;          // "tuner", or "rollback": restored after a bad change
  std::string parameter;
  Json before;  // the value in the runtime then; null: none, or not known
  Json proposed;
  std::string proposed_utc;  // the iteration's end; empty: not known
  std::string guard;         // that held it: freeze, oscillation, velocity, cooldown, no_op; or empty
  bool applied = false;
  std::string old_hash, state_hash;  // of the runtime file, before and after the apply
  std::optional<std::int64_t> next;  // the iteration that had to show it
  Json effective;                    // as last reported there; null: not reported
  std::string effective_utc;         // when a settled report first showed the proposed value; or empty
  Json evidence;  // what was measured there on this parameter, as last reported; null: nothing
  Stage stage = Stage::kPending;
  std::string why;  // one sentence, unless it is proven
};

// In order of iteration and parameter. `name` not empty: only that parameter.
std::vector<LedgerEntry> ledger_of(const journal::RunArtifacts& run, const VerifyResult& verified,
                                   const Registry& registry, std::string_view name = {});

// What a run has proven, for use elsewhere.
struct ProvenValues {
  ParamValues values;                           // by name, as proposed
  std::map<std::string, std::string> left_out;  // name → why, of parameters that the run changed
};
// Of each parameter that the run wrote, the value written last, where it was proven, is still in effect in
// the last iteration and was never at fault since. `entries` are all of the run's.
ProvenValues proven_values(const journal::RunArtifacts& run, const VerifyResult& verified,
                           const std::vector<LedgerEntry>& entries);

// "iteration 3: base_spread_bps 1.2 -> 1.44: proven: applied (hash 6c3a… -> bba6…), in effect in iteration 4
// from 2026-01-01T00:20:00Z, evidence agrees".
std::string to_line(const LedgerEntry& entry);
Json to_json(const LedgerEntry& entry);

}  // namespace soak::verify

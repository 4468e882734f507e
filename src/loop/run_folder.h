#pragma once
// Where a run writes: a folder of its own, and the link to the newest one. No run ever wipes another unless
// it is told to.

#include <soak/json.h>
#include <soak/result.h>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace soak::loop {

inline constexpr char kArtifactsRoot[] = "artifacts/soak";

enum class FolderUse {
  kFresh,      // refused (kAlreadyExists) where the folder holds a run
  kResume,     // goes on with the run there, or starts one where there is none
  kOverwrite,  // removes the artifacts of the run there, and nothing else
};

// Creates the folder if need be and makes it fit for run_soak(): temp files that a killed run left are
// removed. kAlreadyExists: it holds a run (or, for kResume, artifacts without a journal); the message says
// what to do. kLocked: a run is under way there. A runtime_overrides.json that stands there without a run
// must hold `start_runtime`: a user's file is never replaced.
Result<void> prepare_run_folder(const std::string& folder, FolderUse use, const Json& start_runtime);

// Whether a run writes the journal in the folder at this moment.
bool run_is_under_way(const std::string& folder);

// Whether a run, or a command that judges it, writes a file of this name into the run's folder.
bool is_run_file(const std::string& name);

// The number in ITER_SUMMARY_<digits>.json; -1 where it has too many digits; nothing for another name.
std::optional<std::int64_t> summary_iteration(std::string_view name);
// A temp that a killed run left of an artifact or of the runtime file.
bool is_stale_temp(const std::string& name);

// Makes ROOT/latest a symbolic link to runs/RUN_ID, atomically. kNotAFile where ROOT/latest exists and is no
// link.
Result<void> point_latest_at(const std::string& root, const std::string& run_id);

}  // namespace soak::loop

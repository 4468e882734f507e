#pragma once
// Whether a run's folder is whole: the journal against itself, and every artifact against the journal, from
// which it can be rebuilt.

#include <soak/json.h>
#include <soak/result.h>
#include <cstdint>
#include <string>
#include <vector>

namespace soak::loop {

struct Finding {
  std::string file;     // its name in the folder
  std::string problem;  // one sentence
  bool repairable = false;
  bool repaired = false;
};

struct FsckResult {
  bool has_journal =
      false;  // without one (the old tool's folders) there is nothing to hold the artifacts against
  bool running = false;  // a run is under way: what it has not written yet is found missing
  std::int64_t records = 0;
  std::int64_t iterations = 0;    // that the journal holds complete
  std::int64_t planned = 0;       // that the run was asked for
  std::vector<Finding> findings;  // in order of name, the journal first

  // Nothing was found, or all of it was repaired.
  bool sound() const;
};

// Checks: the journal's checksums, sequence and shape; that each apply leads from the runtime before it to
// the one after it, by their hashes; ITER_SUMMARY, TUNING_REPORT, EDGE_REPORT, KPI_GATE and LAST_GOOD byte
// for byte against what the journal gives; the runtime file's hash; temps that a killed run left.
//
// With `repair`: artifacts that are missing, torn or different are written anew, a torn tail of the journal
// is cut, temps are removed, and a runtime file that is gone is written anew. Never repaired: damage within
// the journal, a runtime file that another hand has changed, a summary of an iteration that the journal does
// not have. A finding that is not repaired leaves its file as it was.
//
// Errors: kNotFound: no such folder, or neither journal nor artifacts in it; kLocked: `repair` where a run is
// under way; what the file system says.
Result<FsckResult> fsck(const std::string& folder, bool repair);

Json to_json(const FsckResult& result);

}  // namespace soak::loop

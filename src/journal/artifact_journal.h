#pragma once
// What journal.jsonl tells a reader of artifacts. Not for other rooms.

#include <soak/params.h>
#include <soak/result.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/artifacts.h"

namespace soak::journal {

struct JournalContent {
  RunHeader header;
  Json registry_source;
  std::vector<IterationRecord> iterations;  // in order
  std::vector<SeenReport> reports;          // in order
  std::map<std::int64_t, GivenRuntime> given;
  std::optional<BrokenOff> broken_off;
  bool torn_tail = false;  // the last record is half there: the run was cut off while it wrote
};

// Nothing where the folder has no journal. kCorrupt, kInvalidValue: a journal that is damaged, not of its
// shape, or without a single whole record; the error names it.
Result<std::optional<JournalContent>> read_journal(const std::string& folder, const Registry& registry);

}  // namespace soak::journal

#pragma once
// Whether an artifact says what the journal says. The journal is written first, and every other file can be
// rebuilt from it: one that says something else was changed after the run, and proves nothing. Not for other
// rooms.

#include <optional>
#include <string>

#include "journal/artifact_parse.h"
#include "journal/records.h"

namespace soak::journal {

// The first member, as a path ("summary.state_hash"), in which an ITER_SUMMARY is not the journal's record;
// nothing where all agree. Also summary.state_hash where it is no signature of the runtime_overrides beside
// it, whatever the journal says.
std::optional<std::string> summary_difference(const IterationRecord& summary, const IterationRecord& record);

// The same for an entry of the TUNING_REPORT ("applied").
std::optional<std::string> report_difference(const TuningSaid& entry, const IterationRecord& record);

}  // namespace soak::journal

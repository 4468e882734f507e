#pragma once
// The files of one artifact folder, read and taken apart, before anything is merged. Not for other rooms.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/artifact_parse.h"

namespace soak::journal {

struct FolderContent {
  std::vector<IterationFacts> iterations;  // ascending, no two the same, the report's entries merged in
  std::optional<ReportFile> report;        // nothing where there is no TUNING_REPORT.json
};

// Every ITER_SUMMARY_<digits>.json and TUNING_REPORT.json, with as many threads as help. Errors name the
// file: as read_run(), and of several bad summaries the one of the lowest iteration.
Result<FolderContent> read_artifact_files(const std::string& folder, const Registry& registry);

}  // namespace soak::journal

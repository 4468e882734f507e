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

struct NumberedSummary {
  std::int64_t iteration = 0;
  SummaryFile file;
};

struct FolderContent {
  std::vector<NumberedSummary> summaries;  // ascending, no two the same
  std::optional<std::vector<ReportEntry>>
      report;  // in the order of the file; nothing where there is no TUNING_REPORT.json
};

// Every ITER_SUMMARY_<digits>.json and TUNING_REPORT.json, with as many threads as help. Errors name the
// file: as read_run(), and of several bad summaries the one of the lowest iteration.
Result<FolderContent> read_artifact_files(const std::string& folder, const Registry& registry);

}  // namespace soak::journal

#pragma once
// The files of one artifact folder, read and taken apart, before anything is merged. Not for other rooms.

#include <soak/params.h>
#include <soak/result.h>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/artifact_parse.h"

namespace soak::journal {

// The path of a file in a folder, whether or not the folder's name ends in a slash.
std::string path_in(const std::string& folder, std::string_view name);

// Who has the last word on what the files say.
enum class Beside {
  kJournal,  // a journal, which each file is held against: nothing is merged
  kNothing,  // the files alone: the report's entries are merged in
};

struct FolderContent {
  std::vector<IterationFacts> iterations;  // ascending, no two the same
  std::optional<ReportFile> report;        // nothing where there is no TUNING_REPORT.json
  bool report_too_large = false;           // there is one, beyond kTuningReportBytesMax, beside a journal
};

// Every ITER_SUMMARY_<digits>.json and TUNING_REPORT.json, with as many threads as help. Errors name the
// file: as read_run(), and of several bad summaries the one of the lowest iteration.
Result<FolderContent> read_artifact_files(const std::string& folder, const Registry& registry, Beside beside);

}  // namespace soak::journal

#pragma once
// The page of one run as a file, for `report` and `gate`.

#include <soak/result.h>
#include <string>

#include "cli/run_folder.h"

namespace soak::cli {

// Judged by the profile that `folder` names; without one, by the run's own or, with `built_in`, by
// market-maker, as the gate does. Replaced whole. Errors name the file concerned.
Result<void> write_html_report(const FolderRequest& folder, const std::string& out, bool built_in);

}  // namespace soak::cli

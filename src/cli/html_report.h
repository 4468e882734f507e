#pragma once
// The page of one run as a file, for `report` and `gate`.

#include <soak/result.h>
#include <string>

#include "cli/run_folder.h"

namespace soak::cli {

// Replaced whole. Errors name the file concerned.
Result<void> write_html_report(const FolderRequest& folder, const std::string& out);

}  // namespace soak::cli

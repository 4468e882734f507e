#pragma once
// The page with one run in it, as a single file that asks nobody for anything.

#include <soak/result.h>
#include <string>

#include "serve/run_view.h"

namespace soak::serve {

// HTML of a few hundred KB: the run, its KPIs, parameters and guards thinned to 5000 points, its gate with
// default options, and the newest kReportLedgerMax entries of its ledger. Errors: what RunView::refresh()
// gives; kNotFound where the folder holds no iteration. Same artifacts, same bytes.
inline constexpr std::size_t kReportPointsMax = 5000;
inline constexpr std::size_t kReportLedgerMax = 2000;
Result<std::string> report_html(const std::string& folder, const Defaults& defaults);

}  // namespace soak::serve

#pragma once
// A sweep's row as a table has it: the parameters, then the KPIs of EDGE_REPORT's totals under their own
// names, those of its nested members under the last part of theirs (fills.maker_count is maker_count,
// block_reasons.risk.ratio is risk_ratio). Pure.

#include <string>
#include <vector>

#include "target/sweep.h"

namespace soak::target {

// The KPI columns, in order.
const std::vector<std::string>& sweep_kpi_names();

// Lines of CSV with their newline. A null is empty, a list is joined with ";", a number is the shortest text
// that reads back as the same double.
std::string sweep_csv_header(const std::vector<std::string>& parameter_names);
std::string sweep_csv_line(const SweepRow& row);

// The same flat, one member a column; a null stays null and a list a list.
Json sweep_json_row(const SweepRow& row);

}  // namespace soak::target

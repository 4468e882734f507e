#pragma once
// From what a window measured to the EDGE_REPORT (docs/formats/edge_report.md). Pure.

#include <nlohmann/json.hpp>

#include "sim/window.h"

namespace soak::target {

// `totals`: bps of traded notional; without a trade the bps figures are null, and so is a percentile of what
// was never measured. The components are rounded to
// 1e-6 bps and net is their sum, so that net = gross - fees - adverse - slippage - inventory holds exactly as
// printed.
nlohmann::json edge_totals(const sim::WindowResult& result);

// `evidence`: behaviour measured on the order log that a parameter bounds. `capital_lots` > 0.
nlohmann::json edge_evidence(const sim::WindowResult& result, double capital_lots);

}  // namespace soak::target

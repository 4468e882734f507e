#pragma once
// Results in the forms that other programs read: Prometheus text, JUnit XML; and Markdown for a CI job's
// summary. Pure.

#include <string>

#include "analyze/snapshot.h"
#include "gate/gate.h"

namespace soak::exporting {

// POST_SOAK_METRICS.prom: KPI, guard, verdict and, where `verified` is given, delta metrics; each family with
// HELP and TYPE. A mean without data is NaN. `promtool check metrics` has no remark on it.
std::string prometheus_text(const analyze::Snapshot& snapshot, const verify::VerifyResult* verified);

// One test case for each check of the gate and one for each failed verified. Characters that XML cannot hold
// become "?".
std::string junit_xml(const gate::GateResult& result, const verify::VerifyResult* verified);

// The verdict, a table of the checks, reasons and warnings.
std::string gate_markdown(const gate::GateResult& result, const analyze::Snapshot& snapshot);

// DELTA_VERIFY_REPORT.md: counts, each failed delivery, each fault; long lists are cut, and say so.
std::string delivery_markdown(const verify::VerifyResult& verified);

}  // namespace soak::exporting

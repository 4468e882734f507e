#include "target/report_keeper.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace soak::target {
namespace {

const Json& effective_of(const journal::SeenReport& report) {
  static const Json kNothing;
  const auto found = report.report.find("effective");
  return found == report.report.end() ? kNothing : *found;
}

// Each measured number of `evidence`, under "PARAMETER/BOUND".
void for_each_evidence(const Json& report, const std::function<void(const std::string&, double)>& take) {
  const auto evidence = report.find("evidence");
  if (evidence == report.end() || !evidence->is_object()) return;
  for (const auto& [name, bounds] : evidence->items()) {
    if (!bounds.is_object()) continue;
    for (const auto& [bound, measured] : bounds.items()) {
      if (measured.is_number()) take(name + "/" + bound, measured.get<double>());
    }
  }
}

}  // namespace

bool ReportKeeper::says_something_new(const journal::SeenReport& report) const {
  if (kept_.empty() || kept_.back().settled != report.settled ||
      effective_of(kept_.back()) != effective_of(report))
    return true;
  bool beyond = false;
  for_each_evidence(report.report, [&](const std::string& name, double measured) {
    const auto known = evidence_.find(name);
    beyond =
        beyond || known == evidence_.end() || measured < known->second.low || measured > known->second.high;
  });
  return beyond;
}

void ReportKeeper::remember_evidence(const Json& report) {
  for_each_evidence(report, [&](const std::string& name, double measured) {
    auto& range = evidence_.try_emplace(name, Range{measured, measured}).first->second;
    range = {std::min(range.low, measured), std::max(range.high, measured)};
  });
}

void ReportKeeper::add(journal::SeenReport report, std::size_t bytes) {
  const auto beyond = [&](std::size_t times) {
    return kept_.size() >= kReportsMax * times || bytes_ >= kBytesMax * times;
  };
  const bool spare = beyond(kCrammed) || (beyond(1) && !says_something_new(report));
  if (last_is_spare_) {
    kept_.pop_back();
    bytes_ -= last_bytes_;
    ++dropped_;
  }
  // What an unsettled report measured convicts nobody, so it must not hide what a settled one measures.
  if (!spare && report.settled) remember_evidence(report.report);
  kept_.push_back(std::move(report));
  bytes_ += bytes;
  last_bytes_ = bytes;
  last_is_spare_ = spare;
}

}  // namespace soak::target

#include "verify/rederive.h"

#include <algorithm>
#include <string>
#include <utility>

#include "verify/faults.h"

namespace soak::verify {
namespace {

using journal::Fault;
using journal::IterationFacts;
using journal::RunArtifacts;
using journal::SeenReport;

bool holds(const std::vector<Fault>& faults, const Fault& wanted) {
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& f) {
    return f.kind == wanted.kind && f.parameter == wanted.parameter;
  });
}

bool is_overdue(const std::string& kind) {
  return kind == "ignored" || kind == "half_applied";
}

class Rederiver {
 public:
  Rederiver(const RunArtifacts& run, const Registry& registry) : run_(run), registry_(registry) {}

  Rederived work() {
    sort_reports();
    for (const IterationFacts& facts : run_.iterations) {
      const std::int64_t iteration = facts.record.iteration;
      std::vector<Fault> faults;
      // An iteration that the journal knows nothing of was not run under it.
      const auto given = run_.given.find(iteration);
      if (!run_.reports.empty() && given != run_.given.end()) faults = find_again(iteration, given->second);
      add_recorded(facts, faults);
      if (!faults.empty()) found_.faults[iteration] = std::move(faults);
    }
    for (const auto& [iteration, fault] : superseded_) {
      const auto place = found_.faults.find(iteration);
      if (place == found_.faults.end()) continue;
      std::erase_if(place->second,
                    [&](const Fault& f) { return is_overdue(f.kind) && f.parameter == fault; });
      if (place->second.empty()) found_.faults.erase(place);
    }
    return std::move(found_);
  }

 private:
  void sort_reports() {
    std::string instance;
    std::int64_t seq_max = 0;
    for (const SeenReport& report : run_.reports) {
      const auto effective = journal::effective_of(report.report, registry_);
      const std::string now = effective ? effective->instance_id : std::string();
      if (!now.empty() && now != instance) {
        instance = now;
        seq_max = 0;
      }
      if (report.seq > 0 && report.seq <= seq_max) continue;  // seen before
      seq_max = std::max(seq_max, report.seq);
      found_.reports[report.iteration].push_back(report);
    }
  }

  std::vector<Fault> find_again(std::int64_t iteration, const journal::GivenRuntime& given) {
    DeliveryView view;
    view.iteration = iteration;
    view.expected = given.expected;
    view.before = given.before;
    view.applied_before = given.applied_before;
    view.runtime_hash = given.runtime_hash;
    view.instance_id_before = instance_id_;
    if (!given.edited) view.effective_before = effective_;
    for (const auto& [name, since] : overdue_) view.overdue.insert(name);
    if (const auto reports = found_.reports.find(iteration); reports != found_.reports.end())
      view.reports = reports->second;
    std::vector<Fault> faults = find_faults(view, registry_);
    remember(iteration, view.reports, faults);
    return faults;
  }

  // A late delivery is one fault: what was called ignored when nobody could know better is taken back.
  void remember(std::int64_t iteration, const std::vector<SeenReport>& reports,
                const std::vector<Fault>& faults) {
    for (const Fault& fault : faults) {
      const auto since = overdue_.find(fault.parameter);
      if (fault.kind == "late" && since != overdue_.end())
        superseded_.emplace_back(since->second, fault.parameter);
    }
    for (const SeenReport& report : reports) {
      const auto effective = journal::effective_of(report.report, registry_);
      if (!effective) continue;
      if (!effective->instance_id.empty()) instance_id_ = effective->instance_id;
      effective_ = effective->params;
    }
    std::erase_if(overdue_, [&](const auto& entry) {
      return std::any_of(faults.begin(), faults.end(),
                         [&](const Fault& f) { return f.parameter == entry.first; });
    });
    for (const Fault& fault : faults) {
      if (is_overdue(fault.kind)) overdue_[fault.parameter] = iteration;
    }
  }

  static void add_recorded(const IterationFacts& facts, std::vector<Fault>& faults) {
    for (Fault fault : facts.record.target.faults) {
      if (fault.iteration == 0) fault.iteration = facts.record.iteration;
      if (!holds(faults, fault)) faults.push_back(std::move(fault));
    }
    std::stable_sort(faults.begin(), faults.end(),
                     [](const Fault& a, const Fault& b) { return kind_rank(a.kind) < kind_rank(b.kind); });
  }

  const RunArtifacts& run_;
  const Registry& registry_;
  Rederived found_;
  std::string instance_id_;
  ParamValues effective_;                        // as last reported
  std::map<std::string, std::int64_t> overdue_;  // parameter → the iteration that ignored it
  std::vector<std::pair<std::int64_t, std::string>>
      superseded_;  // ignored in that iteration, late in a later one
};

}  // namespace

std::span<const SeenReport> Rederived::reports_of(std::int64_t iteration) const {
  const auto found = reports.find(iteration);
  return found == reports.end() ? std::span<const SeenReport>() : std::span<const SeenReport>(found->second);
}

std::span<const Fault> Rederived::faults_of(std::int64_t iteration) const {
  const auto found = faults.find(iteration);
  return found == faults.end() ? std::span<const Fault>() : std::span<const Fault>(found->second);
}

Rederived rederive(const RunArtifacts& run, const Registry& registry) {
  return Rederiver(run, registry).work();
}

}  // namespace soak::verify

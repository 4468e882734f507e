#include "verify/rederive.h"

#include <algorithm>
#include <string>
#include <utility>

#include "verify/delivery_memory.h"
#include "verify/faults.h"

namespace soak::verify {
namespace {

using journal::Fault;
using journal::IterationFacts;
using journal::RunArtifacts;
using journal::SeenReport;

bool holds(std::span<const Fault> faults, const Fault& wanted) {
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& f) {
    return f.kind == wanted.kind && f.parameter == wanted.parameter;
  });
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
    for (const TakenBack& taken : taken_back_) take_back(taken);
    return std::move(found_);
  }

 private:
  void sort_reports() {
    NewReports filter;
    for (const SeenReport& report : run_.reports) {
      if (filter.is_new(report, registry_)) found_.reports[report.iteration].push_back(report);
    }
  }

  std::vector<Fault> find_again(std::int64_t iteration, const journal::GivenRuntime& given) {
    if (given.applied_before) memory_.written(given.written);
    if (given.edited) memory_.edited();
    DeliveryView view;
    view.iteration = iteration;
    view.expected = given.expected;
    view.before = given.before;
    view.applied_before = given.applied_before;
    view.runtime_hash = given.runtime_hash;
    view.target_ended = given.target_ended;
    memory_.recall(view);
    if (const auto reports = found_.reports.find(iteration); reports != found_.reports.end())
      view.reports = reports->second;
    std::vector<Fault> faults = find_faults(view, registry_);
    const auto taken = memory_.remember(view, faults, registry_);
    taken_back_.insert(taken_back_.end(), taken.begin(), taken.end());
    return faults;
  }

  // A late delivery is one fault, whoever named the omission: the journal's reports or the run.
  void take_back(const TakenBack& taken) {
    const auto place = found_.faults.find(taken.iteration);
    if (place == found_.faults.end()) return;
    std::erase_if(place->second,
                  [&](const Fault& f) { return is_omission(f.kind) && f.parameter == taken.parameter; });
    if (place->second.empty()) found_.faults.erase(place);
  }

  static void add_recorded(const IterationFacts& facts, std::vector<Fault>& faults) {
    const std::size_t found_again = faults.size();
    for (Fault fault : facts.record.target.faults) {
      if (fault.iteration == 0) fault.iteration = facts.record.iteration;
      // Of what no report shows, two that are told apart are two: two edits by another hand, say.
      const bool known = holds(std::span(faults).first(found_again), fault) ||
                         std::find(faults.begin(), faults.end(), fault) != faults.end();
      if (!known) faults.push_back(std::move(fault));
    }
    std::stable_sort(faults.begin(), faults.end(),
                     [](const Fault& a, const Fault& b) { return kind_rank(a.kind) < kind_rank(b.kind); });
  }

  const RunArtifacts& run_;
  const Registry& registry_;
  Rederived found_;
  DeliveryMemory memory_;
  std::vector<TakenBack> taken_back_;
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

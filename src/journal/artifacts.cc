#include "journal/artifacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "journal/artifact_folder.h"
#include "journal/artifact_parse.h"

namespace soak::journal {
namespace {

constexpr std::size_t kListedMax =
    10'000;  // a folder with iterations 1 and 10^15 must not fill the memory with gaps

// "3, 5-7": numbers in ascending order, for people.
std::string ranges(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (std::size_t k = 0; k < numbers.size();) {
    std::size_t last = k;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", numbers[k]);
    if (last > k) out += fmt::format("-{}", numbers[last]);
    k = last + 1;
  }
  return out;
}

GuardFlags either(const GuardFlags& a, const GuardFlags& b) {
  GuardFlags flags;
  flags.freeze_triggered = a.freeze_triggered || b.freeze_triggered;
  flags.oscillation_detected = a.oscillation_detected || b.oscillation_detected;
  flags.velocity_violation = a.velocity_violation || b.velocity_violation;
  flags.cooldown_active = a.cooldown_active || b.cooldown_active;
  flags.cooldown_iters_left = a.cooldown_iters_left ? a.cooldown_iters_left : b.cooldown_iters_left;
  return flags;
}

// The better of two: one with a flag set, else the report's, else the summary's.
std::optional<SkipReason> better(std::optional<SkipReason>& report, std::optional<SkipReason>& summary) {
  if (report && report->any()) return std::move(report);
  if (summary && summary->any()) return std::move(summary);
  return report ? std::move(report) : std::move(summary);
}

template <class T>
T first_filled(T& report, T& summary) {
  return report.empty() ? std::move(summary) : std::move(report);
}

// The report's proposals count where it has an entry that speaks of them; all else may stand in either place.
Tuning merge_tuning(TuningSaid&& report, TuningSaid&& summary) {
  Tuning tuning;
  auto& proposed = report.proposed_deltas ? report.proposed_deltas : summary.proposed_deltas;
  if (proposed) tuning.proposed_deltas = std::move(*proposed);
  tuning.applied = report.applied.value_or(false) || summary.applied.value_or(false);
  tuning.skip_reason = better(report.skip_reason, summary.skip_reason);
  auto& changed = summary.changed_keys ? summary.changed_keys : report.changed_keys;
  if (changed) tuning.changed_keys = std::move(*changed);
  tuning.state_hash = first_filled(summary.state_hash, report.state_hash);
  tuning.old_hash = first_filled(summary.old_hash, report.old_hash);
  tuning.guards = either(report.guards, summary.guards);
  tuning.rationale = first_filled(summary.rationale, report.rationale);
  tuning.conditions = first_filled(summary.conditions, report.conditions);
  tuning.neg_edge_drivers = first_filled(report.neg_edge_drivers, summary.neg_edge_drivers);
  return tuning;
}

IterationFacts facts_of(NumberedSummary&& numbered, TuningSaid&& report) {
  IterationFacts facts;
  SummaryFile& file = numbered.file;
  facts.has_summary = true;
  facts.summary_has_skip_reason = file.tuning.skip_reason.has_value();
  facts.summary_guards = file.tuning.guards;
  facts.tuning_signature = std::move(file.tuning.signature);
  facts.effective = std::move(file.effective);
  facts.has_effective = !facts.effective.empty();
  facts.record.iteration = numbered.iteration;
  facts.record.summary = std::move(file.summary);
  facts.record.runtime_overrides = std::move(file.runtime_overrides);
  facts.record.target = std::move(file.target);
  facts.record.kpi_verdict = first_filled(report.kpi_verdict, file.tuning.kpi_verdict);
  facts.summary_state_hash = file.tuning.state_hash;
  facts.record.tuning = merge_tuning(std::move(report), std::move(file.tuning));
  return facts;
}

void note_gaps(RunArtifacts& run) {
  std::size_t missing = 0;
  for (std::size_t k = 1; k < run.iterations.size(); ++k) {
    const std::int64_t from = run.iterations[k - 1].record.iteration + 1;
    const std::int64_t to = run.iterations[k].record.iteration;
    missing += static_cast<std::size_t>(to - from);
    for (std::int64_t i = from; i < to && run.gaps.size() < kListedMax; ++i) run.gaps.push_back(i);
  }
  if (missing == 0) return;
  const bool all = missing == run.gaps.size();
  run.notes.push_back(fmt::format(
      "no summary of iteration {}{}; each proposal is compared with the next iteration that exists",
      ranges(run.gaps), all ? "" : fmt::format(" and of {} more", missing - run.gaps.size())));
}

// The report's entries by iteration; the later of two for one iteration, as a resumed old run appended it.
std::map<std::int64_t, TuningSaid> by_iteration(std::vector<ReportEntry>&& entries,
                                                std::vector<std::string>& notes) {
  std::map<std::int64_t, TuningSaid> found;
  std::vector<std::int64_t> twice;
  for (ReportEntry& entry : entries) {
    const auto place = found.lower_bound(entry.iteration);
    if (place != found.end() && place->first == entry.iteration) {
      twice.push_back(entry.iteration);
      place->second = std::move(entry.tuning);
    } else {
      found.emplace_hint(place, entry.iteration, std::move(entry.tuning));
    }
  }
  std::sort(twice.begin(), twice.end());
  twice.erase(std::unique(twice.begin(), twice.end()), twice.end());
  if (!twice.empty())
    notes.push_back(fmt::format("the report has more than one entry for iteration {}; the last one counts",
                                ranges(twice)));
  return found;
}

void merge(FolderContent&& content, RunArtifacts& run) {
  auto entries =
      by_iteration(content.report ? std::move(*content.report) : std::vector<ReportEntry>(), run.notes);
  std::vector<std::int64_t> without_entry;
  run.iterations.reserve(content.summaries.size());
  auto entry = entries.begin();
  const auto ignore_until = [&](auto place) {
    for (; entry != place; ++entry) run.without_summary.push_back(entry->first);
  };
  for (NumberedSummary& numbered : content.summaries) {
    auto place = entry;
    while (place != entries.end() && place->first < numbered.iteration) ++place;
    ignore_until(place);
    const bool found = entry != entries.end() && entry->first == numbered.iteration;
    if (!found) without_entry.push_back(numbered.iteration);
    run.iterations.push_back(facts_of(std::move(numbered), found ? std::move(entry->second) : TuningSaid()));
    if (found) ++entry;
  }
  ignore_until(entries.end());
  if (!run.without_summary.empty()) {
    run.notes.push_back(fmt::format("the report's entry for iteration {} has no summary and is ignored",
                                    ranges(run.without_summary)));
  }
  if (content.report && !without_entry.empty()) {
    run.notes.push_back(fmt::format("the report has no entry for iteration {}; the summary's proposal counts",
                                    ranges(without_entry)));
  }
}

}  // namespace

Result<RunArtifacts> read_run(const std::string& folder, const Registry& registry) {
  RunArtifacts run;
  run.folder = folder;
  auto content = read_artifact_files(folder, registry);
  if (!content) return tl::unexpected(content.error());
  if (content->summaries.empty())
    return fail(ErrorCode::kNotFound,
                "holds no ITER_SUMMARY_<i>.json and no journal: is this the folder of a run?", folder);
  if (!content->report)
    return fail(ErrorCode::kNotFound, "is missing, and so is the journal that could stand in for it",
                folder + "/TUNING_REPORT.json");
  merge(std::move(*content), run);
  note_gaps(run);
  return run;
}

}  // namespace soak::journal

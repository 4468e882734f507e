#include "journal/artifacts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "journal/artifact_agree.h"
#include "journal/artifact_folder.h"
#include "journal/artifact_journal.h"
#include "journal/artifact_parse.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"

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

std::string iterations_text(const std::vector<std::int64_t>& numbers) {
  return (numbers.size() == 1 ? "iteration " : "iterations ") + ranges(numbers);
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
      "no summary of {}{}; each proposal is compared with the next iteration that exists",
      iterations_text(run.gaps), all ? "" : fmt::format(" and of {} more", missing - run.gaps.size())));
}

// Numbers in `a` that are not in `b`; both ascending.
std::vector<std::int64_t> only_in(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> found;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(found));
  return found;
}

void note_report(const ReportFile& report, RunArtifacts& run) {
  std::vector<std::int64_t> summaries;
  for (const IterationFacts& facts : run.iterations) summaries.push_back(facts.record.iteration);
  run.without_summary = only_in(report.iterations(), summaries);
  const auto without_entry = only_in(summaries, report.iterations());
  if (!run.without_summary.empty()) {
    run.notes.push_back(fmt::format("the report speaks of {}, without a summary: ignored",
                                    iterations_text(run.without_summary)));
  }
  if (run.foreign && !without_entry.empty()) {
    run.notes.push_back(fmt::format("the report has no entry for {}: the summary's proposal counts",
                                    iterations_text(without_entry)));
  }
  if (!report.repeated().empty()) {
    run.notes.push_back(fmt::format("the report has more than one entry for {}: the last one counts",
                                    iterations_text(report.repeated())));
  }
}

std::string summary_path(const std::string& folder, std::int64_t iteration) {
  return path_in(folder, iteration_summary_name(iteration));
}

IterationFacts facts_of(IterationRecord record, const Registry& registry) {
  IterationFacts facts;
  facts.has_summary = true;
  facts.summary_has_skip_reason = record.tuning.skip_reason.has_value();
  facts.effective = flat_params(record.runtime_overrides, registry);
  facts.has_effective = !facts.effective.empty();
  facts.summary_guards = record.tuning.guards;
  facts.summary_state_hash = record.tuning.state_hash;
  facts.record = std::move(record);
  return facts;
}

tl::unexpected<Error> contradicts(std::string file, const std::string& member, std::int64_t iteration) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("{} contradicts the journal's record of iteration {}: one of the two was changed "
                          "after the run",
                          member, iteration),
              std::move(file));
}

Result<std::optional<TuningSaid>> report_entry(const ReportFile& report, std::int64_t iteration,
                                               const std::string& folder) {
  auto entry = report.entry(iteration);
  if (entry) return entry;
  Error error = entry.error();
  error.file = path_in(folder, kTuningReportName);
  return tl::unexpected(std::move(error));
}

// A file that stands beside the journal says what the journal says, or neither can be believed.
Result<void> agree(const IterationFacts& facts, const std::optional<ReportFile>& report,
                   const IterationRecord& record, const std::string& folder) {
  const std::int64_t iteration = record.iteration;
  if (const auto member = summary_difference(facts.record, record))
    return contradicts(summary_path(folder, iteration), *member, iteration);
  if (!report) return {};
  const auto entry = report_entry(*report, iteration, folder);
  if (!entry) return tl::unexpected(entry.error());
  if (!*entry) return {};  // it lags behind
  if (const auto member = report_difference(**entry, record))
    return contradicts(path_in(folder, kTuningReportName), *member, iteration);
  return {};
}

// Summaries that the journal does not know: it is written first, so it has lost its end.
void note_unknown(std::span<const IterationFacts> unknown, RunArtifacts& run) {
  if (unknown.empty()) return;
  std::vector<std::int64_t> numbers;
  for (const IterationFacts& facts : unknown) numbers.push_back(facts.record.iteration);
  run.notes.push_back(fmt::format("the journal has no record of iteration {}: nothing confirms the summary",
                                  ranges(numbers)));
}

// As in a folder without a journal: the report's entries are merged in.
Result<void> take_unknown(std::vector<IterationFacts>&& unknown, const std::optional<ReportFile>& report,
                          const std::string& folder, std::vector<IterationFacts>& merged) {
  for (IterationFacts& facts : unknown) {
    if (report) {
      auto entry = report_entry(*report, facts.record.iteration, folder);
      if (!entry) return tl::unexpected(entry.error());
      if (*entry) merge_report(std::move(**entry), facts);
    }
    merged.push_back(std::move(facts));
  }
  std::sort(merged.begin(), merged.end(), [](const IterationFacts& a, const IterationFacts& b) {
    return a.record.iteration < b.record.iteration;
  });
  return {};
}

// The journal stands in for summaries and report entries that are missing; those that are there must agree.
Result<void> merge_journal(JournalContent&& journal, const FolderContent& content, const Registry& registry,
                           RunArtifacts& run) {
  const std::optional<ReportFile>& report = content.report;
  std::vector<IterationFacts> merged;
  std::vector<IterationFacts> unknown;
  std::vector<std::int64_t> stood_in;
  auto file = run.iterations.begin();
  for (IterationRecord& record : journal.iterations) {
    for (; file != run.iterations.end() && file->record.iteration < record.iteration; ++file)
      unknown.push_back(std::move(*file));
    if (file == run.iterations.end() || file->record.iteration != record.iteration) {
      stood_in.push_back(record.iteration);
      merged.push_back(facts_of(std::move(record), registry));
      continue;
    }
    if (auto agreed = agree(*file, report, record, run.folder); !agreed) return agreed;
    file->record = std::move(record);
    merged.push_back(std::move(*file++));
  }
  std::move(file, run.iterations.end(), std::back_inserter(unknown));
  note_unknown(unknown, run);
  if (auto taken = take_unknown(std::move(unknown), report, run.folder, merged); !taken) return taken;
  run.iterations = std::move(merged);
  run.broken_off = std::move(journal.broken_off);
  if (!report)
    run.notes.push_back(fmt::format("TUNING_REPORT.json is {}: the journal stands in for it",
                                    content.report_too_large ? "too large to be read" : "missing"));
  const std::int64_t kept = summaries_kept(journal.header.options);
  const std::int64_t last = run.iterations.empty() ? 0 : run.iterations.back().record.iteration;
  if (std::erase_if(stood_in, [&](std::int64_t iteration) { return iteration <= last - kept; }) > 0)
    run.notes.push_back(
        fmt::format("ITER_SUMMARY files are kept of the {} newest iterations: the journal "
                    "stands in for the others",
                    kept));
  if (!stood_in.empty())
    run.notes.push_back(fmt::format("ITER_SUMMARY of iteration {} is missing: the journal stands in for it",
                                    ranges(stood_in)));
  if (journal.torn_tail)
    run.notes.push_back("the journal ends in the middle of a record, as after a kill: what was whole counts");
  run.foreign = false;
  run.header = std::move(journal.header);
  run.registry_source = std::move(journal.registry_source);
  run.reports = std::move(journal.reports);
  run.given = std::move(journal.given);
  return {};
}

// A run with parameters of its own can be judged only with them.
void note_registry(const Registry& registry, RunArtifacts& run) {
  if (!run.registry_source.is_array()) return;
  for (const Json& entry : run.registry_source) {
    const auto name = entry.is_object() ? entry.find("name") : entry.end();
    if (name == entry.end() || !name->is_string() ||
        registry.find(name->get_ref<const std::string&>()) != nullptr)
      continue;
    run.notes.push_back(
        fmt::format("the run was recorded with --params, and {} is not known here: give the same file",
                    name->get<std::string>()));
    return;
  }
}

}  // namespace

Result<RunArtifacts> read_run(const std::string& folder, const Registry& registry) {
  RunArtifacts run;
  run.folder = folder;
  const bool beside_journal = ::access(path_in(folder, kJournalName).c_str(), F_OK) == 0;
  // Before the journal, which a run in progress writes first.
  auto content = read_artifact_files(folder, registry, beside_journal ? Beside::kJournal : Beside::kNothing);
  if (!content) return tl::unexpected(content.error());
  auto journal = read_journal(folder, registry);
  if (!journal) return tl::unexpected(journal.error());
  run.iterations = std::move(content->iterations);
  const bool foreign = !journal->has_value();
  if (foreign && beside_journal)
    return fail(ErrorCode::kIoError, "was there, and was taken away meanwhile",
                path_in(folder, kJournalName));
  if (foreign && run.iterations.empty()) {
    return fail(ErrorCode::kNotFound,
                "holds no ITER_SUMMARY_<i>.json and no journal: is this the folder of a run?", folder);
  }
  if (foreign && !content->report) {
    return fail(ErrorCode::kNotFound, "is missing, and so is the journal that could stand in for it",
                path_in(folder, kTuningReportName));
  }
  if (!foreign) {
    if (auto merged = merge_journal(std::move(**journal), *content, registry, run); !merged)
      return tl::unexpected(merged.error());
  }
  if (content->report) note_report(*content->report, run);
  note_gaps(run);
  note_registry(registry, run);
  return run;
}

}  // namespace soak::journal

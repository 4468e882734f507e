#include "journal/artifacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
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
    run.notes.push_back(fmt::format("the report speaks of iteration {}, which has no summary: ignored",
                                    ranges(run.without_summary)));
  }
  if (!without_entry.empty()) {
    run.notes.push_back(fmt::format("the report has no entry for iteration {}: the summary's proposal counts",
                                    ranges(without_entry)));
  }
  if (!report.repeated().empty()) {
    run.notes.push_back(
        fmt::format("the report has more than one entry for iteration {}: the last one counts",
                    ranges(report.repeated())));
  }
}

}  // namespace

Result<RunArtifacts> read_run(const std::string& folder, const Registry& registry) {
  RunArtifacts run;
  run.folder = folder;
  auto content = read_artifact_files(folder, registry);
  if (!content) return tl::unexpected(content.error());
  if (content->iterations.empty())
    return fail(ErrorCode::kNotFound,
                "holds no ITER_SUMMARY_<i>.json and no journal: is this the folder of a run?", folder);
  if (!content->report)
    return fail(ErrorCode::kNotFound, "is missing, and so is the journal that could stand in for it",
                folder + "/TUNING_REPORT.json");
  run.iterations = std::move(content->iterations);
  note_report(*content->report, run);
  note_gaps(run);
  return run;
}

}  // namespace soak::journal

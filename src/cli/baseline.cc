#include "cli/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/plural.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"

namespace soak::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLookedAtMax = 50;  // runs beside this one, the newest first
constexpr std::int64_t kLastMax = 1'000'000;

bool passes_gate(const JudgedRun& judged) {
  const verify::VerifyResult verified = verify::verify_run(judged.run, judged.registry);
  return gate::judge(judged.run, judged.profile, judged.snapshot, &verified).passed();
}

// Folders of other runs beside this one, the one written last first. What keeps the list of them from being
// read goes to `warnings`.
std::vector<std::string> neighbours(const std::string& path, std::vector<std::string>& warnings) {
  std::error_code problem;
  const fs::path own = fs::canonical(path, problem);
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  for (fs::directory_iterator entry(own.parent_path(), problem), end; !problem && entry != end;
       entry.increment(problem)) {
    std::error_code none;
    if (entry->is_symlink(none) || !entry->is_directory(none) || entry->path() == own) continue;
    auto written = fs::last_write_time(entry->path() / journal::kJournalName, none);
    if (none)
      written = fs::last_write_time(entry->path() / journal::kTuningReportName, none);  // another tool's
    if (!none) found.emplace_back(written, entry->path().string());
  }
  if (problem) warnings.push_back("not every run beside this one could be seen: " + problem.message());
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<std::string> folders;
  for (auto& [written, folder] : found) folders.push_back(std::move(folder));
  folders.resize(std::min(folders.size(), kLookedAtMax));
  return folders;
}

// Folders that cannot be read go to `warnings`.
std::optional<JudgedRun> default_baseline(const std::vector<std::string>& others, const FolderRequest& folder,
                                          std::vector<std::string>& warnings) {
  for (const std::string& other : others) {
    auto judged = judge_folder({other, folder.kpi_profile, folder.params});
    if (!judged) {
      warnings.push_back("not a baseline: " + to_line(judged.error()));
    } else if (passes_gate(*judged)) {
      return std::move(*judged);
    }
  }
  return std::nullopt;
}

Result<void> check_limits(const CompareRequest& request, const analyze::Profile& profile) {
  for (const auto& [name, limit] : request.max_regression) {
    const analyze::Kpi* kpi = analyze::find_kpi(profile, name);
    if (kpi == nullptr || !kpi->judged) {
      return tl::unexpected(Error{ErrorCode::kUnknownParameter,
                                  "is no judged KPI of profile " + profile.name + " (--max-regression)",
                                  {},
                                  name});
    }
  }
  return {};
}

// A snapshot has means alone.
gate::KpiRegression of_means(const analyze::KpiChange& change, const analyze::Profile& profile) {
  gate::KpiRegression regression;
  regression.kpi = change.kpi;
  regression.direction = analyze::find_kpi(profile, change.kpi)->direction;
  regression.comparison.a.mean = change.baseline;
  regression.comparison.b.mean = change.now;
  regression.comparison.difference = change.difference;
  if (change.baseline && change.now) {
    const double grown = *change.now - *change.baseline;
    regression.worse_by = regression.direction == analyze::Direction::kAtMost ? grown : -grown;
  }
  return regression;
}

Result<Comparison> with_snapshot(const std::string& file, const JudgedRun& judged, bool last_asked_for) {
  const auto read = read_json_with_hash(file);
  if (!read) return tl::unexpected(read.error());
  auto changes =
      analyze::compare_snapshots(judged.profile, read->value, analyze::to_json(judged.snapshot), file);
  if (!changes) return tl::unexpected(changes.error());
  Comparison comparison{file, {}, std::move(*changes), {}};
  for (const analyze::KpiChange& change : comparison.changes)
    comparison.regressions.push_back(of_means(change, judged.profile));
  if (read->value.value("verdict", Json()) == "FAIL")
    comparison.warnings.push_back("the baseline " + file + " is the snapshot of a failed run");
  if (const Json other = read->value.value("profile", Json());
      other.is_string() && other != judged.profile.name)
    comparison.warnings.push_back("the baseline " + file +
                                  " was judged by another KPI profile: " + other.get<std::string>());
  if (last_asked_for)
    comparison.warnings.push_back("--compare-last changes nothing: the snapshot " + file +
                                  " holds the means of its own window alone");
  return comparison;
}

Result<Comparison> with_run(const JudgedRun& other, const JudgedRun& judged, std::int64_t window) {
  auto changes = analyze::compare_snapshots(judged.profile, analyze::to_json(other.snapshot),
                                            analyze::to_json(judged.snapshot), other.run.folder);
  if (!changes) return tl::unexpected(changes.error());
  return Comparison{other.run.folder,
                    {},
                    std::move(*changes),
                    gate::compare_runs(other.run, judged.run, judged.profile, window)};
}

}  // namespace

void add_compare_options(CLI::App& command, CompareRequest& request, bool limits) {
  command
      .add_option_function<std::vector<std::string>>(
          "--compare",
          [&request](const std::vector<std::string>& baseline) {
            request.wanted = true;
            if (!baseline.empty()) request.baseline = baseline.front();
          },
          "Against another run's folder or its POST_SOAK_SNAPSHOT.json; without one, the newest other run "
          "beside "
          "this one that passes the gate")
      ->expected(0, 1)
      ->allow_extra_args(false)
      ->type_name("[BASELINE]");
  command
      .add_option("--compare-last", request.last,
                  "How many of the last iterations of each (default: the profile's window)")
      ->check(CLI::Range(std::int64_t{2}, kLastMax));
  if (!limits) return;
  command
      .add_option_function<std::vector<std::string>>(
          "--max-regression",
          [&request](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const std::size_t equals = text.find('=');
              double limit = 0;
              const char* end = text.data() + text.size();
              const bool whole = equals != std::string::npos && equals > 0 &&
                                 std::from_chars(text.data() + equals + 1, end, limit).ptr == end &&
                                 equals + 1 < text.size();
              if (!whole || !std::isfinite(limit) || limit < 0)
                throw CLI::ValidationError("--max-regression", "is KPI=NUMBER, the number not negative");
              if (!request.max_regression.emplace(text.substr(0, equals), limit).second)
                throw CLI::ValidationError("--max-regression", "names " + text.substr(0, equals) + " twice");
            }
          },
          "KPI=V: fail where the KPI's mean is worse than the baseline's by more than V, in its unit; as "
          "often as "
          "needed")
      ->allow_extra_args(false)
      ->needs("--compare");
}

Result<Comparison> compare_with(const CompareRequest& request, const JudgedRun& judged,
                                const FolderRequest& folder) {
  if (auto checked = check_limits(request, judged.profile); !checked) return tl::unexpected(checked.error());
  const std::int64_t window = request.last.value_or(judged.profile.window);
  if (request.baseline.empty()) {
    Comparison none;
    const auto others = neighbours(folder.path, none.warnings);
    const auto other = default_baseline(others, folder, none.warnings);
    if (other) {
      auto comparison = with_run(*other, judged, window);
      if (comparison) comparison->warnings = std::move(none.warnings);
      return comparison;
    }
    none.warnings.push_back(
        others.empty() ? "nothing to compare with: no other run stands beside this one"
                       : fmt::format("nothing to compare with: of the newest {} beside this one none "
                                     "passes the gate",
                                     base::plural(others.size(), "run")));
    return none;
  }
  if (!base::is_folder(request.baseline))
    return with_snapshot(request.baseline, judged, request.last.has_value());
  const auto other = judge_folder({request.baseline, folder.kpi_profile, folder.params});
  if (!other) return tl::unexpected(other.error());
  auto comparison = with_run(*other, judged, window);
  if (comparison && !passes_gate(*other))
    comparison->warnings.push_back("the baseline " + request.baseline + " does not pass the gate itself");
  return comparison;
}

Json to_json(const Comparison& comparison) {
  Json json = analyze::to_json(comparison.changes);
  json["regressions"] = gate::to_json(comparison.regressions);
  json["baseline"] = comparison.baseline.empty() ? Json() : Json(comparison.baseline);
  json["warnings"] = comparison.warnings;
  return json;
}

std::string to_text(const Comparison& comparison, const analyze::Profile& profile) {
  if (comparison.baseline.empty()) return {};
  return fmt::format("Against the baseline {} (means of the last iterations):\n{}", comparison.baseline,
                     gate::to_text(comparison.regressions, profile));
}

}  // namespace soak::cli

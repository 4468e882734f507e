#include "loop/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"
#include "target/external_target.h"

namespace soak::loop {
namespace {

constexpr std::string_view kTempMark = ".tmp";
constexpr std::string_view kLatestTempPrefix = ".latest.tmp-";
constexpr std::size_t kSuffixDigits = 16;

// What a run and the commands that judge it write beside the iteration summaries.
constexpr const char* kNames[] = {
    journal::kTuningReportName, journal::kEdgeReportName,  journal::kKpiGateName,
    journal::kLastGoodName,     "POST_SOAK_SNAPSHOT.json", "POST_SOAK_METRICS.prom",
    "POST_SOAK_AUDIT.md",       "RECOMMENDATIONS.md",      "FAILURES.md",
    "DELTA_VERIFY_REPORT.md",   target::kTargetLogName};

// "PREFIX" and 16 hex digits, as base::random_suffix() gives them.
bool has_random_suffix(std::string_view name) {
  return name.size() >= kSuffixDigits &&
         name.find_first_not_of("0123456789abcdef", name.size() - kSuffixDigits) == std::string_view::npos;
}

bool is_artifact(const std::string& name) {
  return summary_iteration(name) || std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// What a folder holds, by what this file cares about.
struct Contents {
  bool journal = false;  // with at least one byte
  std::vector<std::string> artifacts;
  std::vector<std::string> stale_temps;
  bool runtime = false;
};

Result<Contents> look(const std::string& folder) {
  auto names = base::list_folder(folder);
  if (!names) return tl::unexpected(names.error());
  Contents contents;
  for (std::string& name : *names) {
    if (name == journal::kJournalName) {
      struct stat status {};
      contents.journal = ::lstat((folder + "/" + name).c_str(), &status) == 0 &&
                         (!S_ISREG(status.st_mode) || status.st_size > 0);
    } else if (name == journal::kRuntimeName) {
      contents.runtime = true;
    } else if (is_artifact(name)) {
      contents.artifacts.push_back(std::move(name));
    } else if (is_stale_temp(name)) {
      contents.stale_temps.push_back(std::move(name));
    }
  }
  return contents;
}

Result<void> check_not_running(const std::string& folder) {
  if (!run_is_under_way(folder)) return {};
  return fail(ErrorCode::kLocked, "another run is writing here; wait for it, or use another --out", folder);
}

// The journal goes last: a removal that is broken off leaves a run that can be resumed or overwritten, never
// artifacts without one.
Result<void> remove_run(const std::string& folder, const Contents& contents) {
  for (const std::string& name : contents.artifacts) {
    if (auto removed = base::remove_file(folder + "/" + name); !removed) return removed;
  }
  if (auto removed = base::remove_file(folder + "/" + journal::kRuntimeName); !removed) return removed;
  if (auto removed = target::remove_reports(folder); !removed) return removed;
  ::rmdir((folder + "/" + target::kTargetFolderName).c_str());  // what else the target has put there stays
  return base::remove_file(folder + "/" + journal::kJournalName);
}

// Links that runs left when they were killed before they could rename them.
Result<void> remove_stale_links(const std::string& root) {
  auto names = base::list_folder(root);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name.size() != kLatestTempPrefix.size() + kSuffixDigits || !name.starts_with(kLatestTempPrefix) ||
        !has_random_suffix(name))
      continue;
    if (!base::is_link(root + "/" + name)) continue;
    if (auto removed = base::remove_file(root + "/" + name); !removed) return removed;
  }
  return {};
}

Result<void> check_free(const std::string& folder, const Contents& contents, FolderUse use,
                        const Json& start_runtime) {
  const std::string path = folder + "/" + journal::kRuntimeName;
  if (base::is_link(path))
    return fail(ErrorCode::kNotAFile,
                "is a symbolic link, and a run writes no file outside its folder; remove it, or choose "
                "another --out",
                path);
  if (contents.journal && use == FolderUse::kFresh) {
    return fail(
        ErrorCode::kAlreadyExists,
        "holds a run already; go on with it by --resume, replace it by --overwrite, or choose another --out",
        folder);
  }
  if (contents.journal) return {};
  if (!contents.artifacts.empty()) {
    return fail(ErrorCode::kAlreadyExists,
                "holds artifacts (" + contents.artifacts.front() +
                    ") without a journal, which nothing can resume; replace them by --overwrite, "
                    "or choose another --out",
                folder);
  }
  if (!contents.runtime) return {};
  const auto present = read_json_with_hash(path);
  if (present && present->state_hash == compute_json_hash(start_runtime)) return {};
  return fail(ErrorCode::kAlreadyExists,
              "stands where the run's own runtime file belongs; start from it with --overrides and another "
              "--out, or replace it by --overwrite",
              path);
}

}  // namespace

bool is_run_file(const std::string& name) {
  const std::string runtime = journal::kRuntimeName;
  return name == journal::kJournalName || name == runtime || name == "." + runtime + ".lock" ||
         is_artifact(name);
}

std::optional<std::int64_t> summary_iteration(std::string_view name) {
  constexpr std::string_view kPrefix = "ITER_SUMMARY_";
  constexpr std::string_view kSuffix = ".json";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix) ||
      name.size() <= kPrefix.size() + kSuffix.size())
    return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  if (name.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  const bool fits = std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc();
  return fits ? number : -1;
}

// A temp of write_file_atomic_not_durable() for an artifact, or of replace_file() for the runtime.
bool is_stale_temp(const std::string& name) {
  if (!has_random_suffix(name)) return false;
  const std::string stem = name.substr(0, name.size() - kSuffixDigits);
  if (stem == std::string(".") + journal::kRuntimeName + ".tmp-") return true;
  return stem.ends_with(kTempMark) && is_artifact(stem.substr(0, stem.size() - kTempMark.size()));
}

bool run_is_under_way(const std::string& folder) {
  const std::string path = folder + "/" + journal::kJournalName;
  const base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  return descriptor.valid() && ::flock(descriptor.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<void> prepare_run_folder(const std::string& folder, FolderUse use, const Json& start_runtime) {
  const auto there = base::require_folder(folder);
  const bool no_folder = !there && (there.error().code == ErrorCode::kNotAFile ||
                                    there.error().code == ErrorCode::kNotFound);  // of a dangling link
  if (no_folder && base::file_exists(folder))
    return fail(ErrorCode::kNotAFile, "is a file, not a folder; choose another --out", folder);
  if (auto made = base::make_folders(folder); !made) return made;
  auto contents = look(folder);
  if (!contents) return tl::unexpected(contents.error());
  if (auto idle = check_not_running(folder); !idle) return idle;
  for (const std::string& name : contents->stale_temps) {
    if (auto removed = base::remove_file(folder + "/" + name); !removed) return removed;
  }
  if (use == FolderUse::kOverwrite) return remove_run(folder, *contents);
  return check_free(folder, *contents, use, start_runtime);
}

Result<void> point_latest_at(const std::string& root, const std::string& run_id) {
  const std::string link = root + "/latest";
  struct stat status {};
  if (::lstat(link.c_str(), &status) == 0 && !S_ISLNK(status.st_mode)) {
    return fail(
        ErrorCode::kNotAFile,
        "is not the link to the newest run that belongs here; move it away, or write elsewhere with --out",
        link);
  }
  constexpr int kRacesMax = 8;
  for (int race = 0;; ++race) {
    if (auto removed = remove_stale_links(root); !removed) return removed;
    const std::string temp = root + "/" + std::string(kLatestTempPrefix) + base::random_suffix();
    if (::symlink(("runs/" + run_id).c_str(), temp.c_str()) != 0)
      return tl::unexpected(base::error_from_errno(errno, "cannot create the link", link));
    if (::rename(temp.c_str(), link.c_str()) == 0) return {};
    const int problem = errno;
    ::unlink(temp.c_str());
    // Another run that started at this moment may have taken ours for one that was left.
    if (problem != ENOENT || race == kRacesMax)
      return tl::unexpected(base::error_from_errno(problem, "cannot replace the link", link));
  }
}

}  // namespace soak::loop

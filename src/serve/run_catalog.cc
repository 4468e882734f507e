#include "serve/run_catalog.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/file.h"
#include "journal/journal.h"
#include "journal/write_artifacts.h"

namespace soak::serve {
namespace {

constexpr std::chrono::seconds kBetweenScans{1};
constexpr std::size_t kIdCharactersMax = 100;

std::int64_t changed_ns(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

bool is_summary(std::string_view name) {
  constexpr std::string_view kPrefix = "ITER_SUMMARY_";
  return name.starts_with(kPrefix) && name.ends_with(".json");
}

std::string last_part(const std::string& path) {
  std::string resolved = path;
  if (char* real = ::realpath(path.c_str(), nullptr)) {
    resolved = real;
    std::free(real);
  }
  return resolved.substr(resolved.rfind('/') + 1);
}

// What is gone is no problem, nor is a link that leads nowhere.
std::optional<Error> unseen(int error_number, const std::string& path) {
  if (error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP) return std::nullopt;
  return base::error_from_errno(error_number, "cannot look into it", path);
}

std::string url_safe(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kIdCharactersMax)) {
    const bool safe = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '_' || c == '-';
    out += safe ? c : '-';
  }
  while (out.starts_with('.')) out.erase(0, 1);
  return out.empty() ? "run" : out;
}

}  // namespace

std::string_view run_state_name(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kForeign:
      return "foreign";
    case RunState::kEnded:
      break;
  }
  return "ended";
}

HeldLocks HeldLocks::now() {
  HeldLocks locks;
  std::ifstream table("/proc/locks");
  for (std::string line; std::getline(table, line);) {  // "1: FLOCK ADVISORY WRITE 123 08:01:456 0 EOF"
    std::istringstream words(line);
    std::string number, kind, mode, access, pid, file;
    if (!(words >> number >> kind >> mode >> access >> pid >> file) || kind != "FLOCK") continue;
    locks.files_.insert(file);
    const std::size_t colon = file.rfind(':');
    locks.devices_.insert(file.substr(0, colon));
    std::uint64_t inode = 0;
    if (colon != std::string::npos &&
        std::from_chars(file.data() + colon + 1, file.data() + file.size(), inode).ec == std::errc())
      locks.inodes_.insert(inode);
  }
  return locks;
}

bool HeldLocks::holds(std::uint64_t device, std::uint64_t inode) const {
  const std::string name = fmt::format("{:02x}:{:02x}", major(device), minor(device));
  if (files_.contains(fmt::format("{}:{}", name, inode))) return true;
  return major(device) == 0 && !devices_.contains(name) && inodes_.contains(inode);
}

FolderLook look_at(const std::string& folder, const HeldLocks& locks) {
  FolderLook look;
  const std::string journal = folder + "/" + journal::kJournalName;
  struct stat status {};
  const bool has_journal = ::stat(journal.c_str(), &status) == 0;
  if (!has_journal) look.problem = unseen(errno, journal);
  if (look.problem) return look;
  if (has_journal && S_ISREG(status.st_mode)) {
    look.exists = true;
    look.state = locks.holds(status.st_dev, status.st_ino) ? RunState::kRunning : RunState::kEnded;
    look.stamp = {status.st_ino, status.st_size, changed_ns(status)};
    return look;
  }
  struct stat report {};
  if (::stat(folder.c_str(), &status) != 0) {
    look.problem = unseen(errno, folder);
    return look;
  }
  const bool reported = ::stat((folder + "/" + journal::kTuningReportName).c_str(), &report) == 0;
  look.exists = true;
  look.state = RunState::kForeign;
  look.stamp = {status.st_ino, reported ? report.st_size : -1,
                std::max(changed_ns(status), reported ? changed_ns(report) : 0)};
  return look;
}

Result<RunCatalog> RunCatalog::create(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot look into it", path));
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a folder", path);
  std::string plain = path;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return RunCatalog(std::move(plain));
}

bool RunCatalog::rescan() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  next_ = now + kBetweenScans;
  found_.clear();
  problems_.clear();
  looked_at_ = 0;
  visit(path_, 0, HeldLocks::now());
  if (looked_at_ > kFoldersMax || found_.size() >= kRunsMax)
    problems_.push_back(
        {ErrorCode::kLimitExceeded,
         fmt::format("{} folders or {} runs are looked at; there may be more", kFoldersMax, kRunsMax),
         path_,
         {}});
  runs_ = std::move(found_);
  found_ = {};
  if (listings_.size() > 2 * kFoldersMax) listings_.clear();
  return true;
}

void RunCatalog::visit(const std::string& folder, int depth, const HeldLocks& locks) {
  if (++looked_at_ > kFoldersMax || found_.size() >= kRunsMax) return;
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return miss(unseen(errno, folder));
  if (!S_ISDIR(status.st_mode)) return;
  const FolderLook look = look_at(folder, locks);
  if (look.problem) return miss(look.problem);
  bool is_run = look.exists && look.state != RunState::kForeign;
  if (!is_run) {
    const Listing& listing = listing_of(folder, changed_ns(status));
    is_run = listing.foreign_run;
    if (!is_run && depth < kDepthMax) {
      const std::vector<std::string> below = listing.folders;
      for (const std::string& name : below) visit(folder + "/" + name, depth + 1, locks);
    }
  }
  if (!is_run) return;
  CatalogRun run{id_of(folder), folder, look.state, look.stamp};
  std::string id = run.id;
  found_.emplace(std::move(id), std::move(run));
}

void RunCatalog::miss(const std::optional<Error>& problem) {
  if (problem && problems_.size() < kProblemsMax) problems_.push_back(*problem);
}

const RunCatalog::Listing& RunCatalog::listing_of(const std::string& folder, std::int64_t changed) {
  Listing& listing = listings_[folder];
  // A time stamp is coarse: what came just after a listing of a folder that had just changed may not move it.
  constexpr std::int64_t kCoarseNs = 2'000'000'000;
  if (listing.changed_ns == changed && listing.listed_ns > changed + kCoarseNs) return listing;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  listing = Listing{changed, std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(), false, {}};
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), &::closedir);
  const auto missed = [&](const std::optional<Error>& problem) {
    miss(problem);
    listing.changed_ns = -1;  // to be listed again
  };
  for (;;) {
    if (opened) errno = 0;  // the only way to tell an error from the end
    const dirent* entry = opened ? ::readdir(opened.get()) : nullptr;
    if (entry == nullptr && errno != 0) missed(unseen(errno, folder));
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (is_summary(name)) {
      listing.foreign_run = true;
      break;
    }
    bool folder_below = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status {};
      const std::string path = folder + "/" + entry->d_name;
      const bool seen = ::lstat(path.c_str(), &status) == 0;
      if (!seen) missed(unseen(errno, path));
      folder_below = seen && S_ISDIR(status.st_mode);
    }
    if (folder_below && !name.starts_with('.') && listing.folders.size() < kFoldersMax)
      listing.folders.emplace_back(name);
  }
  std::sort(listing.folders.begin(), listing.folders.end());
  return listing;
}

std::string RunCatalog::id_of(const std::string& folder) {
  const auto known = ids_.find(folder);
  if (known != ids_.end()) return known->second;
  const std::string plain = url_safe(last_part(folder));
  std::string id = plain;
  for (int copy = 2; !taken_.insert(id).second; ++copy) id = fmt::format("{}-{}", plain, copy);
  ids_.emplace(folder, id);
  return id;
}

}  // namespace soak::serve

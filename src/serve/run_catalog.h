#pragma once
// Which runs there are below a folder. Symbolic links below it are not followed, so that `latest` is no
// second run. One thread.

#include <soak/result.h>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace soak::serve {

inline constexpr int kDepthMax = 3;                 // folders below --path
inline constexpr std::size_t kFoldersMax = 20'000;  // looked at in all
inline constexpr std::size_t kRunsMax = 5'000;
inline constexpr std::size_t kProblemsMax = 20;

// What a run's folder looked like: another stamp, and there is something to read.
struct FolderStamp {
  std::uint64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const FolderStamp&) const = default;
};

enum class RunState { kRunning, kEnded, kForeign };
std::string_view run_state_name(RunState state);  // "running", "ended", "foreign"

struct CatalogRun {
  std::string id;      // letters, digits, ".", "_" and "-"; no two the same
  std::string folder;  // as --path was given, and what is below it
  RunState state = RunState::kEnded;
  FolderStamp stamp;
};

// The stamp and the state of one run, by stat alone; and for the state the kernel's table of locks, since to
// try the lock could keep a run from starting.
struct FolderLook {
  bool exists = false;
  std::optional<Error> problem;  // what kept it from being seen: whether it exists is unknown
  RunState state = RunState::kEnded;
  FolderStamp stamp;
};

// Files that somebody holds an flock on, from /proc/locks. Where a file system tells programs another device
// number than the kernel's own (btrfs, overlay; never one of a real device), the inode alone has to do.
class HeldLocks {
 public:
  static HeldLocks now();
  bool holds(std::uint64_t device, std::uint64_t inode) const;

 private:
  std::set<std::string> files_;    // "08:01:456"
  std::set<std::string> devices_;  // "08:01"
  std::set<std::uint64_t> inodes_;
};
FolderLook look_at(const std::string& folder, const HeldLocks& locks);

class RunCatalog {
 public:
  // kNotFound, kNotAFile where `path` is no folder.
  static Result<RunCatalog> create(const std::string& path);

  // Looks again, at most once a second: false where it did not. Folders that did not change are not listed
  // again.
  bool rescan();
  const std::map<std::string, CatalogRun>& runs() const { return runs_; }  // by id
  // What could not be looked into, the last time: runs there are missing above. The first few.
  const std::vector<Error>& problems() const { return problems_; }

 private:
  struct Listing {
    std::int64_t changed_ns = 0;
    std::int64_t listed_ns = 0;
    bool foreign_run = false;
    std::vector<std::string> folders;
  };
  explicit RunCatalog(std::string path) : path_(std::move(path)) {}
  void visit(const std::string& folder, int depth, const HeldLocks& locks);
  const Listing& listing_of(const std::string& folder, std::int64_t changed_ns);
  void miss(const std::optional<Error>& problem);
  std::string id_of(const std::string& folder);

  std::string path_;
  std::chrono::steady_clock::time_point next_{};
  std::map<std::string, CatalogRun> runs_;
  std::map<std::string, CatalogRun> found_;
  std::vector<Error> problems_;
  std::map<std::string, std::string> ids_;  // by folder, for ever
  std::set<std::string> taken_;
  std::map<std::string, Listing> listings_;
  std::size_t looked_at_ = 0;
};

}  // namespace soak::serve

#pragma once
// Watches the target's report and the runtime file in a thread of its own (inotify(7)), and hands every
// report and every change to the queue. Both files go through one inotify instance, so that their order is
// the order in which things happened. A look at both files twice a second covers a file system that tells
// nothing.
//
// Not promised: a report that is replaced by the next one before the thread gets to read it is lost (a
// millisecond, on a machine that is not overloaded).

#include <soak/result.h>
#include <sys/stat.h>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/descriptor.h"
#include "target/event_queue.h"

namespace soak::target {

struct FileWatchOptions {
  std::string report_path;   // empty: not watched
  std::string runtime_path;  // the folders of both exist
};

class FileWatch {
 public:
  static Result<std::unique_ptr<FileWatch>> start(FileWatchOptions options, EventQueue& queue);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Returns once everything that happened before the call is in the queue; after two seconds in any case (a
  // full queue takes nothing).
  void catch_up();

 private:
  // Tells one state of a file from the next.
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, modified_ns = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  FileWatch(FileWatchOptions options, EventQueue& queue) : options_(std::move(options)), queue_(queue) {}
  Result<void> open();
  void work();
  void take_notices();
  void look_at_report();
  void look_at_runtime();
  void wake();
  static Stamp stamp_of(const struct stat& status);

  FileWatchOptions options_;
  EventQueue& queue_;
  base::Descriptor notices_;
  base::Descriptor wake_;                         // an eventfd
  int report_folder_ = -1, runtime_folder_ = -1;  // watch descriptors
  std::string report_name_, runtime_name_;
  Stamp report_seen_, runtime_seen_;
  std::string report_bytes_;

  std::mutex mutex_;
  std::condition_variable passed_;
  std::uint64_t passes_ = 0;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace soak::target

#include "target/file_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "target/check_report.h"

namespace soak::target {
namespace {

constexpr int kLookEveryMs = 500;
constexpr std::chrono::seconds kCatchUpMax{2};
constexpr std::uint32_t kNotices = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
// A file's times count as the moment of its writing only this close to now: further away they were set by
// hand, or come from another machine's clock.
constexpr std::chrono::seconds kAgeMax{5};
constexpr std::chrono::seconds kComposingMax{1};

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::int64_t ns_of(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

struct Moment {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  base::UtcTime utc = base::RealClock().now();
};

// When the file was written, by its own times where they can be believed: a report that was written within
// the settle time and read after it, because we were slow, must not count as one from after it.
Moment written_at(const struct stat& status) {
  Moment moment;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::chrono::nanoseconds composing(ns_of(status.st_ctim) - ns_of(status.st_mtim));
  const bool own_time = composing >= composing.zero() && composing <= kComposingMax;
  const std::chrono::nanoseconds age(ns_of(now) - ns_of(own_time ? status.st_mtim : status.st_ctim));
  if (age < age.zero() || age > kAgeMax) return moment;
  moment.at -= age;
  moment.utc -= std::chrono::duration_cast<std::chrono::milliseconds>(age);
  return moment;
}

}  // namespace

FileWatch::Stamp FileWatch::stamp_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, ns_of(status.st_mtim), ns_of(status.st_ctim)};
}

Result<std::unique_ptr<FileWatch>> FileWatch::start(FileWatchOptions options, EventQueue& queue) {
  std::unique_ptr<FileWatch> watch(new FileWatch(std::move(options), queue));
  if (auto opened = watch->open(); !opened) return tl::unexpected(opened.error());
  watch->thread_ = std::thread([raw = watch.get()] { raw->work(); });
  return watch;
}

Result<void> FileWatch::open() {
  notices_ = base::Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!notices_.valid())
    return tl::unexpected(base::error_from_errno(errno, "cannot watch (inotify)", options_.runtime_path));
  wake_ = base::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot make an eventfd", {}));
  const auto watch = [&](const std::string& path, int& folder, std::string& name) -> Result<void> {
    if (path.empty()) return {};
    name = name_of(path);
    folder = ::inotify_add_watch(notices_.get(), base::folder_of(path).c_str(), kNotices | IN_ONLYDIR);
    if (folder < 0)
      return tl::unexpected(base::error_from_errno(errno, "cannot watch", base::folder_of(path)));
    return {};
  };
  if (auto watched = watch(options_.report_path, report_folder_, report_name_); !watched) return watched;
  if (auto watched = watch(options_.runtime_path, runtime_folder_, runtime_name_); !watched) return watched;
  // As it is now, so that only what comes later is a change.
  struct stat status {};
  if (::stat(options_.runtime_path.c_str(), &status) == 0) runtime_seen_ = stamp_of(status);
  return {};
}

FileWatch::~FileWatch() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
}

void FileWatch::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void FileWatch::catch_up() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = passes_ + 2;  // the pass at hand may have begun before the call
  const auto patience = std::chrono::steady_clock::now() + kCatchUpMax;
  while (passes_ < wanted && !stopping_ && std::chrono::steady_clock::now() < patience) {
    wake();
    passed_.wait_for(lock, std::chrono::milliseconds(kLookEveryMs));
  }
}

void FileWatch::work() {
  while (!stopping_) {
    pollfd ready[2] = {{notices_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    const int woken = ::poll(ready, 2, kLookEveryMs);
    std::uint64_t count = 0;
    if (ready[1].revents != 0) static_cast<void>(!::read(wake_.get(), &count, sizeof count));
    if (ready[0].revents != 0) take_notices();
    if (woken == 0 || ready[1].revents != 0) {
      take_notices();
      look_at_runtime();
      look_at_report();
    }
    const std::lock_guard lock(mutex_);
    ++passes_;
    passed_.notify_all();
  }
}

void FileWatch::take_notices() {
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(notices_.get(), buffer, sizeof buffer);
    if (got <= 0) return;
    for (const char* at = buffer; at < buffer + got;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const char* name = event.len > 0 ? at + sizeof event : "";
      at += sizeof event + event.len;
      const bool overflow = (event.mask & IN_Q_OVERFLOW) != 0;
      if (overflow || (event.wd == runtime_folder_ && name == runtime_name_)) look_at_runtime();
      if (overflow || (event.wd == report_folder_ && name == report_name_)) look_at_report();
    }
  }
}

void FileWatch::look_at_report() {
  if (options_.report_path.empty()) return;
  // O_NONBLOCK: a FIFO in its place must not hold us.
  const base::Descriptor file(::open(options_.report_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const Stamp stamp = stamp_of(status);
  if (stamp == report_seen_ && stamp.size > static_cast<std::int64_t>(kReportBytesMax)) return;
  TargetEvent event;
  Result<std::string> bytes = fail(ErrorCode::kLimitExceeded,
                                   "the report is larger than " + std::to_string(kReportBytesMax) + " bytes");
  if (stamp.size <= static_cast<std::int64_t>(kReportBytesMax))
    bytes = base::read_all(file.get(), options_.report_path, kReportBytesMax);
  if (bytes && stamp == report_seen_ && *bytes == report_bytes_) return;
  report_seen_ = stamp;
  const Moment moment = written_at(status);
  event.at = moment.at;
  event.utc = moment.utc;
  auto checked = bytes ? check_report(*bytes) : Result<CheckedReport>(tl::unexpected(bytes.error()));
  if (checked) {
    event.seq = checked->seq;
    event.report = std::move(checked->report);
    event.bytes = bytes->size();
  } else {
    event.kind = TargetEvent::Kind::kBadReport;
    event.text = checked.error().message;
  }
  report_bytes_ = bytes ? std::move(*bytes) : std::string();
  queue_.push(std::move(event));
}

void FileWatch::look_at_runtime() {
  struct stat status {};
  const bool exists = ::stat(options_.runtime_path.c_str(), &status) == 0;
  const Stamp stamp = exists ? stamp_of(status) : Stamp{};
  if (stamp == runtime_seen_) return;
  runtime_seen_ = stamp;
  TargetEvent event;
  event.kind = TargetEvent::Kind::kRuntimeFile;
  const Moment now;
  event.at = now.at;
  event.utc = now.utc;
  if (const auto bytes = base::read_file(options_.runtime_path)) event.text = base::sha256_hex(*bytes);
  queue_.push(std::move(event));
}

}  // namespace soak::target

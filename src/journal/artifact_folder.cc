#include "journal/artifact_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "journal/write_artifacts.h"

namespace soak::journal {
namespace {

constexpr std::string_view kSummaryPrefix = "ITER_SUMMARY_";
constexpr std::string_view kSummarySuffix = ".json";
constexpr std::size_t kChunkFiles = 64;         // taken by a thread at a time
constexpr std::size_t kBufferBytes = 1 << 16;   // at first
constexpr std::size_t kThreadedFilesMin = 256;  // fewer are read before a second thread has started

struct NamedSummary {
  std::int64_t iteration = 0;
  std::string name;
};

// ITER_SUMMARY_<digits>.json and no other name: the number as text.
std::optional<std::string_view> digits_of(std::string_view name) {
  if (!name.starts_with(kSummaryPrefix) || !name.ends_with(kSummarySuffix)) return std::nullopt;
  if (name.size() <= kSummaryPrefix.size() + kSummarySuffix.size()) return std::nullopt;
  const std::string_view digits =
      name.substr(kSummaryPrefix.size(), name.size() - kSummaryPrefix.size() - kSummarySuffix.size());
  const bool all = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return all ? std::optional(digits) : std::nullopt;
}

// An artifact folder, open: files are found relative to it, which spares the kernel a walk for each.
class Folder {
 public:
  static Result<Folder> open(const std::string& path) {
    Folder folder(path, ::opendir(path.c_str()));
    if (folder.stream_ == nullptr)
      return tl::unexpected(base::error_from_errno(errno, "cannot open the artifact folder", path));
    return folder;
  }
  std::string path_of(const std::string& name) const { return path_in(path_, name); }

  // The summaries in ascending order. kInvalidValue for a number beyond 64 bits or two names for one number
  // (07 and 7).
  Result<std::vector<NamedSummary>> summaries() {
    std::vector<NamedSummary> found;
    for (;;) {
      errno = 0;  // the only way to tell an error from the end
      const dirent* entry = ::readdir(stream_.get());
      if (entry == nullptr && errno != 0)
        return tl::unexpected(base::error_from_errno(errno, "cannot list the folder", path_));
      if (entry == nullptr) break;
      const auto digits = digits_of(entry->d_name);
      if (!digits) continue;
      NamedSummary summary{0, entry->d_name};
      if (std::from_chars(digits->data(), digits->data() + digits->size(), summary.iteration).ec !=
          std::errc()) {
        return fail(ErrorCode::kInvalidValue, "its number is too large for an iteration",
                    path_of(summary.name));
      }
      found.push_back(std::move(summary));
    }
    std::sort(found.begin(), found.end(), [](const NamedSummary& a, const NamedSummary& b) {
      return std::pair(a.iteration, std::string_view(a.name)) <
             std::pair(b.iteration, std::string_view(b.name));
    });
    for (std::size_t k = 1; k < found.size(); ++k) {
      if (found[k].iteration == found[k - 1].iteration) {
        return fail(ErrorCode::kInvalidValue, "has the same iteration as " + found[k - 1].name,
                    path_of(found[k].name));
      }
    }
    return found;
  }

  // Reads into `buffer`, which keeps its memory from file to file and has the parser's padding behind the
  // bytes.
  Result<std::string_view> read(const std::string& name, std::vector<char>& buffer,
                                std::size_t bytes_max = base::kFileBytesMax) const {
    const base::Descriptor file(
        ::openat(::dirfd(stream_.get()), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path_of(name)));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
      return tl::unexpected(base::error_from_errno(errno, "cannot examine", path_of(name)));
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path_of(name));
    const auto size = static_cast<std::size_t>(status.st_size);
    std::size_t filled = 0;
    for (;;) {
      if (std::max(filled, size) > bytes_max) return too_large(name, bytes_max);
      if (buffer.size() < filled + ArtifactParser::kPaddingBytes + 1) grow(size, buffer);
      const ssize_t got =
          ::read(file.get(), buffer.data() + filled, buffer.size() - filled - ArtifactParser::kPaddingBytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", path_of(name)));
      if (got == 0) return std::string_view(buffer.data(), filled);
      filled += static_cast<std::size_t>(got);
    }
  }

 private:
  // To the size of the file, where that is enough: a report of many megabytes is not copied from step to
  // step.
  static void grow(std::size_t file_size, std::vector<char>& buffer) {
    const std::size_t wanted = file_size + ArtifactParser::kPaddingBytes + 1;
    buffer.resize(std::max<std::size_t>(wanted > buffer.size() ? wanted : buffer.size() * 2, kBufferBytes));
  }

  tl::unexpected<Error> too_large(const std::string& name, std::size_t bytes_max) const {
    return fail(ErrorCode::kLimitExceeded, "larger than " + std::to_string(bytes_max) + " bytes",
                path_of(name));
  }

  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  Folder(std::string path, DIR* stream) : path_(std::move(path)), stream_(stream) {}
  std::string path_;
  std::unique_ptr<DIR, Close> stream_;
};

Error in_file(Error error, std::string path) {
  error.file = std::move(path);
  return error;
}

// Reads all summaries and merges a report's entries in, with as many threads as help. The error is that of
// the first bad file in order of iteration.
class SummaryReader {
 public:
  SummaryReader(const Folder& folder, const std::vector<NamedSummary>& names, const ReportFile* report,
                const Registry& registry, Beside beside)
      : folder_(folder),
        names_(names),
        report_(report),
        registry_(registry),
        beside_(beside),
        facts_(names.size()) {}

  // Takes chunks until none is left. Chunks are taken in order, so every file before a bad one is read by
  // somebody.
  void work() {
    ArtifactParser parser;
    std::vector<char> buffer;
    while (!failed_) {
      const std::size_t begin = next_.fetch_add(kChunkFiles);
      if (begin >= names_.size()) return;
      const std::size_t end = std::min(begin + kChunkFiles, names_.size());
      for (std::size_t k = begin; k < end; ++k) {
        const auto done = read_one(names_[k], parser, buffer, facts_[k]);
        if (!done) return stop(k, done.error());
      }
    }
  }
  Result<std::vector<IterationFacts>> take() {
    if (failed_) return tl::unexpected(error_);
    std::erase_if(facts_, [](const IterationFacts& facts) { return !facts.has_summary; });
    return std::move(facts_);
  }

 private:
  void stop(std::size_t index, const Error& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failed_ || index < bad_index_) {
      bad_index_ = index;
      error_ = error;
    }
    failed_ = true;
  }
  Result<void> read_one(const NamedSummary& named, ArtifactParser& parser, std::vector<char>& buffer,
                        IterationFacts& facts) const {
    const auto bytes = folder_.read(named.name, buffer);
    // A run removes a summary that is no longer kept; its journal has the iteration.
    if (!bytes && bytes.error().code == ErrorCode::kNotFound && beside_ == Beside::kJournal) return {};
    if (!bytes) return tl::unexpected(bytes.error());
    const auto number = parser.summary(*bytes, registry_, facts);
    if (!number) return tl::unexpected(in_file(number.error(), folder_.path_of(named.name)));
    if (number->value_or(named.iteration) != named.iteration) {
      return fail(
          ErrorCode::kInvalidValue,
          fmt::format("says that it is iteration {}; renamed or mixed up, it proves nothing", **number),
          folder_.path_of(named.name));
    }
    facts.record.iteration = named.iteration;
    if (report_ == nullptr) return {};
    auto entry = report_->entry(named.iteration);
    if (!entry) return tl::unexpected(in_file(entry.error(), folder_.path_of(kTuningReportName)));
    if (*entry) merge_report(std::move(**entry), facts);
    return {};
  }

  const Folder& folder_;
  const std::vector<NamedSummary>& names_;
  const ReportFile* report_;  // to be merged in, or nullptr
  const Registry& registry_;
  const Beside beside_;
  std::vector<IterationFacts> facts_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::size_t bad_index_ = 0;
  Error error_{};
};

// Nothing where there is no report.
Result<std::optional<ReportFile>> read_report(const Folder& folder) {
  std::vector<char> buffer;  // empty: the first read learns the size
  const auto bytes = folder.read(kTuningReportName, buffer, kTuningReportBytesMax);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!bytes) return tl::unexpected(bytes.error());
  auto report = ReportFile::parse(*bytes);
  if (!report) return tl::unexpected(in_file(report.error(), folder.path_of(kTuningReportName)));
  return std::move(*report);
}

// Artifacts that no number is taken from, and that must be whole all the same: where one is torn, whatever
// tore it was at the others too. One that is missing is fine.
Result<void> check_others(const Folder& folder) {
  ArtifactParser parser;
  std::vector<char> buffer;
  for (const char* name : {kEdgeReportName, kKpiGateName, kLastGoodName, kRuntimeName}) {
    const auto bytes = folder.read(name, buffer);
    if (!bytes && bytes.error().code == ErrorCode::kNotFound) continue;
    if (!bytes) return tl::unexpected(bytes.error());
    if (auto whole = parser.check(*bytes); !whole)
      return tl::unexpected(in_file(whole.error(), folder.path_of(name)));
  }
  return {};
}

}  // namespace

std::string path_in(const std::string& folder, std::string_view name) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

Result<FolderContent> read_artifact_files(const std::string& path, const Registry& registry, Beside beside) {
  auto folder = Folder::open(path);
  if (!folder) return tl::unexpected(folder.error());
  const auto names = folder->summaries();
  if (!names) return tl::unexpected(names.error());
  auto report = read_report(*folder);
  const bool report_too_large =
      !report && report.error().code == ErrorCode::kLimitExceeded && beside == Beside::kJournal;
  if (report_too_large) report = std::optional<ReportFile>();  // the journal has it all
  if (!report) return tl::unexpected(report.error());
  const bool merge = beside == Beside::kNothing && report->has_value();
  SummaryReader reader(*folder, *names, merge ? &**report : nullptr, registry, beside);
  std::thread helper;
  if (names->size() >= kThreadedFilesMin && std::thread::hardware_concurrency() > 1) {
    helper = std::thread([&reader] { reader.work(); });
  }
  reader.work();
  if (helper.joinable()) helper.join();
  auto iterations = reader.take();
  if (!iterations) return tl::unexpected(iterations.error());
  if (auto whole = check_others(*folder); !whole) return tl::unexpected(whole.error());
  return FolderContent{std::move(*iterations), std::move(*report), report_too_large};
}

}  // namespace soak::journal

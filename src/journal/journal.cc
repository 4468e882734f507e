#include "journal/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/file.h"
#include "journal/frame.h"
#include "journal/records.h"

namespace soak::journal {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 18;

struct NamedType {
  RecordType type;
  std::string_view name;
};
constexpr std::array<NamedType, 7> kTypes{{{RecordType::kRunHeader, "run_header"},
                                           {RecordType::kReport, "report"},
                                           {RecordType::kObserved, "observed"},
                                           {RecordType::kForeignEdit, "foreign_edit"},
                                           {RecordType::kApplyIntent, "apply_intent"},
                                           {RecordType::kApplyOutcome, "apply_outcome"},
                                           {RecordType::kIteration, "iteration"}}};

// "9" of "9.0"; nothing where the text is not two numbers and a point between.
std::optional<int> major_version(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto number = [](std::string_view digits) -> std::optional<int> {
    int value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = problem == std::errc() && end == digits.data() + digits.size() && value >= 0;
    return whole ? std::optional(value) : std::nullopt;
  };
  if (point == text.size() || !number(text.substr(point + 1))) return std::nullopt;
  return number(text.substr(0, point));
}

bool ends_with_type(std::string_view record, RecordType type) {
  return record.ends_with(fmt::format(R"("type":"{}"}})", record_type_name(type)));
}

}  // namespace

std::string_view record_type_name(RecordType type) {
  for (const NamedType& known : kTypes) {
    if (known.type == type) return known.name;
  }
  return "unknown";
}

std::optional<RecordType> record_type_of(std::string_view name) {
  for (const NamedType& known : kTypes) {
    if (known.name == name) return known.type;
  }
  return std::nullopt;
}

// ---- reader ----

Result<JournalReader> JournalReader::open(const std::string& path) {
  base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot examine", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  return JournalReader(std::move(descriptor), path);
}

Error JournalReader::damage(const std::string& what, std::uint64_t offset) const {
  return Error{ErrorCode::kCorrupt, fmt::format("line {} (byte {}): {}", line_, offset, what), path_, {}};
}

Result<std::optional<std::string_view>> JournalReader::next_line() {
  std::size_t searched = position_;
  for (;;) {
    const std::size_t newline = buffer_.find('\n', searched);
    if (newline != std::string::npos) {
      const std::string_view line(buffer_.data() + position_, newline + 1 - position_);
      position_ = newline + 1;
      return line;
    }
    buffer_.erase(0, position_);
    position_ = 0;
    searched = buffer_.size();
    if (searched > kLineBytesMax)
      return fail(ErrorCode::kLimitExceeded, "has a line that is too long for a journal", path_);
    buffer_.resize(searched + kChunkBytes);
    ssize_t got = 0;
    do {
      got = ::pread(descriptor_.get(), buffer_.data() + searched, kChunkBytes,
                    static_cast<off_t>(read_offset_));
    } while (got < 0 && errno == EINTR);
    buffer_.resize(searched + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", path_));
    read_offset_ += static_cast<std::uint64_t>(got);
    if (got > 0) continue;
    if (buffer_.empty()) return std::nullopt;
    position_ = buffer_.size();
    return std::string_view(buffer_);
  }
}

Result<bool> JournalReader::another_good_line_follows() {
  for (;;) {
    auto line = next_line();
    if (!line) return tl::unexpected(line.error());
    if (!*line) return false;
    if (unwrap(**line)) return true;
  }
}

Result<std::optional<Record>> JournalReader::next() {
  return read_record(std::nullopt);
}
Result<std::optional<Record>> JournalReader::next_of(RecordType type) {
  return read_record(type);
}

Result<std::optional<Record>> JournalReader::read_record(std::optional<RecordType> only) {
  while (!torn_tail_) {
    auto line = next_line();
    if (!line) return tl::unexpected(line.error());
    if (!*line) return std::nullopt;
    const std::uint64_t offset = end_offset_;
    const std::size_t line_bytes = (*line)->size();
    ++line_;
    const auto record = unwrap(**line);
    if (!record) {
      const auto more = another_good_line_follows();
      if (!more) return tl::unexpected(more.error());
      if (*more)
        return tl::unexpected(damage("checksum, length or form is wrong, and good records follow", offset));
      torn_tail_ = true;
      break;
    }
    auto parsed = parse(*record, only, offset);
    if (!parsed) return parsed;
    end_offset_ = offset + line_bytes;
    if (*parsed) return parsed;
  }
  return std::nullopt;
}

Result<std::optional<Record>> JournalReader::parse(std::string_view text, std::optional<RecordType> only,
                                                   std::uint64_t offset) {
  ++sequence_;
  if (only && !ends_with_type(text, *only)) return std::nullopt;
  auto json = parse_json(text, path_);
  if (!json) return tl::unexpected(damage("checksum is right, yet " + json.error().message, offset));
  const bool whole = json->is_object() && json->contains("body") && json->contains("seq") &&
                     (*json)["seq"].is_number_integer() && json->contains("type") &&
                     (*json)["type"].is_string() && json->contains("schema_version") &&
                     (*json)["schema_version"].is_string();
  if (!whole) return tl::unexpected(damage("a record lacks body, schema_version, seq or type", offset));
  Record record;
  record.sequence = (*json)["seq"].get<std::int64_t>();
  if (record.sequence != sequence_) {
    return tl::unexpected(
        damage(fmt::format("record {} stands where {} belongs", record.sequence, sequence_), offset));
  }
  record.schema_version = (*json)["schema_version"].get<std::string>();
  if (major_version(record.schema_version) != major_version(kSchemaVersion)) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("line {}: has schema version \"{}\", and this soak reads {} (and later minor "
                            "versions of it): read it with the soak that wrote it",
                            line_, record.schema_version, kSchemaVersion),
                path_);
  }
  const auto& name = (*json)["type"].get_ref<const std::string&>();
  const auto type = record_type_of(name);
  if (!type) {
    return fail(ErrorCode::kInvalidValue,
                fmt::format("line {}: record type \"{}\" is not known to this version", line_, name), path_);
  }
  if ((*type == RecordType::kRunHeader) != (record.sequence == 1)) {
    return tl::unexpected(damage("a run header must be the first record and only there", offset));
  }
  record.type = *type;
  record.body = std::move((*json)["body"]);
  record.line = line_;
  record.offset = offset;
  return std::optional<Record>(std::move(record));
}

// ---- writer ----

namespace {

// What is appended must land in the run's folder alone.
Result<void> check_own_file(int journal, const std::string& path) {
  struct stat status {};
  if (::fstat(journal, &status) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot examine the journal", path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
  if (status.st_nlink == 1) return {};
  return fail(ErrorCode::kNotAFile,
              "has more than one hard link: whatever is appended would change the file under its other name "
              "too; put a copy in its place",
              path);
}

// Nothing is cut from a file that does not even begin like a journal.
Result<void> check_is_a_journal(int journal, const std::string& path) {
  char begin[kFrameBegin.size()] = {};
  const ssize_t got = ::pread(journal, begin, sizeof begin, 0);
  if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
  if (kFrameBegin.starts_with(std::string_view(begin, static_cast<std::size_t>(got)))) return {};
  return fail(ErrorCode::kCorrupt, "holds no record of a run, and is left as it is", path);
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path,
                                               const std::function<Result<void>(const Record&)>& each) {
  base::Descriptor descriptor(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!descriptor.valid())
    return tl::unexpected(base::error_from_errno(errno, "cannot open the journal", path));
  if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(ErrorCode::kLocked, "another run is writing this journal; wait for it or use another --out",
                  path);
    return tl::unexpected(base::error_from_errno(errno, "cannot lock the journal", path));
  }
  if (auto own = check_own_file(descriptor.get(), path); !own) return tl::unexpected(own.error());
  std::unique_ptr<Journal> journal(new Journal(std::move(descriptor), path));
  if (auto recovered = journal->recover(each); !recovered) return tl::unexpected(recovered.error());
  // The name of a new file is durable only when its folder is.
  if (auto synced = base::sync_folder(base::folder_of(path)); !synced) return tl::unexpected(synced.error());
  return journal;
}

Result<void> Journal::recover(const std::function<Result<void>(const Record&)>& each) {
  // The file that is locked, and no other that has taken its name since.
  base::Descriptor same(::fcntl(descriptor_.get(), F_DUPFD_CLOEXEC, 0));
  if (!same.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot read", path_));
  if (auto synced = sync(); !synced) return synced;
  // Records that the disk failed to take stay in memory as written ones, and no later fsync writes them: what
  // a killed run left is read from the disk, as far as the kernel lets go of what it remembers.
  static_cast<void>(::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED));
  JournalReader reader(std::move(same), path_);
  for (;;) {
    auto record = reader.next();
    if (!record) return tl::unexpected(record.error());
    if (!*record) break;
    if (auto taken = each(**record); !taken) return taken;
    sequence_ = (*record)->sequence;
    const bool ends = (*record)->type == RecordType::kRunHeader || (*record)->type == RecordType::kIteration;
    if (ends) {
      unmatched_.clear();
    } else {
      unmatched_.push_back(std::move(**record));
    }
  }
  sequence_ -= static_cast<std::int64_t>(unmatched_.size());
  durable_bytes_ = written_bytes_ = reader.end_offset();
  if (reader.torn_tail() && written_bytes_ == 0) {
    if (auto is_one = check_is_a_journal(descriptor_.get(), path_); !is_one) return is_one;
  }
  if (!reader.torn_tail()) return {};
  if (::ftruncate(descriptor_.get(), static_cast<off_t>(written_bytes_)) != 0)
    return tl::unexpected(base::error_from_errno(errno, "cannot cut the torn tail", path_));
  return sync();
}

Result<void> Journal::sync() {
  if (::fsync(descriptor_.get()) == 0) return {};
  return tl::unexpected(base::error_from_errno(errno, "cannot make the journal durable", path_));
}

Result<void> Journal::match(RecordType type, const Json& body) {
  const Record& found = unmatched_.front();
  if (found.type != type || canonical_json(found.body) != canonical_json(body)) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("line {}: holds a record of type \"{}\", but the resumed run came to a different "
                            "\"{}\"; what this iteration "
                            "rests on has changed since (program, feed or runtime file)",
                            found.line, record_type_name(found.type), record_type_name(type)),
                path_);
  }
  unmatched_.pop_front();
  ++sequence_;
  return {};
}

Result<void> Journal::append(RecordType type, const Json& body, Durability durability) {
  if (broken_)
    return fail(ErrorCode::kIoError, "takes no more records after an error; start again with --resume",
                path_);
  if (!unmatched_.empty()) return match(type, body);
  const std::string line = encode_record(sequence_ + 1, type, body);
  if (line.size() > kLineBytesMax)
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("a record of {} bytes, and a journal takes {}", line.size(), kLineBytesMax),
                path_);
  const auto written = base::write_all(descriptor_.get(), line, path_);
  if (!written) {
    broken_ = true;
    return written;
  }
  ++sequence_;
  written_bytes_ += line.size();
  if (durability == Durability::kLater) return {};
  if (::fdatasync(descriptor_.get()) != 0) {
    const int problem = errno;
    broken_ = true;
    // A second fsync can succeed while the bytes are lost: the next start would take them for durable.
    static_cast<void>(!::ftruncate(descriptor_.get(), static_cast<off_t>(durable_bytes_)));
    return tl::unexpected(base::error_from_errno(problem, "cannot make the record durable", path_));
  }
  durable_bytes_ = written_bytes_;
  return {};
}

}  // namespace soak::journal

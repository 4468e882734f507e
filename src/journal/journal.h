#pragma once
// journal.jsonl: the append-only, checksummed truth of a run. Every other artifact can be rebuilt from it.
// Format, to the byte: docs/formats/journal.md.
//
// One record a line. A record is complete when its line ends in a newline and its length and checksum are
// right. Whatever follows the last complete record is a torn tail: the reader stops there and says so, the
// writer cuts it. A bad record that is followed by a good one, or a number missing from the sequence, is
// damage and never repaired in silence: kCorrupt with line and offset.
//
// Not promised: protection from a disk that lies about its cache, or from a hand that rewrites whole records
// with good checksums.

#include <soak/json.h>
#include <soak/result.h>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace soak::journal {

inline constexpr char kJournalName[] = "journal.jsonl";
// Of a record's line: far above any report. Bounds the memory on a file that is no journal.
inline constexpr std::size_t kLineBytesMax = std::size_t{64} << 20;

enum class RecordType {
  kRunHeader,  // "run_header": options, start values, registry and profile; always the first record and only
               // there
  kReport,     // "report": one report of the target as it was seen
  kObserved,  // "observed": the reports of an iteration are complete; the faults that only its supervisor can
              // know
  kForeignEdit,   // "foreign_edit": the runtime file was changed by another hand, and to what
  kApplyIntent,   // "apply_intent": about to rename the runtime file from `old_hash` to `state_hash`
  kApplyOutcome,  // "apply_outcome": renamed, durable and read back
  kIteration,     // "iteration": everything that the artifacts say about an iteration; ends it
};
std::string_view record_type_name(RecordType type);
std::optional<RecordType> record_type_of(std::string_view name);

struct Record {
  std::int64_t sequence = 0;  // from 1, without gaps
  RecordType type = RecordType::kRunHeader;
  std::string schema_version;
  Json body;
  std::int64_t line = 0;     // from 1
  std::uint64_t offset = 0;  // of the line's first byte
};

// The line of a record, newline included.
std::string encode_record(std::int64_t sequence, RecordType type, const Json& body);

// Streams a journal from its start; memory is one chunk and one record. A reader may run while a writer
// appends.
class JournalReader {
 public:
  // kNotFound, kPermissionDenied, kNotAFile, kIoError.
  static Result<JournalReader> open(const std::string& path);

  // The next complete record; nothing at the end or at a torn tail. kCorrupt as above; kUnsupported for a
  // schema version of another major number. kInvalidValue for a record of a type that this version does not
  // know. kLimitExceeded for a line beyond kLineBytesMax.
  Result<std::optional<Record>> next();
  // The same, without looking into records of other types.
  Result<std::optional<Record>> next_of(RecordType type);

  std::uint64_t end_offset() const {
    return end_offset_;
  }  // behind the last complete record given out or skipped
  bool torn_tail() const {
    return torn_tail_;
  }  // bytes follow that are no complete record; known once next() gave nothing

 private:
  friend class Journal;
  JournalReader(base::Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Result<std::optional<std::string_view>>
  next_line();  // with its newline where it has one; valid until the next call
  Result<bool> another_good_line_follows();
  Result<std::optional<Record>> read_record(std::optional<RecordType> only);
  Result<std::optional<Record>> parse(std::string_view record, std::optional<RecordType> only,
                                      std::uint64_t offset);
  Error damage(const std::string& what, std::uint64_t offset) const;

  base::Descriptor descriptor_;
  std::string path_;
  std::string buffer_;
  std::size_t position_ = 0;       // in buffer_
  std::uint64_t read_offset_ = 0;  // in the file, of the next chunk
  std::uint64_t end_offset_ = 0;
  std::int64_t line_ = 0;
  std::int64_t sequence_ = 0;
  bool torn_tail_ = false;
};

enum class Durability {
  kLater,  // durable with the next durable record
  kNow,    // fdatasync before append() returns
};

// The writer. One at a time: the file is locked (flock) as long as this object lives. Not thread safe.
//
// A run that was killed is re-executed from its last `iteration` record. Records that the journal holds after
// it are then matched, one append() after the other, and not written again; so a resumed journal has the
// bytes of one that was never interrupted.
class Journal {
 public:
  // Opens or creates the journal, cuts a torn tail (and makes the cut durable), and gives each complete
  // record to `each` in order: those that the disk holds, as far as the kernel forgets what it remembers.
  // kLocked: another process writes it. kCorrupt: damaged, or no journal at all; nothing is changed.
  // kNotAFile: a symbolic link, or a file with more than one hard link. An error from `each` is passed on.
  static Result<std::unique_ptr<Journal>> open(const std::string& path,
                                               const std::function<Result<void>(const Record&)>& each);

  // Appends, or matches (see above): kCorrupt where the record found is another one. kLimitExceeded, and
  // nothing written: a line that no reader takes. After any other error
  // the journal takes no more records: what the disk holds is then unknown, and the next open() finds out.
  // Records that could not be made durable are cut off again, as far as that can still be done.
  Result<void> append(RecordType type, const Json& body, Durability durability);

  // The record that the append() after `ahead` others must match, or nothing where there is none.
  const Record* unmatched(std::size_t ahead = 0) const {
    return ahead < unmatched_.size() ? &unmatched_[ahead] : nullptr;
  }
  bool empty() const { return sequence_ == 0; }
  const std::string& path() const { return path_; }

 private:
  Journal(base::Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Result<void> recover(const std::function<Result<void>(const Record&)>& each);
  Result<void> sync();
  Result<void> match(RecordType type, const Json& body);

  base::Descriptor descriptor_;
  std::string path_;
  std::deque<Record> unmatched_;  // since the last iteration record
  std::int64_t sequence_ = 0;     // of the last record written or matched
  std::uint64_t written_bytes_ = 0;
  std::uint64_t durable_bytes_ = 0;
  bool broken_ = false;
};

}  // namespace soak::journal

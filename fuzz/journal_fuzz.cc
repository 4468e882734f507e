// journal::JournalReader and journal::Journal: a journal's bytes after a power cut, a bad disk or another
// hand. The input: lines as journal_lines.h has them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/journal_lines.h"
#include "fuzz/place.h"
#include "fuzz/properties.h"
#include "journal/frame.h"
#include "journal/journal.h"

namespace soak::fuzz {
namespace {

using journal::Journal;
using journal::JournalReader;
using journal::Record;
using journal::RecordType;

// What the header of the journal promises of these bytes, worked out from the lines alone.
struct Expected {
  std::vector<std::size_t> offsets;  // of the good lines before the first bad one
  std::size_t end = 0;               // behind them
  bool torn = false;                 // something follows
  bool damaged = false;              // and a good line is in it
};

Expected expect(std::string_view bytes) {
  Expected expected;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t newline = bytes.find('\n', at);
    const std::size_t end = newline == std::string_view::npos ? bytes.size() : newline + 1;
    const bool good = is_sealed_line(bytes.substr(at, end - at));
    if (good && expected.torn) expected.damaged = true;
    if (good && !expected.torn) {
      expected.offsets.push_back(at);
      expected.end = end;
    }
    if (!good) expected.torn = true;
    at = end;
  }
  return expected;
}

struct Read {
  std::size_t records = 0;
  std::optional<Error> error;
  std::optional<RecordType> last;
};

Read read_all(const std::string& path, const Expected& expected) {
  Read read;
  auto reader = JournalReader::open(path);
  require(reader.has_value(), "a file can be opened as a journal");
  for (;;) {
    auto record = reader->next();
    if (!record) {
      read.error = record.error();
      return read;
    }
    if (!*record) break;
    require(read.records < expected.offsets.size(), "no record is read from a line that is not whole");
    require((*record)->offset == expected.offsets[read.records], "a record knows where it stands");
    read.records += 1;
    require((*record)->sequence == static_cast<std::int64_t>(read.records), "records are in sequence");
    require(((*record)->type == RecordType::kRunHeader) == (read.records == 1), "a run header comes first");
    read.last = (*record)->type;
  }
  require(read.records == expected.offsets.size(), "every complete record before a tear is recovered");
  require(reader->torn_tail() == expected.torn, "a torn tail is said, and only where there is one");
  require(reader->end_offset() == expected.end, "the reader ends behind the last complete record");
  return read;
}

// Opened to be written to: what is whole stays, what is torn goes, and the next record follows.
void require_recovery(const std::string& path, const std::string& bytes, const Expected& expected,
                      const Read& read) {
  std::size_t given = 0;
  auto opened = Journal::open(path, [&given](const Record&) -> Result<void> {
    ++given;
    return {};
  });
  const auto begin = std::string_view(bytes).substr(0, journal::kFrameBegin.size());
  const bool other = read.records == 0 && !journal::kFrameBegin.starts_with(begin);
  require(opened.has_value() == (!read.error && !other),
          "a writer takes what a reader takes, and no other file");
  if (!opened) {
    require(file_of(path) == bytes, "a damaged journal is left as it was");
    return;
  }
  require(given == read.records, "a writer is told of each complete record");
  const std::string whole = bytes.substr(0, expected.end);
  require(file_of(path) == whole, "a torn tail is cut, and nothing else");
  if ((*opened)->unmatched() != nullptr) {
    const Record record = *(*opened)->unmatched();
    require((*opened)->append(record.type, record.body, journal::Durability::kLater).has_value() &&
                file_of(path) == whole,
            "a record that is there already is matched, not written again");
    return;
  }
  const RecordType type = given == 0 ? RecordType::kRunHeader : RecordType::kIteration;
  require((*opened)->append(type, {{"iteration", 1}}, journal::Durability::kLater).has_value(),
          "a recovered journal takes the next record");
  const std::string line =
      journal::encode_record(static_cast<std::int64_t>(given) + 1, type, {{"iteration", 1}});
  require(file_of(path) == whole + line, "the next record stands behind the last complete one");
  require(is_sealed_line(line), "a record's line is in the frame that the format describes");
}

}  // namespace

bool try_input(std::string_view input) {
  const std::string bytes = sealed_journal(input);
  const std::string path = put_file(journal::kJournalName, bytes);
  const Expected expected = expect(bytes);
  const Read read = read_all(path, expected);
  if (expected.damaged) require(read.error.has_value(), "damage in the middle is an error");
  if (read.error) {
    require_refusal(*read.error, {ErrorCode::kCorrupt, ErrorCode::kUnsupported, ErrorCode::kInvalidValue});
    require(read.error->file == path, "an error names the file");
  }
  require_recovery(path, bytes, expected, read);
  return !read.error;
}

}  // namespace soak::fuzz

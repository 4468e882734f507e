#include "journal/tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/descriptor.h"
#include "base/file.h"
#include "journal/artifact_parse.h"
#include "journal/frame.h"
#include "journal/record_json.h"

namespace soak::journal {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

// `record` is {"body":BODY,"schema_version":"1.1","seq":N,"type":"TYPE"}, canonical, so its end can be read
// from behind.
struct Taken {
  std::string_view body;
  RecordType type;
};
std::optional<Taken> take_apart(std::string_view record) {
  constexpr std::string_view kBody = R"({"body":)";
  constexpr std::string_view kVersion = R"(,"schema_version":"1.)";
  constexpr std::string_view kType = R"("type":")";
  const std::size_t version = record.rfind(kVersion);
  const std::size_t type = record.rfind(kType);
  if (!record.starts_with(kBody) || !record.ends_with("\"}") || version == std::string_view::npos ||
      type == std::string_view::npos || type < version)
    return std::nullopt;
  const auto known =
      record_type_of(record.substr(type + kType.size(), record.size() - 2 - type - kType.size()));
  if (!known) return std::nullopt;
  return Taken{record.substr(kBody.size(), version - kBody.size()), *known};
}

// What is not there, or of another type, stays as it was.
template <class T>
void fill(const simdjson::simdjson_result<simdjson::dom::element>& member, T& value) {
  T found{};
  if (member.get(found) == simdjson::SUCCESS) value = found;
}

}  // namespace

struct JournalTail::Reading {
  Reading(std::string file, JournalListener& who) : path(std::move(file)), listener(who) {}

  std::string path;
  JournalListener& listener;
  base::Descriptor descriptor;
  struct stat identity {};
  std::string buffer;  // kPaddingBytes of its end belong to no record
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::int64_t last_iteration = 0;
  bool started = false;
  std::optional<Error> broken;
  ArtifactParser parser;
  simdjson::dom::parser reports;

  Result<void> look() {
    struct stat now {};
    if (::stat(path.c_str(), &now) != 0)
      return tl::unexpected(base::error_from_errno(errno, "cannot read", path));
    const bool other = !descriptor.valid() || now.st_ino != identity.st_ino || now.st_dev != identity.st_dev;
    size = static_cast<std::uint64_t>(now.st_size);
    if (!other && size >= offset) return {};
    base::Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!opened.valid()) return tl::unexpected(base::error_from_errno(errno, "cannot open", path));
    if (::fstat(opened.get(), &identity) != 0)
      return tl::unexpected(base::error_from_errno(errno, "cannot examine", path));
    if (!S_ISREG(identity.st_mode)) return fail(ErrorCode::kNotAFile, "is not a plain file", path);
    descriptor = std::move(opened);
    size = static_cast<std::uint64_t>(identity.st_size);
    offset = 0;
    last_iteration = 0;
    started = false;
    broken.reset();
    listener.on_restart();
    return {};
  }

  tl::unexpected<Error> breaks(std::string what) {
    broken = Error{ErrorCode::kCorrupt, fmt::format("byte {}: {}", offset, what), path, {}};
    return tl::unexpected(*broken);
  }

  Result<void> take(std::string_view record, const Registry& registry) {
    const auto taken = take_apart(record);
    if (!taken) return breaks("a record of another version, or of a type that is not known");
    if (started == (taken->type == RecordType::kRunHeader))
      return breaks("a run header must come first, and once");
    if (taken->type == RecordType::kRunHeader) return take_header(taken->body);
    if (taken->type == RecordType::kReport) return take_report(taken->body);
    if (taken->type != RecordType::kIteration) return {};
    IterationFacts facts;
    const auto number = parser.summary(taken->body, registry, facts);
    if (!number) return breaks(number.error().message);
    if (!*number || (last_iteration != 0 && **number != last_iteration + 1))
      return breaks("an iteration that does not follow the last one");
    last_iteration = facts.record.iteration = **number;
    listener.on_iteration(std::move(facts));
    return {};
  }

  Result<void> take_header(std::string_view text) {
    const auto body = parse_json(text, path);
    if (!body) return breaks(body.error().message);
    auto header = header_from_json(*body);
    if (!header) return breaks(header.error().message);
    started = true;
    if (auto taken = listener.on_header(std::move(*header), *body); !taken) {
      broken = taken.error();
      return taken;
    }
    return {};
  }

  Result<void> take_report(std::string_view text) {
    simdjson::dom::element body;
    if (reports.parse(text.data(), text.size(), false).get(body) != simdjson::SUCCESS)
      return breaks("a report that is not JSON");
    ReportHead head;
    fill(body["iteration"], head.iteration);
    fill(body["seq"], head.seq);
    fill(body["seen_utc"], head.seen_utc);
    fill(body.at_pointer("/report/effective/instance_id"), head.instance_id);
    listener.on_report(head);
    return {};
  }

  // Whether a good record stands behind the bad one at the front of `bytes`.
  static bool good_line_follows(std::string_view bytes) {
    for (;;) {
      const std::size_t newline = bytes.find('\n');
      if (newline == std::string_view::npos) return false;
      bytes.remove_prefix(newline + 1);
      const std::size_t end = bytes.find('\n');
      if (end != std::string_view::npos && unwrap(bytes.substr(0, end + 1))) return true;
    }
  }

  // The records in `bytes`; what is left is the beginning of one.
  Result<void> take_lines(std::string_view bytes, const Registry& registry) {
    for (;;) {
      const std::size_t newline = bytes.find('\n');
      if (newline == std::string_view::npos) return {};
      const auto record = unwrap(bytes.substr(0, newline + 1));
      if (!record) {
        if (good_line_follows(bytes))
          return breaks("checksum, length or form is wrong, and good records follow");
        return {};
      }
      if (auto taken = take(*record, registry); !taken) return taken;
      offset += newline + 1;
      bytes.remove_prefix(newline + 1);
    }
  }
};

JournalTail::JournalTail(std::string path, JournalListener& listener)
    : reading_(std::make_unique<Reading>(std::move(path), listener)) {}
JournalTail::~JournalTail() = default;

std::uint64_t JournalTail::offset() const {
  return reading_->offset;
}
bool JournalTail::unread_bytes() const {
  return reading_->size > reading_->offset;
}

Result<bool> JournalTail::read(const Registry& registry, std::uint64_t bytes_max) {
  Reading& reading = *reading_;
  if (auto looked = reading.look(); !looked) return tl::unexpected(looked.error());
  if (reading.broken) return tl::unexpected(*reading.broken);
  std::size_t chunk = kChunkBytes;
  for (const std::uint64_t end = reading.offset + bytes_max; reading.offset < reading.size;) {
    if (reading.offset >= end) return true;
    reading.buffer.resize(chunk + ArtifactParser::kPaddingBytes);
    ssize_t got = 0;
    do {
      got =
          ::pread(reading.descriptor.get(), reading.buffer.data(), chunk, static_cast<off_t>(reading.offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return tl::unexpected(base::error_from_errno(errno, "cannot read", reading.path));
    const std::uint64_t before = reading.offset;
    const auto bytes = std::string_view(reading.buffer).substr(0, static_cast<std::size_t>(got));
    if (auto taken = reading.take_lines(bytes, registry); !taken) return tl::unexpected(taken.error());
    if (reading.offset > before) continue;
    if (bytes.size() < chunk) break;  // the last record is not whole
    chunk *= 2;
    if (chunk > kLineBytesMax) return reading.breaks("a record that is too long");
  }
  if (reading.buffer.size() > 2 * kChunkBytes) std::string().swap(reading.buffer);
  return false;
}

}  // namespace soak::journal

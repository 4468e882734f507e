#include "journal/frame.h"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>

#include "journal/records.h"

namespace soak::journal {
namespace {

constexpr std::string_view kCrcKey = kFrameBegin;
constexpr std::string_view kLengthKey = R"(","length":)";
constexpr std::string_view kRecordKey = R"(,"record":)";
constexpr std::size_t kCrcDigits = 8;

std::string checksum(std::string_view bytes) {
  const uLong crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return fmt::format("{:08x}", crc);
}

}  // namespace

std::optional<std::string_view> unwrap(std::string_view line) {
  if (!line.ends_with("}\n") || !line.starts_with(kCrcKey)) return std::nullopt;
  line.remove_suffix(2);
  line.remove_prefix(kCrcKey.size());
  if (line.size() < kCrcDigits) return std::nullopt;
  const std::string_view crc = line.substr(0, kCrcDigits);
  line.remove_prefix(kCrcDigits);
  if (!line.starts_with(kLengthKey)) return std::nullopt;
  line.remove_prefix(kLengthKey.size());
  std::size_t length = 0;
  const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), length);
  const auto digits = static_cast<std::size_t>(end - line.data());
  if (problem != std::errc() || line.substr(0, digits) != std::to_string(length)) return std::nullopt;
  line.remove_prefix(digits);
  if (!line.starts_with(kRecordKey)) return std::nullopt;
  line.remove_prefix(kRecordKey.size());
  if (line.size() != length || checksum(line) != crc) return std::nullopt;
  return line;
}

std::string encode_record(std::int64_t sequence, RecordType type, const Json& body) {
  const std::string record =
      fmt::format(R"({{"body":{},"schema_version":"{}","seq":{},"type":"{}"}})", canonical_json(body),
                  kSchemaVersion, sequence, record_type_name(type));
  return fmt::format("{}{}{}{}{}{}}}\n", kCrcKey, checksum(record), kLengthKey, record.size(), kRecordKey,
                     record);
}

}  // namespace soak::journal

#include "fuzz/journal_lines.h"

#include <fmt/format.h>
#include <zlib.h>

namespace soak::fuzz {
namespace {

std::string frame(std::string_view record) {
  const uLong crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(record.data()), record.size());
  return fmt::format(R"({{"crc":"{:08x}","length":{},"record":{}}})", crc, record.size(), record);
}

}  // namespace

std::string sealed_journal(std::string_view text) {
  std::string journal;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    journal += line.starts_with('~') ? frame(line.substr(1)) : std::string(line);
    if (end == std::string_view::npos) break;
    journal += '\n';
    text.remove_prefix(end + 1);
  }
  return journal;
}

bool is_sealed_line(std::string_view line) {
  constexpr std::string_view kRecord = ",\"record\":", kEnd = "}\n";
  const std::size_t begin = line.find(kRecord);
  if (begin == std::string_view::npos || !line.ends_with(kEnd)) return false;
  if (begin + kRecord.size() + kEnd.size() > line.size()) return false;
  line.remove_suffix(1);
  return frame(line.substr(begin + kRecord.size(), line.size() - begin - kRecord.size() - 1)) == line;
}

}  // namespace soak::fuzz

#include "sim/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>

#include "sim/byte_source.h"

namespace soak::sim {
namespace {

constexpr std::string_view kEventType =
    "[('ev','<u8'),('exch_ts','<i8'),('local_ts','<i8'),('px','<f8'),('qty','<f8'),('order_id','<u8'),"
    "('ival','<i8'),('fval','<f8')]";

// The header is a Python dictionary. Written without blanks, with one kind of quotes and no comma before a
// closing bracket, equal values are equal texts, and no value has to be understood.
std::string without_variety(std::string_view python) {
  std::string text;
  char quote = 0;
  for (const char c : python) {
    const bool is_quote = c == '\'' || c == '"';
    if (quote != 0) {
      if (c == quote) quote = 0;
      text += is_quote ? '\'' : c;
    } else if (is_quote) {
      quote = c;
      text += '\'';
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      const bool closes = c == ']' || c == '}' || c == ')';
      // "(3,)" is a tuple of one, and "(3)" a number in brackets: here both stand for the former.
      if (closes && !text.empty() && text.back() == ',') text.pop_back();
      text += c;
    }
  }
  return text;
}

// Key → value of "{'a':1,'b':(2)}"; nothing where the text is no dictionary.
std::optional<std::map<std::string, std::string>> entries_of(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::map<std::string, std::string> entries;
  while (!text.empty()) {
    const std::size_t colon = text.find("':");
    if (text.front() != '\'' || colon == std::string_view::npos || colon == 0) return std::nullopt;
    std::size_t end = colon + 2;
    int depth = 0;
    bool quoted = false;
    for (; end < text.size() && (quoted || depth > 0 || text[end] != ','); ++end) {
      if (text[end] == '\'') quoted = !quoted;
      if (quoted) continue;
      if (text[end] == '[' || text[end] == '(') ++depth;
      if (text[end] == ']' || text[end] == ')') --depth;
    }
    entries[std::string(text.substr(1, colon - 1))] = text.substr(colon + 2, end - colon - 2);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return entries;
}

std::optional<std::uint64_t> rows_of(std::string_view shape) {
  if (shape.size() < 3 || shape.front() != '(' || shape.back() != ')') return std::nullopt;
  shape = shape.substr(1, shape.size() - 2);
  if (shape.ends_with('L')) shape.remove_suffix(1);  // Python 2 wrote long numbers so
  std::uint64_t rows = 0;
  const auto [end, error] = std::from_chars(shape.data(), shape.data() + shape.size(), rows);
  constexpr std::uint64_t kRowsMax = std::uint64_t{1} << 48;
  if (error != std::errc{} || end != shape.data() + shape.size() || rows > kRowsMax) return std::nullopt;
  return rows;
}

}  // namespace

Result<std::size_t> npy_header_bytes(std::string_view prefix) {
  if (content_of(prefix.substr(0, kContentBytes)) != Content::kNumpy || prefix.size() < kNpyPrefixBytes)
    return fail(ErrorCode::kCorrupt, "not a .npy array, or torn within its header");
  const auto byte = [prefix](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(prefix[at]));
  };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3)
    return fail(ErrorCode::kUnsupported, fmt::format("version {}.{} of the .npy format", version, byte(7)));
  const std::size_t length = version == 1 ? byte(8) + (byte(9) << 8)
                                          : byte(8) + (byte(9) << 8) + (byte(10) << 16) + (byte(11) << 24);
  const std::size_t bytes = (version == 1 ? 10 : 12) + length;
  if (bytes < kNpyPrefixBytes || bytes > kNpyHeaderBytesMax)
    return fail(ErrorCode::kCorrupt, fmt::format("a .npy header of {} bytes", bytes));
  return bytes;
}

Result<std::uint64_t> npy_event_rows(std::string_view header) {
  const auto bytes = npy_header_bytes(header.substr(0, kNpyPrefixBytes));
  if (!bytes) return tl::unexpected(bytes.error());
  const std::size_t start = header[6] == 1 ? 10 : 12;
  const auto entries = entries_of(without_variety(header.substr(start, *bytes - start)));
  if (!entries || !entries->contains("descr") || !entries->contains("shape") ||
      !entries->contains("fortran_order"))
    return fail(ErrorCode::kCorrupt, "the .npy header is not NumPy's");
  const std::string& type = entries->at("descr");
  if (type != kEventType) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("an array of {}, not of hftbacktest's events, which are {}", type.substr(0, 300),
                            kEventType));
  }
  const std::string& shape = entries->at("shape");
  const auto rows = rows_of(shape);
  if (!rows)
    return fail(ErrorCode::kUnsupported, fmt::format("an array of shape {}, not of one dimension", shape));
  if (entries->at("fortran_order") != "False")
    return fail(ErrorCode::kUnsupported, "an array in Fortran order, not in C order");
  return *rows;
}

}  // namespace soak::sim

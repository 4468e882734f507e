#pragma once
// JSON values, strict parsing, and the canonical text that every hash in the project is made of.
//
// Canonical JSON is, to the byte, what Python prints for
//   json.dumps(v, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
// so that a bot in any language can compute the same hash. Object keys sort by code point; 60 and 60.0 stay
// distinct. All functions are pure or touch only the file named, and are safe to call from several threads.

#include <soak/result.h>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace soak {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t bytes_max = std::size_t{256} << 20;
  std::size_t depth_max = 990;  // Python's own parser gives up at about a thousand
};

// Parses exactly one JSON document (RFC 8259, UTF-8, no byte-order mark, no NaN or Infinity). The last of two
// equal keys wins. Refused rather than bent: integers beyond 64 bits, numbers that overflow to infinity, lone
// surrogates, deeper nesting than limits.depth_max. The error carries `source` as its file, and the line and
// column where the text went wrong.
Result<Json> parse_json(std::string_view text, std::string_view source = "<text>",
                        const JsonLimits& limits = {});

// The canonical text. Every number in `value` must be finite (parse_json guarantees it; an assert checks it).
std::string canonical_json(const Json& value);

// Python's repr() of a finite double: shortest digits that read back the same, "1e-05", "1e+16", "100.0".
std::string canonical_number(double value);

// SHA-256 of the canonical text, as 64 lower-case hex digits.
std::string compute_json_hash(const Json& value);

struct JsonFile {
  Json value;
  std::string state_hash;  // SHA-256 of the file's bytes, hex
};
// At most 64 MiB (base/file.h).
Result<JsonFile> read_json_with_hash(const std::string& path);

struct WriteReceipt {
  std::string state_hash;  // of the bytes now in place, read back
  std::size_t bytes_written = 0;
};
// Replaces `path` by the canonical text of `value`, atomically and durably (base/atomic_file.h has the
// protocol and what it does not promise). On an error with a code other than kUnknownOutcome the old file is
// untouched. kLimitExceeded: a text that read_json_with_hash() would refuse.
Result<WriteReceipt> atomic_write_json(const std::string& path, const Json& value);

}  // namespace soak

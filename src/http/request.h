#pragma once
// The head of an HTTP/1.1 request, taken apart strictly: what two readers could understand in two ways is
// refused, and so is a body. Pure and thread safe.
//
// GET and HEAD alone. Lines end in CRLF; no folded headers; one Host; a target that begins with a slash.
// After percent-decoding a path holds neither "." nor ".." as a segment, no backslash, no control character,
// and no slash that was encoded; path and query are UTF-8.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace soak::http {

struct RequestLimits {
  std::size_t head_bytes_max = std::size_t{8} << 10;    // request line and headers together; beyond: 431
  std::size_t target_bytes_max = std::size_t{2} << 10;  // beyond: 414
  std::size_t headers_max = 64;                         // beyond: 431
  std::size_t query_parameters_max = 32;                // beyond: 400
};

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  bool head = false;  // HEAD: the answer has no body
  std::string path;   // decoded
  Fields query;       // decoded, in order; "+" is a space
  Fields headers;     // names in lower case, values without the space around them
  bool keep_alive = true;

  // Of the first header of that (lower-case) name; nullptr where there is none.
  const std::string* header(std::string_view name) const;
};

struct Refusal {
  int status = 400;
  std::string message;  // one sentence; quotes nothing of the request
};

struct Incomplete {};

struct Complete {
  Request request;
  std::size_t bytes = 0;  // of the head
};

// `bytes` begins with a request's first byte. What is wrong is said as soon as the head is complete or too
// long.
std::variant<Incomplete, Complete, Refusal> parse_request(std::string_view bytes,
                                                          const RequestLimits& limits = {});

// Nothing where a percent sign is followed by no two hex digits.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);
bool is_utf8(std::string_view text);

}  // namespace soak::http

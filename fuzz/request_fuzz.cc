// http::parse_request(): what a browser, or anything else that finds the port, sends.

#include <variant>

#include "fuzz/properties.h"
#include "http/request.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const http::RequestLimits limits;
  const auto parsed = http::parse_request(bytes, limits);
  if (const auto* refusal = std::get_if<http::Refusal>(&parsed)) {
    require(refusal->status >= 400 && refusal->status < 600 && !refusal->message.empty(),
            "a refusal says why");
    return false;
  }
  if (std::holds_alternative<http::Incomplete>(parsed)) {
    require(bytes.size() <= limits.head_bytes_max, "a head beyond the limit is never waited for");
    return false;
  }
  const auto& complete = std::get<http::Complete>(parsed);
  const http::Request& request = complete.request;
  require(complete.bytes <= bytes.size() && complete.bytes <= limits.head_bytes_max + 4,
          "the head is within the limit");
  require(request.path.starts_with('/') && http::is_utf8(request.path),
          "a path is UTF-8 and begins with a slash");
  require(request.path.find('\0') == std::string::npos && request.path.find('\\') == std::string::npos,
          "no NUL and no backslash in a path");
  const std::string framed = request.path + "/";
  require(framed.find("/../") == std::string::npos && framed.find("/./") == std::string::npos,
          "no way up in a path");
  require(request.headers.size() <= limits.headers_max && request.query.size() <= limits.query_parameters_max,
          "no more headers and parameters than the limit");
  const auto again = http::parse_request(bytes.substr(0, complete.bytes), limits);
  require(std::holds_alternative<http::Complete>(again) &&
              std::get<http::Complete>(again).request.path == request.path,
          "what follows a head does not change it");
  return true;
}

}  // namespace soak::fuzz

#include "http/request.h"

#include <algorithm>
#include <cstdint>

namespace soak::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool is_token_character(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes the line off the front of `rest`.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find(kLineEnd);
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + kLineEnd.size());
  return line;
}

std::optional<Refusal> take_path(std::string_view text, Request& request) {
  for (std::size_t k = 0; k + 2 < text.size(); ++k) {
    if (text[k] == '%' && text[k + 1] == '2' && hex_value(text[k + 2]) == 15)
      return Refusal{400, "the path holds an encoded slash"};
  }
  const auto path = percent_decoded(text, false);
  if (!path) return Refusal{400, "a percent sign in the path is followed by no two hex digits"};
  if (has_control(*path) || path->find('\\') != std::string::npos || !is_utf8(*path))
    return Refusal{400, "the path holds a character that no path of this server has"};
  std::string_view rest(*path);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..") return Refusal{400, "the path holds a \".\" or \"..\""};
    rest.remove_prefix(segment.size());
  }
  request.path = *path;
  return std::nullopt;
}

std::optional<Refusal> take_query(std::string_view text, const RequestLimits& limits, Request& request) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = percent_decoded(part.substr(0, equals), true);
    auto value = percent_decoded(part.substr(std::min(part.size(), equals + 1)), true);
    if (!name || !value) return Refusal{400, "a percent sign in the query is followed by no two hex digits"};
    if (has_control(*name) || has_control(*value) || !is_utf8(*name) || !is_utf8(*value))
      return Refusal{400, "the query holds a control character or is not UTF-8"};
    if (request.query.size() >= limits.query_parameters_max)
      return Refusal{400, "the query has too many parameters"};
    request.query.emplace_back(std::move(*name), std::move(*value));
  }
  return std::nullopt;
}

std::optional<Refusal> take_request_line(std::string_view line, const RequestLimits& limits,
                                         Request& request) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos)
    return Refusal{400, "the request line is not METHOD, target and version"};
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(method)) return Refusal{400, "the method is no token"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? Refusal{505, "the version is neither HTTP/1.1 nor HTTP/1.0"}
                                        : Refusal{400, "the request line ends in no version"};
  }
  request.keep_alive = version == "HTTP/1.1";
  if (method != "GET" && method != "HEAD") return Refusal{405, "only GET and HEAD are served"};
  request.head = method == "HEAD";
  if (target.size() > limits.target_bytes_max) return Refusal{414, "the address is too long"};
  if (!target.starts_with('/') || has_control(target))
    return Refusal{400, "the address must begin with a slash"};
  if (target.find('#') != std::string_view::npos) return Refusal{400, "the address holds a fragment"};
  const std::size_t question = std::min(target.find('?'), target.size());
  if (auto refused = take_path(target.substr(0, question), request)) return refused;
  return take_query(target.substr(std::min(target.size(), question + 1)), limits, request);
}

std::optional<Refusal> take_header(std::string_view line, Request& request) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return Refusal{400, "a header is not a name and a colon"};
  const std::string_view value = trimmed(line.substr(colon + 1));
  const bool odd = std::any_of(value.begin(), value.end(), [](char c) { return c != '\t' && is_control(c); });
  if (odd) return Refusal{400, "a header's value holds a control character"};
  request.headers.emplace_back(lower(line.substr(0, colon)), value);
  return std::nullopt;
}

// What the headers mean for the connection, and that there is no body.
std::optional<Refusal> judge_headers(Request& request) {
  int hosts = 0;
  for (const auto& [name, value] : request.headers) {
    if (name == "transfer-encoding") return Refusal{413, "a request with a body is not taken"};
    if (name == "content-length" && value != "0") return Refusal{413, "a request with a body is not taken"};
    if (name == "host") ++hosts;
    if (name != "connection") continue;
    const std::string options = lower(value);
    if (options.find("close") != std::string::npos) request.keep_alive = false;
  }
  if (hosts > 1) return Refusal{400, "there is more than one Host"};
  return std::nullopt;
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return &value;
  }
  return nullptr;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[k] != '%') {
      out += text[k];
    } else {
      if (k + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[k + 1]);
      const int low = hex_value(text[k + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      k += 2;
    }
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t k = 0; k < text.size();) {
    const auto lead = static_cast<unsigned char>(text[k]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (length == 0 || lead > 0xf4 || k + length > text.size()) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(text[k + j]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3fU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    k += length;
  }
  return true;
}

std::variant<Incomplete, Complete, Refusal> parse_request(std::string_view bytes,
                                                          const RequestLimits& limits) {
  const std::size_t end = bytes.substr(0, limits.head_bytes_max + 1).find(kHeadEnd);
  if (end == std::string_view::npos) {
    if (bytes.size() > limits.head_bytes_max) return Refusal{431, "the request's head is too long"};
    return Incomplete{};
  }
  const std::string_view head = bytes.substr(0, end);
  for (std::size_t k = 0; k < head.size(); ++k) {
    const bool alone = (head[k] == '\n' && (k == 0 || head[k - 1] != '\r')) ||
                       (head[k] == '\r' && (k + 1 == head.size() || head[k + 1] != '\n'));
    if (alone || head[k] == '\0') return Refusal{400, "lines must end in CR and LF"};
  }
  Complete complete;
  complete.bytes = end + kHeadEnd.size();
  std::string_view rest = head;
  if (auto refused = take_request_line(next_line(rest), limits, complete.request)) return *refused;
  while (!rest.empty()) {
    if (complete.request.headers.size() >= limits.headers_max)
      return Refusal{431, "there are too many headers"};
    if (auto refused = take_header(next_line(rest), complete.request)) return *refused;
  }
  if (auto refused = judge_headers(complete.request)) return *refused;
  return complete;
}

}  // namespace soak::http

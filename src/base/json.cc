#include <soak/json.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/readable.h"
#include "base/sha256.h"

namespace soak {
namespace {

// Builds a value from nlohmann's events. The library does the grammar; the handler refuses what would be bent
// (an integer too large for 64 bits arrives here as a float whose text has no '.', 'e' or 'E') and what is
// too deep.
class Builder {
 public:
  Builder(std::size_t depth_max, Json& root) : depth_max_(depth_max), root_(root) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Json::number_integer_t value) { return put(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return put(value); }
  bool number_float(Json::number_float_t value, const std::string& text) {
    if (text.find_first_of(".eE") == std::string::npos) return refuse("integer beyond 64 bits: " + text);
    return put(value);
  }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) { return refuse("binary data"); }
  bool start_object(std::size_t /*size*/) { return open(Json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool key(std::string& value) {
    slot_ = &(*stack_.back())[value];
    *slot_ = nullptr;
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) {
    const std::string_view what = error.what();
    const std::size_t end_of_id = what.find("] ");
    return refuse(std::string(end_of_id == std::string_view::npos ? what : what.substr(end_of_id + 2)));
  }
  const std::string& problem() const { return problem_; }
  bool too_deep() const { return too_deep_; }

 private:
  Json* place(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (stack_.back()->is_array()) {
      stack_.back()->push_back(std::move(value));
      return &stack_.back()->back();
    }
    *slot_ = std::move(value);
    return slot_;
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (stack_.size() >= depth_max_) {
      too_deep_ = true;
      return refuse("nested more than " + std::to_string(depth_max_) + " levels deep");
    }
    stack_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }
  bool refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }

  std::size_t depth_max_;
  Json& root_;
  std::vector<Json*> stack_;
  Json* slot_ = nullptr;
  std::string problem_;
  bool too_deep_ = false;
};

void append_escape(std::string& out, unsigned code_unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[(code_unit >> shift) & 15]);
}

// Decodes one character of valid UTF-8 (nlohmann's parser refuses any other) and moves `i` past it.
unsigned decode_utf8(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned>(static_cast<unsigned char>(text[k])); };
  const unsigned lead = byte(i);
  const std::size_t extra = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  unsigned code = extra == 0 ? lead : lead & (0x3fU >> extra);
  for (std::size_t k = 1; k <= extra && i + k < text.size(); ++k) code = code << 6 | (byte(i + k) & 0x3f);
  i += extra + 1;
  return code;
}

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const unsigned code = decode_utf8(text, i);
    switch (code) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (code >= 0x20 && code < 0x7f) {
          out.push_back(static_cast<char>(code));
        } else if (code < 0x10000) {
          append_escape(out, code);
        } else {
          append_escape(out, 0xd800 + ((code - 0x10000) >> 10));
          append_escape(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
        }
    }
  }
  out.push_back('"');
}

void append_value(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
      out += std::to_string(value.get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.get<std::uint64_t>());
      return;
    case Json::value_t::number_float:
      out += canonical_number(value.get<double>());
      return;
    case Json::value_t::string:
      append_string(out, value.get_ref<const std::string&>());
      return;
    case Json::value_t::array: {
      out.push_back('[');
      bool first = true;
      for (const Json& item : value) {
        if (!first) out.push_back(',');
        first = false;
        append_value(out, item);
      }
      out.push_back(']');
      return;
    }
    case Json::value_t::object: {
      out.push_back('{');
      bool first = true;
      for (const auto& [key, item] :
           value.items()) {  // std::map: sorted by byte, which for UTF-8 is by code point
        if (!first) out.push_back(',');
        first = false;
        append_string(out, key);
        out.push_back(':');
        append_value(out, item);
      }
      out.push_back('}');
      return;
    }
    case Json::value_t::binary:
    case Json::value_t::discarded:
      assert(false && "not a JSON value");
      return;
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view source, const JsonLimits& limits) {
  const std::string file(source);
  if (text.size() > limits.bytes_max) {
    return fail(ErrorCode::kLimitExceeded, "larger than " + std::to_string(limits.bytes_max) + " bytes",
                file);
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    return fail(ErrorCode::kInvalidJson, "starts with a byte-order mark; save it as UTF-8 without one", file);
  }
  // The library takes a NUL for the end of the text; no JSON document holds one.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return fail(ErrorCode::kInvalidJson, "not valid JSON: a NUL byte at offset " + std::to_string(nul), file);
  Json root;
  Builder builder(limits.depth_max, root);
  if (Json::sax_parse(text.begin(), text.end(), &builder)) return root;
  const ErrorCode code = builder.too_deep() ? ErrorCode::kLimitExceeded : ErrorCode::kInvalidJson;
  return fail(code, "not valid JSON: " + base::readable(builder.problem()), file);
}

std::string canonical_number(double value) {
  assert(std::isfinite(value));
  std::array<char, 40> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));  // "-d.ddde-XX"
  std::string out;
  if (text.front() == '-') {
    out.push_back('-');
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  std::string digits(1, text[0]);
  if (mark > 2) digits.append(text.substr(2, mark - 2));
  int exponent = 0;
  const char* exponent_text = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_text, text.data() + text.size(), exponent);
  const int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {  // repr() switches to an exponent here
    out += digits.substr(0, 1);
    if (count > 1) out.append(1, '.').append(digits, 1);
    const std::string power = std::to_string(std::abs(exponent));
    return out + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1)
    return out + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
  const auto whole = static_cast<std::size_t>(exponent + 1);
  return out.append(digits, 0, whole).append(1, '.').append(digits, whole);
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_value(out, value);
  return out;
}

std::string compute_json_hash(const Json& value) {
  return base::sha256_hex(canonical_json(value));
}

Result<JsonFile> read_json_with_hash(const std::string& path) {
  auto bytes = base::read_file(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto value = parse_json(*bytes, path);
  if (!value) return tl::unexpected(value.error());
  return JsonFile{std::move(*value), base::sha256_hex(*bytes)};
}

Result<WriteReceipt> atomic_write_json(const std::string& path, const Json& value) {
  const std::string text = canonical_json(value);
  auto replaced = base::replace_file(path, text);
  if (!replaced) return tl::unexpected(replaced.error());
  return WriteReceipt{replaced->new_hash, text.size()};
}

}  // namespace soak

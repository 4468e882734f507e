#include "base/readable.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace soak::base {

namespace {

constexpr std::size_t kSlackBytes = 16;  // for the dots, and a character cut in two at either side

bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return letter >= ' ' && letter <= '~'; });
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

void leave_out_middle(std::string& text, std::size_t bytes_max) {
  std::size_t begin = bytes_max / 2, end = text.size() - bytes_max / 2;
  while (begin > 0 && continues_character(text[begin])) --begin;
  while (end < text.size() && continues_character(text[end])) ++end;
  text.replace(begin, end - begin, " ... ");
}

}  // namespace

std::string readable(std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    text.replace(bytes_max / 2, text.size() - bytes_max / 2 * 2, " ... ");  // before any work on what goes
  if (is_plain(text)) return text;
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f) letter = ' ';
  }
  using Json = nlohmann::json;  // its writer replaces what is no UTF-8
  text = Json::parse(Json(std::move(text)).dump(-1, ' ', false, Json::error_handler_t::replace))
             .get<std::string>();
  if (text.size() > bytes_max + kSlackBytes) leave_out_middle(text, bytes_max);  // U+FFFD takes three bytes
  return text;
}

}  // namespace soak::base

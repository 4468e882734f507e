#include "base/readable.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace soak::base {

std::string readable(std::string text) {
  constexpr std::size_t kEndBytes = 200;
  if (text.size() > 2 * kEndBytes) text.replace(kEndBytes, text.size() - 2 * kEndBytes, " ... ");
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f) letter = ' ';
  }
  using Json = nlohmann::json;  // its writer replaces what is no UTF-8
  return Json::parse(Json(std::move(text)).dump(-1, ' ', false, Json::error_handler_t::replace))
      .get<std::string>();
}

}  // namespace soak::base

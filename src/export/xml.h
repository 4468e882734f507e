#pragma once
// Text in XML. Not for other rooms. Pure.

#include <string>
#include <string_view>

namespace soak::exporting {

// For an attribute or element text. XML 1.0 has no way to write most control characters, not even escaped:
// they, and what is no UTF-8, become "?".
std::string xml_escaped(std::string_view text);

}  // namespace soak::exporting

#pragma once
// Outside bytes in a message. Pure.

#include <string>

namespace soak::base {

// One line of UTF-8 that a person can read, whatever the text holds: control characters become spaces, bytes
// that are no UTF-8 become U+FFFD, and of a text longer than 400 bytes the middle is left out.
std::string readable(std::string text);

}  // namespace soak::base

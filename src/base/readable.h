#pragma once
// Outside bytes in a message. Pure.

#include <cstddef>
#include <string>

namespace soak::base {

inline constexpr std::size_t kReadableBytesMax = 400;

// One line of UTF-8 that a person can read, whatever the text holds: control characters become spaces, bytes
// that are no UTF-8 become U+FFFD, and of a text longer than `bytes_max` the middle is left out. Then " ... "
// stands for it: a few bytes more.
std::string readable(std::string text, std::size_t bytes_max = kReadableBytesMax);

}  // namespace soak::base

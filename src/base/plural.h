#pragma once
// A count with its noun, for messages: "1 iteration", "3 iterations".

#include <concepts>
#include <string>
#include <string_view>

namespace soak::base {

// For nouns whose plural is the word with an s.
std::string plural(std::integral auto count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace soak::base

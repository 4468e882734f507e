#pragma once
// What a target printed, in bounds.

#include <soak/result.h>
#include <string>

namespace soak::target {

// "; its last words: TEXT", the last line of the file that is not blank, printable ASCII and at most 200
// characters; empty where there is none.
std::string last_words(const std::string& path);

// Empties the file where it has grown beyond 64 MiB, and says so in it. Its writers append, and go on after
// it.
Result<void> trim_log(const std::string& path);

}  // namespace soak::target

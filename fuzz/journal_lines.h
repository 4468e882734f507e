#pragma once
// Journals as text that a mutation does not always break: a line "~RECORD" becomes that record's line with
// its length and checksum right. Every other line stays as it is, so that broken frames are inputs too.

#include <string>
#include <string_view>

namespace soak::fuzz {

std::string sealed_journal(std::string_view text);
// Whether the line, newline included, is in the frame of docs/formats/journal.md: worked out apart from the
// reader.
bool is_sealed_line(std::string_view line);

}  // namespace soak::fuzz

#pragma once
// The frame around each record of a journal: checksum and length (docs/formats/journal.md). Pure. Not for
// other rooms.

#include <optional>
#include <string>
#include <string_view>

#include "journal/journal.h"

namespace soak::journal {

// How every line begins.
inline constexpr std::string_view kFrameBegin = R"({"crc":")";

// The record inside a line (with its newline), or nothing where the line is not complete and whole. Exactly
// the form that encode_record() writes is accepted: a flipped bit anywhere in the line, frame included, is
// seen.
std::optional<std::string_view> unwrap(std::string_view line);

}  // namespace soak::journal

#pragma once
// What a fuzzer's harness and its drivers share. A property that does not hold ends the process, with words.

#include <soak/json.h>
#include <soak/result.h>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace soak::fuzz {

// Each NAME_fuzz.cc defines it: one input through its parser. True where the input was taken, false where it
// was refused; does not return where a property is broken.
bool try_input(std::string_view bytes);

void require(bool holds, std::string_view property);
// Of any error: a message of one line, of text that JSON can hold, and no longer than a person reads.
void require_readable(const Error& error);
// Of a refusal: such an error, with one of the codes that the header names.
void require_refusal(const Error& error, std::initializer_list<ErrorCode> codes);
// Of any value that goes into a journal: numbers are finite, text is UTF-8, nested at most `depth_max` deep,
// and the canonical text reads back the same.
void require_recordable(const Json& value, std::size_t depth_max);

}  // namespace soak::fuzz

#pragma once
// Times as artifacts write them. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

namespace soak::serve {

// Milliseconds since 1970 of "2026-01-01T00:05:00Z", with or without a fraction; "+00:00" for "Z", or no
// zone, is UTC too. Nothing for any other text.
std::optional<std::int64_t> parse_utc_ms(std::string_view text);

}  // namespace soak::serve

#pragma once
// The header of NumPy's .npy format, versions 1 to 3, as far as hftbacktest's event arrays need it. Source:
// NumPy, numpy/lib/format.py. Pure.

#include <soak/result.h>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace soak::sim {

// So many bytes tell how long the header is.
inline constexpr std::size_t kNpyPrefixBytes = 12;
inline constexpr std::size_t kNpyHeaderBytesMax = 65536;

// Where the array's data begins. The errors of both functions have no file and no offset: the caller knows
// them. kCorrupt where this is no .npy file, kUnsupported for another version of the format.
Result<std::size_t> npy_header_bytes(std::string_view prefix);

// Number of rows, from a header of npy_header_bytes(). kUnsupported where the array is not one dimension of
// hftbacktest's 64-byte events, little-endian, in C order; the message says what it is.
Result<std::uint64_t> npy_event_rows(std::string_view header);

}  // namespace soak::sim

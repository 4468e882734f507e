#pragma once
// SHA-256 by OpenSSL's libcrypto. Thread safe.

#include <string>
#include <string_view>

namespace soak::base {

// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace soak::base

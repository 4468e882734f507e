// The entry point that clang's libFuzzer calls.

#include <cstddef>
#include <cstdint>

#include "fuzz/properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  soak::fuzz::try_input({reinterpret_cast<const char*>(bytes), size});
  return 0;
}

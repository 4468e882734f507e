// sim::import_binance_raw(): a recording of Binance's streams, plain or packed.

#include "fuzz/importing.h"
#include "sim/binance_raw.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const std::string in = put_file("recording", bytes), out = fresh_out();
  return require_whole_or_nothing(sim::import_binance_raw({in}, out), out);
}

}  // namespace soak::fuzz

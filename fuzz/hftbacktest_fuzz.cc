// sim::import_hftbacktest() and sim::HftConverted: events of hftbacktest, raw, .npy or .npz, plain or packed.

#include "fuzz/importing.h"
#include "sim/hft_convert.h"
#include "sim/hft_import.h"
#include "sim/hft_rows.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const std::string in = put_file("events", bytes), out = fresh_out();
  if (auto rows = sim::HftRows::open(in)) {
    if (const auto converted = sim::HftConverted::convert(*rows, {0.01, 0.001}); !converted) {
      require_refusal(converted.error(),
                      {ErrorCode::kInvalidValue, ErrorCode::kUnsupported, ErrorCode::kCorrupt});
    }
  } else {
    require_refusal(rows.error(), {ErrorCode::kCorrupt, ErrorCode::kUnsupported, ErrorCode::kNotFound});
  }
  return require_whole_or_nothing(sim::import_hftbacktest({in}, out), out);
}

}  // namespace soak::fuzz

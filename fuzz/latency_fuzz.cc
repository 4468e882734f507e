// sim::InterpolatedLatency: a table of measured latencies.

#include "fuzz/place.h"
#include "fuzz/properties.h"
#include "sim/feed_format.h"
#include "sim/latency_interpolated.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const std::string path = put_file("latency.csv", bytes);
  const auto table = sim::InterpolatedLatency::read(path);
  if (!table) {
    require_refusal(table.error(), {ErrorCode::kInvalidValue, ErrorCode::kLimitExceeded});
    require(table.error().file == path, "a refusal names the file");
    return false;
  }
  for (const std::int64_t at :
       {std::int64_t{0}, std::int64_t{1'700'000'000'000'000'000}, sim::kFeedTimeNsMax}) {
    const std::int64_t entry = table->entry_ns(at), response = table->response_ns(at + entry);
    require(entry >= 0 && response >= 0, "no order arrives before it was sent");
    require(entry + response <= table->round_trip_ns_max(), "no order takes longer than the table's longest");
  }
  return true;
}

}  // namespace soak::fuzz

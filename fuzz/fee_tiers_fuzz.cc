// sim::read_fee_tiers(): an exchange's fees.

#include <cmath>

#include "fuzz/place.h"
#include "fuzz/properties.h"
#include "sim/fee_tiered.h"

namespace soak::fuzz {

bool try_input(std::string_view bytes) {
  const std::string path = put_file("fees.json", bytes);
  const auto tiers = sim::read_fee_tiers(path);
  if (!tiers) {
    require_refusal(tiers.error(),
                    {ErrorCode::kInvalidJson, ErrorCode::kInvalidValue, ErrorCode::kLimitExceeded});
    require(tiers.error().file == path, "a refusal names the file");
    return false;
  }
  require(!tiers->empty() && tiers->front().from_amount == 0, "the first tier begins at 0");
  for (std::size_t k = 1; k < tiers->size(); ++k)
    require((*tiers)[k - 1].from_amount < (*tiers)[k].from_amount, "tiers ascend");
  sim::TieredFee fees(*tiers);
  for (const double amount : {0.0, 1.0, 1e6, 1e12}) {
    for (const bool maker : {false, true})
      require(std::abs(fees.fill(amount, maker)) <= amount, "a fee is at most the amount");
  }
  return true;
}

}  // namespace soak::fuzz

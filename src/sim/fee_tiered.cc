#include "sim/fee_tiered.h"

#include <fmt/format.h>
#include <soak/json.h>

#include <nlohmann/json.hpp>

namespace soak::sim {
namespace {

constexpr std::size_t kTiersMax = 1000;

bool is_tier(const Json& json) {
  if (!json.is_object() || json.size() != 3) return false;
  for (const char* name : {"from_amount", "maker_rate", "taker_rate"}) {
    if (!json.contains(name) || !json[name].is_number()) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<FeeTier>> read_fee_tiers(const std::string& path) {
  const auto file = read_json_with_hash(path);
  if (!file) return tl::unexpected(file.error());
  const Json& json = file->value;
  const auto refuse = [&path](std::string message) {
    return fail(ErrorCode::kInvalidValue, std::move(message), path);
  };
  if (!json.is_array() || json.empty() || json.size() > kTiersMax)
    return refuse(fmt::format("is not a list of 1 to {} fee tiers", kTiersMax));
  std::vector<FeeTier> tiers;
  for (const Json& one : json) {
    const std::string place = fmt::format("tier {}", tiers.size() + 1);
    if (!is_tier(one))
      return refuse(place + " is not {\"from_amount\": 0, \"maker_rate\": -0.0001, \"taker_rate\": 0.0004}");
    const FeeTier tier{one["from_amount"].get<double>(), one["maker_rate"].get<double>(),
                       one["taker_rate"].get<double>()};
    if (tiers.empty() ? tier.from_amount != 0 : tier.from_amount <= tiers.back().from_amount)
      return refuse(place +
                    (tiers.empty() ? " does not begin at 0" : " does not begin above the one before"));
    for (const double rate : {tier.maker_rate, tier.taker_rate}) {
      if (rate < -1 || rate > 1)
        return refuse(fmt::format("{}: rate {:g} is not between -1 and 1", place, rate));
    }
    tiers.push_back(tier);
  }
  return tiers;
}

}  // namespace soak::sim

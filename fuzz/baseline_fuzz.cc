// analyze::compare_snapshots(): a snapshot from elsewhere to compare with.

#include "analyze/compare.h"
#include "fuzz/properties.h"

namespace soak::fuzz {
namespace {

// What a run of today says.
Json snapshot_now(const analyze::Profile& profile) {
  Json kpis = Json::object();
  for (const analyze::Kpi& kpi : profile.kpis)
    kpis[kpi.name] = {{"mean", 0.5}, {"median", 0.5}, {"standard_error", 0.01}};
  return {{"kpi_last8", kpis}};
}

}  // namespace

bool try_input(std::string_view bytes) {
  const auto baseline = parse_json(bytes, "baseline.json");
  if (!baseline) {
    require_refusal(baseline.error(), {ErrorCode::kInvalidJson, ErrorCode::kLimitExceeded});
    return false;
  }
  const analyze::Profile& profile = analyze::market_maker_profile();
  const Json now = snapshot_now(profile);
  const auto changes = analyze::compare_snapshots(profile, *baseline, now, "baseline.json");
  if (!changes) {
    require_refusal(changes.error(), {ErrorCode::kInvalidValue});
    require(changes.error().file == "baseline.json", "a refusal names the file");
    return false;
  }
  require_recordable(analyze::to_json(*changes), 8);
  if (const auto other = analyze::compare_snapshots(profile, now, *baseline, "now.json"))
    require_recordable(analyze::to_json(*other), 8);
  return true;
}

}  // namespace soak::fuzz

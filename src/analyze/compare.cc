#include "analyze/compare.h"

#include <cmath>

#include "analyze/statistics.h"

namespace soak::analyze {
namespace {

std::optional<double> number_in(const Json& snapshot, const std::string& kpi, const char* key) {
  const Json::json_pointer pointer = Json::json_pointer("/kpi_last8") / kpi / key;
  if (!snapshot.contains(pointer) || !snapshot.at(pointer).is_number()) return std::nullopt;
  return snapshot.at(pointer).get<double>();
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

void add_standard_error(KpiChange& change, const std::optional<double>& baseline,
                        const std::optional<double>& now) {
  if (!change.difference || !baseline || !now) return;
  change.standard_error = round6(welch_standard_error(*baseline, *now));
  change.beyond_two_standard_errors = std::fabs(*change.difference) > 2 * *change.standard_error;
}

}  // namespace

Result<std::vector<KpiChange>> compare_snapshots(const Profile& profile, const Json& baseline,
                                                 const Json& now, const std::string& baseline_name) {
  if (!baseline.is_object() || !baseline.contains("kpi_last8") || !baseline.at("kpi_last8").is_object()) {
    return fail(ErrorCode::kInvalidValue,
                "is not a snapshot: it has no kpi_last8; give a run's folder or its POST_SOAK_SNAPSHOT.json",
                baseline_name);
  }
  std::vector<KpiChange> changes;
  for (const Kpi& kpi : profile.kpis) {
    if (!kpi.judged) continue;
    KpiChange change{
        kpi.name, number_in(baseline, kpi.name, "mean"), number_in(now, kpi.name, "mean"), {}, "no data"};
    if (change.baseline && change.now) {
      change.difference = round3(*change.now - *change.baseline);
      const double gain = kpi.direction == Direction::kAtLeast ? *change.difference : -*change.difference;
      change.direction = gain > 0 ? "better" : gain < 0 ? "worse" : "same";
    }
    add_standard_error(change, number_in(baseline, kpi.name, "standard_error"),
                       number_in(now, kpi.name, "standard_error"));
    changes.push_back(std::move(change));
  }
  return changes;
}

Json to_json(const std::vector<KpiChange>& changes) {
  Json kpis = Json::object();
  for (const KpiChange& change : changes) {
    kpis[change.kpi] = {
        {"baseline_mean", number_or_null(change.baseline)},
        {"mean", number_or_null(change.now)},
        {"difference", number_or_null(change.difference)},
        {"standard_error", number_or_null(change.standard_error)},
        {"beyond_two_standard_errors",
         change.beyond_two_standard_errors ? Json(*change.beyond_two_standard_errors) : Json(nullptr)},
        {"direction", change.direction}};
  }
  return {{"kpis", kpis},
          {"statement",
           "difference of the means over the window, with its standard error (Welch) as if iterations were "
           "independent; not a test of significance"}};
}

}  // namespace soak::analyze

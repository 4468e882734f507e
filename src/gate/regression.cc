#include "gate/regression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analyze/text.h"

namespace soak::gate {
namespace {

using analyze::Direction;
using analyze::SampleComparison;

constexpr std::uint64_t kSeed = 1;  // of the bootstrap: the same runs give the same interval

// Iterations count from 1 for the warm-up, whatever number the first one bears.
std::vector<double> sample(const journal::RunArtifacts& run, const analyze::Profile& profile,
                           const analyze::Kpi& kpi, std::int64_t window) {
  std::vector<double> values;
  const auto count = static_cast<std::int64_t>(run.iterations.size());
  for (std::int64_t k = std::max<std::int64_t>(kpi.warm_up, count - window); k < count; ++k) {
    const auto& recorded = run.iterations[static_cast<std::size_t>(k)].record.summary.kpis;
    const journal::Kpis kpis = analyze::as_ratios(recorded, profile, run.foreign);
    const auto value = kpis.find(kpi.name);
    if (value != kpis.end() && std::isfinite(value->second)) values.push_back(value->second);
  }
  return values;
}

std::string shown(const std::optional<double>& value) {
  return value ? analyze::number_text(*value) : std::string("no data");
}

std::string evidence_text(const SampleComparison& comparison) {
  std::string text;
  if (comparison.interval) {
    text += fmt::format(", {:g} % interval {} to {}", 100 * analyze::kComparisonConfidence,
                        analyze::number_text(comparison.interval->low),
                        analyze::number_text(comparison.interval->high));
  }
  if (comparison.p_value) text += fmt::format(", p {}", analyze::number_text(*comparison.p_value));
  return text;
}

// A baseline that is a snapshot has means alone.
bool tested(const KpiRegression& regression) {
  return regression.comparison.interval.has_value() && regression.comparison.p_value.has_value();
}

Check regression_check(const KpiRegression& regression, double limit, const std::string& name) {
  Check check{"regression_" + regression.kpi,
              CheckStatus::kPassed,
              nullptr,
              "≤ " + analyze::number_text(limit),
              {},
              ""};
  const SampleComparison& comparison = regression.comparison;
  if (!regression.worse_by) {
    const bool baseline = !comparison.a.mean;
    check.status = baseline ? CheckStatus::kNotJudged : CheckStatus::kFailed;
    check.message =
        fmt::format("{} has no data in {}", regression.kpi, baseline ? "the baseline " + name : "this run");
    return check;
  }
  check.measured = *regression.worse_by;
  check.margin = limit - *regression.worse_by;
  check.message = fmt::format("{} {} against {} in {}: {} by {}, may be worse by {}{}", regression.kpi,
                              shown(comparison.b.mean), shown(comparison.a.mean), name,
                              *regression.worse_by > 0 ? "worse" : "better",
                              analyze::number_text(std::fabs(*regression.worse_by)),
                              analyze::number_text(limit), evidence_text(comparison));
  if (*regression.worse_by > limit) check.status = CheckStatus::kFailed;
  return check;
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const analyze::SampleSummary& summary) {
  return {{"count", summary.count},
          {"mean", number_or_null(summary.mean)},
          {"median", number_or_null(summary.median)}};
}

}  // namespace

std::vector<KpiRegression> compare_runs(const journal::RunArtifacts& baseline,
                                        const journal::RunArtifacts& run, const analyze::Profile& profile,
                                        std::int64_t window) {
  std::vector<KpiRegression> found;
  for (const analyze::Kpi& kpi : profile.kpis) {
    if (!kpi.judged) continue;
    KpiRegression regression{
        kpi.name,
        kpi.direction,
        analyze::compare_samples(sample(baseline, profile, kpi, window), sample(run, profile, kpi, window),
                                 kpi.direction, kSeed),
        {}};
    const SampleComparison& comparison = regression.comparison;
    if (comparison.a.mean && comparison.b.mean) {
      const double grown = *comparison.b.mean - *comparison.a.mean;
      regression.worse_by = kpi.direction == Direction::kAtMost ? grown : -grown;
    }
    found.push_back(std::move(regression));
  }
  return found;
}

void judge_regressions(const std::vector<KpiRegression>& regressions, const RegressionLimits& limits,
                       const std::string& name, GateResult& result) {
  for (const auto& [kpi, limit] : limits) {
    const auto regression = std::find_if(regressions.begin(), regressions.end(),
                                         [&kpi = kpi](const KpiRegression& one) { return one.kpi == kpi; });
    const Check check = regression != regressions.end()
                            ? regression_check(*regression, limit, name)
                            : Check{"regression_" + kpi,
                                    CheckStatus::kNotJudged,
                                    nullptr,
                                    "≤ " + analyze::number_text(limit),
                                    {},
                                    kpi + " could not be compared: there is no baseline"};
    if (check.status == CheckStatus::kFailed) {
      if (result.verdict == GateVerdict::kInconclusive)
        result.reasons.clear();  // a failure is one all the same
      result.verdict = GateVerdict::kFail;
      result.reasons.push_back(check.message);
    } else if (check.status == CheckStatus::kNotJudged) {
      result.warnings.push_back(check.message);
      if (result.verdict == GateVerdict::kPass) result.verdict = GateVerdict::kWarn;
    }
    result.checks.push_back(check);
  }
}

Json to_json(const std::vector<KpiRegression>& regressions) {
  Json kpis = Json::object();
  for (const KpiRegression& regression : regressions) {
    const SampleComparison& comparison = regression.comparison;
    kpis[regression.kpi] = {
        {"baseline", to_json(comparison.a)},
        {"now", to_json(comparison.b)},
        {"difference", number_or_null(comparison.difference)},
        {"interval",
         comparison.interval ? Json::array({comparison.interval->low, comparison.interval->high}) : Json()},
        {"confidence", analyze::kComparisonConfidence},
        {"p_value", number_or_null(comparison.p_value)},
        {"worse_by", number_or_null(regression.worse_by)},
        {"verdict",
         tested(regression) ? Json(analyze::comparison_verdict_name(comparison.verdict)) : Json()}};
  }
  return kpis;
}

std::string to_text(const std::vector<KpiRegression>& regressions, const analyze::Profile& profile) {
  std::string text;
  for (const KpiRegression& regression : regressions) {
    const SampleComparison& comparison = regression.comparison;
    const analyze::Kpi* kpi = analyze::find_kpi(profile, regression.kpi);
    const std::string unit = kpi == nullptr || kpi->unit.empty() ? "" : " " + kpi->unit;
    text += fmt::format("  {:<20} {} -> {}{}{} ({})\n", regression.kpi, shown(comparison.a.mean),
                        shown(comparison.b.mean), comparison.b.mean ? unit : "", evidence_text(comparison),
                        tested(regression)        ? analyze::comparison_verdict_name(comparison.verdict)
                        : !regression.worse_by    ? "no data"
                        : comparison.a.count == 0 ? "not tested: means alone"
                                                  : "not tested: too few iterations");
  }
  return text;
}

}  // namespace soak::gate

#include "analyze/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace soak::analyze {
namespace {

// The sum of the numbers at the pointers; nothing where one of them is missing or not a finite number.
std::optional<double> sum_of(const std::vector<std::string>& pointers, const Json& report) {
  double sum = 0;
  for (const std::string& text : pointers) {
    const Json::json_pointer pointer(text);  // well-formed: parse_profile has tried it
    if (!report.contains(pointer)) return std::nullopt;
    const Json& value = report.at(pointer);
    if (!value.is_number() || !std::isfinite(value.get<double>())) return std::nullopt;
    sum += value.get<double>();
  }
  return sum;
}

std::vector<KpiSource> sources_of(const Kpi& kpi) {
  std::vector<KpiSource> sources = kpi.sources;
  for (const char* prefix : {"/totals/", "/kpis/", "/"})
    sources.push_back({kpi.name, {prefix + kpi.name}, {}, 1});
  return sources;
}

bool holds(Direction direction, double value, double threshold) {
  return direction == Direction::kAtMost ? value <= threshold : value >= threshold;
}

}  // namespace

const Kpi* find_kpi(const Profile& profile, std::string_view name) {
  const auto it = std::find_if(profile.kpis.begin(), profile.kpis.end(),
                               [&](const Kpi& kpi) { return kpi.name == name; });
  return it == profile.kpis.end() ? nullptr : &*it;
}

std::optional<double> read_source(const KpiSource& source, const Json& report) {
  const std::optional<double> numerator = sum_of(source.numerator, report);
  if (!numerator) return std::nullopt;
  double value = *numerator;
  if (!source.denominator.empty()) {
    const std::optional<double> denominator = sum_of(source.denominator, report);
    if (!denominator || *denominator == 0) return std::nullopt;
    value /= *denominator;
  }
  value *= source.scale;
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

journal::Kpis kpis_of_report(const Profile& profile, const Json& report, std::string* maker_taker_source) {
  journal::Kpis kpis;
  if (maker_taker_source) maker_taker_source->clear();
  for (const Kpi& kpi : profile.kpis) {
    for (const KpiSource& source : sources_of(kpi)) {
      const std::optional<double> value = read_source(source, report);
      if (!value || (kpi.is_ratio && (*value < 0 || *value > 1))) continue;
      kpis[kpi.name] = *value;
      if (maker_taker_source && kpi.name == "maker_taker_ratio") *maker_taker_source = source.label;
      break;
    }
  }
  return kpis;
}

std::vector<KpiVerdict> judge_iteration(const Profile& profile, std::int64_t iteration,
                                        const journal::Kpis& kpis) {
  std::vector<KpiVerdict> verdicts;
  for (const Kpi& kpi : profile.kpis) {
    if (!kpi.judged || iteration <= kpi.warm_up) continue;
    KpiVerdict verdict{kpi.name, std::nullopt, kpi.threshold, kpi.direction, false};
    if (const auto it = kpis.find(kpi.name); it != kpis.end() && std::isfinite(it->second)) {
      verdict.value = it->second;
      verdict.passed = holds(kpi.direction, it->second, kpi.threshold);
    } else if (kpi.no_data == NoData::kIgnore) {
      continue;
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

bool passes(const Profile& profile, const std::vector<KpiVerdict>& verdicts) {
  if (verdicts.empty()) return false;  // nothing was judged, so nothing has passed
  double weight = 0;
  double passed = 0;
  for (const KpiVerdict& verdict : verdicts) {
    const Kpi* kpi = find_kpi(profile, verdict.kpi);
    if (!kpi) return false;
    if (!verdict.passed && (kpi->veto || profile.pass_weight >= 1)) return false;
    weight += kpi->weight;
    if (verdict.passed) passed += kpi->weight;
  }
  return passed >= profile.pass_weight * weight - 1e-9;
}

std::optional<std::string> regression(const Profile& profile, std::int64_t iteration,
                                      const journal::Kpis& before, const journal::Kpis& now) {
  for (const Kpi& kpi : profile.kpis) {
    if (iteration <= kpi.warm_up || (!kpi.judged && !kpi.regression_limit)) continue;
    const auto old = before.find(kpi.name);
    if (old == before.end()) continue;
    const auto found = now.find(kpi.name);
    if (found == now.end()) {
      if (kpi.no_data == NoData::kIgnore) continue;
      return fmt::format("{} was {:.4g} and has no data any more", kpi.name, old->second);
    }
    const double worse =
        kpi.direction == Direction::kAtMost ? found->second - old->second : old->second - found->second;
    if (kpi.regression_limit) {
      if (worse <= *kpi.regression_limit) continue;
      return fmt::format("{} went from {:.4g} to {:.4g}: worse by {:.4g}, the limit is {:g}", kpi.name,
                         old->second, found->second, worse, *kpi.regression_limit);
    }
    if (holds(kpi.direction, found->second, kpi.threshold) ||
        !holds(kpi.direction, old->second, kpi.threshold))
      continue;
    return fmt::format("{} went from {:.4g} to {:.4g}: the threshold is {:g}", kpi.name, old->second,
                       found->second, kpi.threshold);
  }
  return std::nullopt;
}

std::optional<std::string> veto(const Profile& profile, const std::vector<KpiVerdict>& verdicts) {
  for (const KpiVerdict& verdict : verdicts) {
    const Kpi* kpi = find_kpi(profile, verdict.kpi);
    if (verdict.passed || kpi == nullptr || !kpi->veto) continue;
    if (!verdict.value) return verdict.kpi + " has no data";
    return fmt::format("{} {:.4g}, {} {:g}", verdict.kpi, *verdict.value,
                       verdict.direction == Direction::kAtMost ? "at most" : "at least", verdict.threshold);
  }
  return std::nullopt;
}

bool has_veto(const Profile& profile) {
  return std::any_of(profile.kpis.begin(), profile.kpis.end(),
                     [](const Kpi& kpi) { return kpi.judged && kpi.veto; });
}

bool iteration_passes(const Profile& profile, std::int64_t iteration, const journal::Kpis& kpis) {
  return passes(profile, judge_iteration(profile, iteration, kpis));
}

journal::Kpis HeldKpis::fill(const journal::Kpis& kpis) {
  journal::Kpis filled = kpis;
  for (const Kpi& kpi : profile_->kpis) {
    if (kpi.no_data != NoData::kHold) continue;
    if (const auto it = filled.find(kpi.name); it != filled.end()) {
      last_[kpi.name] = it->second;
    } else if (const auto held = last_.find(kpi.name); held != last_.end()) {
      filled[kpi.name] = held->second;
    }
  }
  return filled;
}

bool is_steady(const Profile& profile, const journal::Kpis& kpis) {
  if (profile.steady.empty()) return false;
  return std::all_of(profile.steady.begin(), profile.steady.end(), [&](const Condition& condition) {
    const auto it = kpis.find(condition.kpi);
    return it != kpis.end() && std::isfinite(it->second) &&
           holds(condition.direction, it->second, condition.threshold);
  });
}

}  // namespace soak::analyze

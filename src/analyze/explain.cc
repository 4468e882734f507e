#include "analyze/explain.h"

#include <algorithm>
#include <map>

#include "analyze/statistics.h"
#include "analyze/text.h"

namespace soak::analyze {
namespace {

const journal::IterationFacts* facts_of(const journal::RunArtifacts& run, std::int64_t iteration) {
  const auto it = std::lower_bound(run.iterations.begin(), run.iterations.end(), iteration,
                                   [](const journal::IterationFacts& facts, std::int64_t number) {
                                     return facts.record.iteration < number;
                                   });
  return it != run.iterations.end() && it->record.iteration == iteration ? &*it : nullptr;
}

void measure_causes(const journal::RunArtifacts& run, Explanation& explanation) {
  if (!explanation.kpi->breakdown) return;
  const Breakdown& breakdown = *explanation.kpi->breakdown;
  std::vector<double> wholes;
  std::vector<std::vector<double>> parts(breakdown.causes.size());
  for (const std::int64_t iteration : explanation.failed_in) {
    const Json* report = last_report(run, iteration);
    if (!report) continue;
    bool any = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (const std::optional<double> value = read_source(breakdown.causes[i].source, *report)) {
        parts[i].push_back(*value);
        any = true;
      }
    }
    if (const std::optional<double> whole = read_source(breakdown.source, *report)) wholes.push_back(*whole);
    explanation.measured_in += any ? 1 : 0;
  }
  explanation.whole = mean_of(wholes);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (const std::optional<double> mean = mean_of(parts[i]))
      explanation.causes.push_back({&breakdown.causes[i], *mean});
  }
  for (const Figure& figure : breakdown.figures) {
    std::vector<double> values;
    for (const std::int64_t iteration : explanation.failed_in) {
      const Json* report = last_report(run, iteration);
      const std::optional<double> value = report ? read_source(figure.source, *report) : std::nullopt;
      if (value) values.push_back(*value);
    }
    if (const std::optional<double> mean = mean_of(values)) explanation.figures.push_back({&figure, *mean});
  }
  std::stable_sort(explanation.causes.begin(), explanation.causes.end(),
                   [](const MeasuredCause& a, const MeasuredCause& b) { return a.value > b.value; });
}

// A driver speaks of this KPI only where the breakdown knows it as a cause ("/totals/adverse_bps").
bool is_cause(const Kpi& kpi, const std::string& driver) {
  if (!kpi.breakdown) return false;
  return std::any_of(kpi.breakdown->causes.begin(), kpi.breakdown->causes.end(),
                     [&](const Cause& cause) { return cause.source.label == "/totals/" + driver; });
}

void count_drivers(const journal::RunArtifacts& run, Explanation& explanation) {
  std::map<std::string, int> counts;
  for (const std::int64_t iteration : explanation.failed_in) {
    const journal::IterationFacts* facts = facts_of(run, iteration);
    if (!facts || facts->record.tuning.neg_edge_drivers.empty()) continue;
    const std::string& largest = facts->record.tuning.neg_edge_drivers.front();
    if (is_cause(*explanation.kpi, largest)) ++counts[largest];
  }
  explanation.drivers.assign(counts.begin(), counts.end());
  std::stable_sort(explanation.drivers.begin(), explanation.drivers.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
}

Explanation explain_one(const journal::RunArtifacts& run, const std::vector<JudgedIteration>& window,
                        const Kpi& kpi) {
  Explanation explanation;
  explanation.kpi = &kpi;
  std::vector<double> values;
  for (const JudgedIteration& judged : window) {
    for (const KpiVerdict& verdict : judged.verdicts) {
      if (verdict.kpi != kpi.name) continue;
      ++explanation.judged_in;
      if (verdict.passed) continue;
      explanation.failed_in.push_back(judged.iteration);
      if (!verdict.value) {
        ++explanation.without_data;
        continue;
      }
      values.push_back(*verdict.value);
      const bool at_most = kpi.direction == Direction::kAtMost;
      if (!explanation.worst ||
          (at_most ? *verdict.value > *explanation.worst : *verdict.value < *explanation.worst)) {
        explanation.worst = verdict.value;
        explanation.worst_iteration = judged.iteration;
      }
    }
  }
  explanation.mean = mean_of(values);
  if (explanation.failed_in.empty()) return explanation;
  measure_causes(run, explanation);
  count_drivers(run, explanation);
  if (const journal::IterationFacts* facts = facts_of(run, explanation.failed_in.back()))
    explanation.in_effect = facts->effective;
  return explanation;
}

}  // namespace

const Json* last_report(const journal::RunArtifacts& run, std::int64_t iteration) {
  const journal::SeenReport* found = nullptr;
  for (const journal::SeenReport& seen : run.reports) {
    if (seen.iteration == iteration && (!found || seen.seq >= found->seq)) found = &seen;
  }
  return found ? &found->report : nullptr;
}

std::vector<Explanation> explain_failures(const journal::RunArtifacts& run, const Profile& profile) {
  const std::vector<JudgedIteration> window = window_of(judge_run(run, profile), profile);
  std::vector<Explanation> explanations;
  for (const Kpi& kpi : profile.kpis) {
    if (!kpi.judged) continue;
    Explanation explanation = explain_one(run, window, kpi);
    if (!explanation.failed_in.empty()) explanations.push_back(std::move(explanation));
  }
  return explanations;
}

std::string fill_in(const std::string& meaning, const ParamValues& in_effect) {
  std::string text;
  for (std::size_t i = 0; i < meaning.size();) {
    const std::size_t close = meaning[i] == '{' ? meaning.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      text += meaning[i++];
      continue;
    }
    const std::string name = meaning.substr(i + 1, close - i - 1);
    const auto it = in_effect.find(name);
    if (it == in_effect.end()) {
      text += "(" + name + " not reported)";
    } else {
      text += it->second.is_number() ? number_text(it->second.get<double>(), 4) : it->second.dump();
    }
    i = close + 1;
  }
  return text;
}

std::optional<SeenEffect> seen_effect(const journal::RunArtifacts& run,
                                      const std::vector<JudgedIteration>& judged, const std::string& kpi,
                                      const std::string& parameter) {
  std::map<double, std::vector<double>> by_value;
  for (const JudgedIteration& one : judged) {
    const journal::IterationFacts* facts = facts_of(run, one.iteration);
    if (!facts) continue;
    const auto value = facts->effective.find(parameter);
    const auto measured = one.kpis.find(kpi);
    if (value == facts->effective.end() || !value->second.is_number() || measured == one.kpis.end()) continue;
    by_value[value->second.get<double>()].push_back(measured->second);
  }
  if (by_value.size() < 2) return std::nullopt;
  const auto& [low, at_low] = *by_value.begin();
  const auto& [high, at_high] = *by_value.rbegin();
  return SeenEffect{low, high, *mean_of(at_low), *mean_of(at_high)};
}

}  // namespace soak::analyze

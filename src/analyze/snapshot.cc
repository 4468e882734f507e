#include "analyze/snapshot.h"

#include <algorithm>
#include <cmath>

#include "analyze/statistics.h"

namespace soak::analyze {
namespace {

constexpr double kOutlierDeviations = 5 * 1.4826;  // scaled so that a normal distribution's deviation is one
constexpr double kOutlierShare = 0.25;
constexpr std::size_t kOutlierValuesMin = 5;

std::vector<double> values_of(const std::vector<JudgedIteration>& window, const std::string& kpi) {
  std::vector<double> values;
  for (const JudgedIteration& judged : window) {
    const auto it = judged.kpis.find(kpi);
    if (it != judged.kpis.end() && std::isfinite(it->second)) values.push_back(it->second);
  }
  return values;
}

using Facts = std::vector<const journal::IterationFacts*>;

Facts window_facts(const journal::RunArtifacts& run, const Profile& profile) {
  Facts facts;
  for (const journal::IterationFacts& one : run.iterations) facts.push_back(&one);
  const auto window = static_cast<std::size_t>(profile.window);
  if (facts.size() > window) facts.erase(facts.begin(), facts.end() - profile.window);
  return facts;
}

GuardCounts count_guards(const Facts& window) {
  GuardCounts counts;
  for (const journal::IterationFacts* facts : window) {
    counts.cooldown += facts->summary_guards.cooldown_active ? 1 : 0;
    counts.velocity += facts->summary_guards.velocity_violation ? 1 : 0;
    counts.oscillation += facts->summary_guards.oscillation_detected ? 1 : 0;
    counts.freeze += facts->summary_guards.freeze_triggered ? 1 : 0;
  }
  return counts;
}

// sig(i) = sig(i+2) ≠ sig(i+1); a missing signature (the empty text) is a value of its own.
int count_loops(const Facts& window) {
  int loops = 0;
  for (std::size_t i = 0; i + 2 < window.size(); ++i) {
    const std::string& first = window[i]->record.summary.state_hash;
    if (first == window[i + 2]->record.summary.state_hash &&
        first != window[i + 1]->record.summary.state_hash)
      ++loops;
  }
  return loops;
}

std::optional<bool> parity_of(const Facts& facts, const std::vector<JudgedIteration>& judged) {
  std::optional<bool> parity;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const std::string& recorded = facts[i]->record.kpi_verdict;
    if (recorded.empty()) continue;
    const bool agrees = (recorded == "PASS") == judged[i].passed;
    parity = parity.value_or(true) && agrees;
  }
  return parity;
}

}  // namespace

// Our own never are percentages, and there a 1.2 is a fault, not 1.2 %.
journal::Kpis as_ratios(const journal::Kpis& kpis, const Profile& profile, bool foreign) {
  journal::Kpis result = kpis;
  for (const Kpi& kpi : profile.kpis) {
    const auto it = result.find(kpi.name);
    if (it != result.end() && foreign && kpi.is_ratio && it->second > 1) it->second /= 100;
  }
  return result;
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kWarn:
      return "WARN";
    case Verdict::kFail:
      break;
  }
  return "FAIL";
}

std::vector<JudgedIteration> judge_run(const journal::RunArtifacts& run, const Profile& profile) {
  std::vector<JudgedIteration> judged;
  judged.reserve(run.iterations.size());
  HeldKpis held(profile);
  const std::int64_t shift =
      run.iterations.empty() ? 0 : 1 - std::min<std::int64_t>(1, run.iterations.front().record.iteration);
  for (const journal::IterationFacts& facts : run.iterations) {
    JudgedIteration one;
    one.iteration = facts.record.iteration;
    one.kpis = held.fill(as_ratios(facts.record.summary.kpis, profile, run.foreign));
    one.verdicts = judge_iteration(profile, one.iteration + shift, one.kpis);
    one.passed = passes(profile, one.verdicts);
    judged.push_back(std::move(one));
  }
  return judged;
}

std::vector<JudgedIteration> window_of(const std::vector<JudgedIteration>& judged, const Profile& profile) {
  const std::size_t count = std::min(judged.size(), static_cast<std::size_t>(profile.window));
  return {judged.end() - static_cast<std::ptrdiff_t>(count), judged.end()};
}

std::vector<Anomaly> find_anomalies(const std::vector<JudgedIteration>& window, const Profile& profile) {
  std::vector<Anomaly> anomalies;
  for (const Kpi& kpi : profile.kpis) {
    const std::vector<double> values = values_of(window, kpi.name);
    const double median = median_of(values).value_or(0);
    const double limit = std::max(kOutlierDeviations * median_deviation_of(values).value_or(0),
                                  kOutlierShare * std::fabs(median));
    for (const JudgedIteration& judged : window) {
      const auto it = judged.kpis.find(kpi.name);
      if (it == judged.kpis.end()) {
        if (kpi.judged && kpi.no_data != NoData::kIgnore)
          anomalies.push_back({judged.iteration, kpi.name, std::nullopt, 0});
      } else if (values.size() >= kOutlierValuesMin && std::fabs(it->second - median) > limit) {
        anomalies.push_back({judged.iteration, kpi.name, it->second, median});
      }
    }
  }
  std::stable_sort(anomalies.begin(), anomalies.end(),
                   [](const Anomaly& a, const Anomaly& b) { return a.iteration < b.iteration; });
  return anomalies;
}

Snapshot take_snapshot(const journal::RunArtifacts& run, const Profile& profile) {
  const std::vector<JudgedIteration> window = window_of(judge_run(run, profile), profile);
  const Facts facts = window_facts(run, profile);
  Snapshot snapshot;
  snapshot.profile = profile.name;
  snapshot.iterations = static_cast<std::int64_t>(run.iterations.size());
  snapshot.window = static_cast<int>(window.size());
  snapshot.pass_count = static_cast<int>(
      std::count_if(window.begin(), window.end(), [](const JudgedIteration& one) { return one.passed; }));
  snapshot.guards = count_guards(facts);
  snapshot.freeze_seen = snapshot.guards.freeze > 0;
  snapshot.freeze_ready = snapshot.pass_count >= profile.pass_at_least && snapshot.freeze_seen;
  snapshot.verdict = snapshot.freeze_ready                          ? Verdict::kPass
                     : snapshot.pass_count >= profile.warn_at_least ? Verdict::kWarn
                                                                    : Verdict::kFail;
  for (const Kpi& kpi : profile.kpis) {
    if (!kpi.judged) continue;
    const std::vector<double> values = values_of(window, kpi.name);
    KpiStatistics statistics{kpi.name, mean_of(values), median_of(values), static_cast<int>(values.size()),
                             standard_error_of(values)};
    if (statistics.mean) statistics.mean = round3(*statistics.mean);
    if (statistics.median) statistics.median = round3(*statistics.median);
    if (statistics.standard_error) statistics.standard_error = round6(*statistics.standard_error);
    snapshot.kpis.push_back(std::move(statistics));
  }
  if (!facts.empty()) {
    snapshot.first_iteration = facts.front()->record.iteration;
    snapshot.last_iteration = facts.back()->record.iteration;
    snapshot.first_utc = facts.front()->record.summary.runtime_utc;
    snapshot.last_utc = facts.back()->record.summary.runtime_utc;
  }
  snapshot.kpi_gate_parity = parity_of(facts, window);
  snapshot.anomalies_count = static_cast<int>(find_anomalies(window, profile).size());
  snapshot.signature_loops = count_loops(facts);
  return snapshot;
}

namespace {

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

Json to_json(const Snapshot& snapshot) {
  Json kpis = Json::object();
  for (const KpiStatistics& kpi : snapshot.kpis) {
    kpis[kpi.kpi] = {{"mean", number_or_null(kpi.mean)},
                     {"median", number_or_null(kpi.median)},
                     {"count", kpi.count},
                     {"standard_error", number_or_null(kpi.standard_error)}};
  }
  return {
      {"schema_version", journal::kSchemaVersion},
      {"profile", snapshot.profile},
      {"iterations", snapshot.iterations},
      {"window", snapshot.window},
      {"verdict", verdict_name(snapshot.verdict)},
      {"pass_count_last8", snapshot.pass_count},
      {"freeze_seen", snapshot.freeze_seen},
      {"freeze_ready", snapshot.freeze_ready},
      {"kpi_last8", kpis},
      {"guards_last8",
       {{"cooldown_count", snapshot.guards.cooldown},
        {"velocity_count", snapshot.guards.velocity},
        {"oscillation_count", snapshot.guards.oscillation},
        {"freeze_events", snapshot.guards.freeze}}},
      {"time_range",
       {{"first_iteration", snapshot.first_iteration},
        {"last_iteration", snapshot.last_iteration},
        {"first_utc", text_or_null(snapshot.first_utc)},
        {"last_utc", text_or_null(snapshot.last_utc)}}},
      {"kpi_gate_parity", snapshot.kpi_gate_parity ? Json(*snapshot.kpi_gate_parity) : Json(nullptr)},
      {"anomalies_count", snapshot.anomalies_count},
      {"signature_loops", snapshot.signature_loops},
  };
}

}  // namespace soak::analyze

// RECOMMENDATIONS.md.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analyze/reports.h"
#include "analyze/text.h"

namespace soak::analyze {
namespace {

constexpr double kCloseMargin = 0.05;  // of the threshold: passing, but not by much

struct Advice {
  double now = 0;
  double next = 0;
  bool up = false;
  bool contradicted = false;  // another failing KPI wants the other direction
  std::vector<std::string> reasons;
  std::string seen;
};

std::optional<double> one_step(const Registry& registry, const std::string& name, double now, bool up) {
  const Parameter* parameter = registry.find(name);
  const std::optional<double> step = parameter ? step_limit_at(*parameter, now) : std::nullopt;
  if (!step) return std::nullopt;
  double next = up ? now + *step : now - *step;
  if (parameter->min) next = std::max(next, *parameter->min);
  if (parameter->max) next = std::min(next, *parameter->max);
  // A whole number within the step: towards the present value.
  if (parameter->type == ParamType::kInteger) next = up ? std::floor(next) : std::ceil(next);
  return next;
}

void advise(const Explanation& failure, const journal::RunArtifacts& run,
            const std::vector<JudgedIteration>& judged, const Registry& registry,
            std::map<std::string, Advice>& advices) {
  if (failure.causes.empty() || failure.causes.front().value <= 0) return;
  const Kpi& kpi = *failure.kpi;
  const Cause& cause = *failure.causes.front().cause;
  const ParamValues& in_effect = run.iterations.back().effective;  // what the next step starts from
  for (const Lever& lever : cause.levers) {
    const auto now = in_effect.find(lever.parameter);
    if (now == in_effect.end() || !now->second.is_number()) continue;
    const double value = now->second.get<double>();
    const std::optional<double> next = one_step(registry, lever.parameter, value, lever.up);
    if (!next || *next == value) continue;
    const auto [it, fresh] =
        advices.try_emplace(lever.parameter, Advice{value, *next, lever.up, false, {}, ""});
    if (!fresh && it->second.up != lever.up) it->second.contradicted = true;
    it->second.reasons.push_back(fmt::format("{}: {}", kpi.title, cause.label));
    if (const auto seen = seen_effect(run, judged, kpi.name, lever.parameter);
        seen && it->second.seen.empty()) {
      it->second.seen = fmt::format("{} {} at {}, {} at {}", kpi.title, value_text(seen->kpi_at_low, kpi),
                                    number_text(seen->low, 4), value_text(seen->kpi_at_high, kpi),
                                    number_text(seen->high, 4));
    }
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

std::string advice_table(const std::map<std::string, Advice>& advices) {
  MarkdownTable table({"parameter", "in effect", "next", "because of", "seen in this run"});
  for (const auto& [name, advice] : advices) {
    table.row({"`" + name + "`", number_text(advice.now, 4),
               advice.contradicted ? "undecided" : number_text(advice.next, 4),
               joined(advice.reasons) + (advice.contradicted ? " (they pull in opposite directions)" : ""),
               advice.seen.empty() ? "it did not change" : advice.seen});
  }
  return table.text();
}

// Judged KPIs that pass, with a margin below 5 % of the threshold.
std::string close_calls(const Snapshot& snapshot, const Profile& profile) {
  MarkdownTable table({"KPI", "mean", "threshold", "margin"});
  for (const KpiStatistics& statistics : snapshot.kpis) {
    const Kpi& kpi = *find_kpi(profile, statistics.kpi);
    if (!statistics.mean || kpi.threshold == 0) continue;
    const double distance = *statistics.mean - kpi.threshold;
    const double margin =
        (kpi.direction == Direction::kAtLeast ? distance : -distance) / std::fabs(kpi.threshold);
    if (margin < 0 || margin >= kCloseMargin) continue;
    table.row({kpi.title, value_text(*statistics.mean, kpi), threshold_text(kpi), percent_text(margin)});
  }
  return table.empty() ? "" : "\n## Close to a threshold\n\n" + table.text();
}

std::string values_in_effect(const journal::RunArtifacts& run, const Registry& registry) {
  if (run.iterations.empty()) return "";
  MarkdownTable table({"parameter", "value", "unit"});
  for (const Parameter& parameter : registry.all()) {
    const auto it = run.iterations.back().effective.find(parameter.name);
    if (!parameter.tuned() || it == run.iterations.back().effective.end()) continue;
    table.row({"`" + parameter.name + "`",
               it->second.is_number() ? number_text(it->second.get<double>(), 6) : it->second.dump(),
               parameter.unit});
  }
  if (table.empty()) return "";
  return fmt::format("\n## In effect in iteration {}\n\n{}", run.iterations.back().record.iteration,
                     table.text());
}

}  // namespace

std::string recommendations_markdown(const journal::RunArtifacts& run, const Profile& profile,
                                     const Registry& registry) {
  const std::vector<JudgedIteration> judged = judge_run(run, profile);
  const std::vector<Explanation> failures = explain_failures(run, profile);
  const Snapshot snapshot = take_snapshot(run, profile);
  std::map<std::string, Advice> advices;
  for (const Explanation& failure : failures) advise(failure, run, judged, registry, advices);
  std::string text = "# Recommendations\n\n";
  if (failures.empty()) {
    text += snapshot.window == 0
                ? "Nothing was measured.\n"
                : "Every judged KPI passed in the whole window: leave the parameters as they are.\n";
  } else if (advices.empty()) {
    text +=
        "KPIs failed, but their components or the parameters in effect were not reported: there is nothing "
        "measured to advise on.\n";
  } else {
    text += "One step each, within bounds and step limits; change one group at a time and run again.\n\n" +
            advice_table(advices);
  }
  return text + close_calls(snapshot, profile) + values_in_effect(run, registry);
}

}  // namespace soak::analyze

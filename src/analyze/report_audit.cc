// POST_SOAK_AUDIT.md.

#include <fmt/format.h>

#include <algorithm>

#include "analyze/reports.h"
#include "analyze/statistics.h"
#include "analyze/text.h"
#include "base/plural.h"

namespace soak::analyze {
namespace {

constexpr std::size_t kRowsMax = 20;  // of a list that could grow with the run

std::string utc_range(const Snapshot& snapshot) {
  if (snapshot.first_utc.empty() && snapshot.last_utc.empty()) return "not recorded";
  return snapshot.first_utc + " – " + snapshot.last_utc;
}

std::string facts_section(const journal::RunArtifacts& run, const Snapshot& snapshot) {
  MarkdownTable table({"fact", "value"});
  if (run.header) {
    table.row({"run", run.header->run_id});
    table.row({"iterations asked for", std::to_string(run.header->iterations)});
  }
  table.row({"iterations found", std::to_string(snapshot.iterations)});
  table.row({"window", fmt::format("iterations {} – {}", snapshot.first_iteration, snapshot.last_iteration)});
  table.row({"ended (UTC)", utc_range(snapshot)});
  table.row({"KPI profile", snapshot.profile});
  table.row({"recorded verdicts", !snapshot.kpi_gate_parity   ? "none recorded"
                                  : *snapshot.kpi_gate_parity ? "agree with this judgement"
                                                              : "differ from this judgement"});
  return table.text();
}

// The mean of a KPI over a range of judged iterations, as text.
std::string mean_text(const std::vector<JudgedIteration>& range, const Kpi& kpi) {
  std::vector<double> values;
  for (const JudgedIteration& judged : range) {
    if (const auto it = judged.kpis.find(kpi.name); it != judged.kpis.end()) values.push_back(it->second);
  }
  const std::optional<double> mean = mean_of(values);
  return mean ? value_text(*mean, kpi) : "no data";
}

std::string kpi_section(const std::vector<JudgedIteration>& judged, const Profile& profile) {
  const std::vector<JudgedIteration> last = window_of(judged, profile);
  const std::vector<JudgedIteration> first(judged.begin(),
                                           judged.begin() + static_cast<std::ptrdiff_t>(last.size()));
  MarkdownTable table({"KPI", "threshold", fmt::format("first {} (mean)", first.size()),
                       fmt::format("last {} (mean)", last.size()), "passed in the last"});
  for (const Kpi& kpi : profile.kpis) {
    int passed = 0;
    int judged_in = 0;
    for (const JudgedIteration& one : last) {
      for (const KpiVerdict& verdict : one.verdicts) {
        if (verdict.kpi != kpi.name) continue;
        ++judged_in;
        passed += verdict.passed ? 1 : 0;
      }
    }
    table.row({kpi.title, kpi.judged ? threshold_text(kpi) : "not judged", mean_text(first, kpi),
               mean_text(last, kpi), kpi.judged ? fmt::format("{} of {}", passed, judged_in) : ""});
  }
  return "\n## KPIs\n\n" + table.text();
}

std::string outcome_text(const journal::IterationFacts& facts) {
  const journal::Tuning& tuning = facts.record.tuning;
  if (tuning.proposed_deltas.empty()) return "nothing proposed";
  std::string names;
  for (const auto& [name, value] : tuning.proposed_deltas) names += (names.empty() ? "" : ", ") + name;
  if (tuning.applied) return "applied: " + names;
  const std::string note = tuning.skip_reason ? tuning.skip_reason->note : "";
  return "held" + (note.empty() ? std::string() : " (" + note + ")") + ": " + names;
}

std::string guards_text(const GuardFlags& guards) {
  std::string text;
  for (const auto& [set, name] :
       {std::pair(guards.freeze_triggered, "freeze"), std::pair(guards.oscillation_detected, "oscillation"),
        std::pair(guards.velocity_violation, "velocity"), std::pair(guards.cooldown_active, "cooldown")}) {
    if (set) text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

std::string iterations_section(const journal::RunArtifacts& run, const std::vector<JudgedIteration>& window,
                               const Profile& profile) {
  std::vector<std::string> head = {"iteration"};
  for (const Kpi& kpi : profile.kpis) {
    if (kpi.judged) head.push_back(kpi.title);
  }
  head.insert(head.end(), {"passes", "guards", "proposal"});
  MarkdownTable table(head);
  for (std::size_t i = 0; i < window.size(); ++i) {
    const journal::IterationFacts& facts = run.iterations[run.iterations.size() - window.size() + i];
    std::vector<std::string> row = {std::to_string(window[i].iteration)};
    for (const Kpi& kpi : profile.kpis) {
      if (!kpi.judged) continue;
      const auto it = window[i].kpis.find(kpi.name);
      row.push_back(it == window[i].kpis.end() ? "no data" : value_text(it->second, kpi));
    }
    row.insert(row.end(),
               {window[i].passed ? "yes" : "**no**", guards_text(facts.summary_guards), outcome_text(facts)});
    table.row(std::move(row));
  }
  return fmt::format("\n## The last {}\n\n{}", base::plural(window.size(), "iteration"), table.text());
}

std::string parameters_section(const journal::RunArtifacts& run, const Registry& registry) {
  if (run.iterations.empty()) return "";
  const ParamValues& first = run.iterations.front().effective;
  const ParamValues& last = run.iterations.back().effective;
  MarkdownTable table({"parameter", "first iteration", "last iteration", "unit"});
  for (const Parameter& parameter : registry.all()) {
    const auto from = first.find(parameter.name);
    const auto to = last.find(parameter.name);
    if (from == first.end() || to == last.end() || same_value(from->second, to->second)) continue;
    const auto shown = [](const Json& value) {
      return value.is_number() ? number_text(value.get<double>(), 6) : value.dump();
    };
    table.row({"`" + parameter.name + "`", shown(from->second), shown(to->second), parameter.unit});
  }
  return "\n## Parameters that moved\n\n" + (table.empty() ? std::string("None.\n") : table.text());
}

std::string anomalies_section(const std::vector<JudgedIteration>& window, const Profile& profile) {
  const std::vector<Anomaly> anomalies = find_anomalies(window, profile);
  if (anomalies.empty()) return "\n## Anomalies\n\nNone in the window.\n";
  MarkdownTable table({"iteration", "KPI", "value", "median of the window"});
  for (std::size_t i = 0; i < std::min(anomalies.size(), kRowsMax); ++i) {
    const Anomaly& anomaly = anomalies[i];
    const Kpi& kpi = *find_kpi(profile, anomaly.kpi);
    table.row({std::to_string(anomaly.iteration), kpi.title,
               anomaly.value ? value_text(*anomaly.value, kpi) : "no data",
               anomaly.value ? value_text(anomaly.median, kpi) : ""});
  }
  const std::string more =
      anomalies.size() > kRowsMax ? fmt::format("\nand {} more.\n", anomalies.size() - kRowsMax) : "";
  return "\n## Anomalies\n\n" + table.text() + more;
}

std::string notes_section(const journal::RunArtifacts& run) {
  if (run.notes.empty()) return "";
  std::string text = "\n## Notes on the artifacts\n\n";
  for (std::size_t i = 0; i < std::min(run.notes.size(), kRowsMax); ++i)
    text += "- " + markdown_escape(run.notes[i]) + "\n";
  if (run.notes.size() > kRowsMax) text += fmt::format("- and {} more\n", run.notes.size() - kRowsMax);
  return text;
}

}  // namespace

std::string audit_markdown(const journal::RunArtifacts& run, const Profile& profile,
                           const Registry& registry) {
  const Snapshot snapshot = take_snapshot(run, profile);
  const std::vector<JudgedIteration> judged = judge_run(run, profile);
  const std::vector<JudgedIteration> window = window_of(judged, profile);
  std::string text =
      fmt::format("# Post-soak audit: {}\n\n{} ({} must), {} freeze was seen.\n\n",
                  verdict_name(snapshot.verdict), passing_text(snapshot.pass_count, snapshot.window),
                  profile.pass_at_least, snapshot.freeze_seen ? "a" : "no");
  text +=
      facts_section(run, snapshot) + kpi_section(judged, profile) + iterations_section(run, window, profile);
  text += fmt::format(
      "\nGuards in the window: freeze {}, oscillation {}, velocity {}, cooldown {}. Signature loops: {}.\n",
      snapshot.guards.freeze, snapshot.guards.oscillation, snapshot.guards.velocity, snapshot.guards.cooldown,
      snapshot.signature_loops);
  return text + parameters_section(run, registry) + anomalies_section(window, profile) + notes_section(run);
}

}  // namespace soak::analyze

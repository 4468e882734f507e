// FAILURES.md.

#include <fmt/format.h>

#include <algorithm>

#include "analyze/reports.h"
#include "analyze/text.h"
#include "base/plural.h"

namespace soak::analyze {
namespace {

std::string iterations_text(const Explanation& failure) {
  return fmt::format("{} of {}", failure.failed_in.size(), failure.judged_in);
}

std::string amount(double value, const std::string& unit) {
  return number_text(value, 2) + (unit.empty() ? "" : " " + unit);
}

// "Adverse selection took 4.1 of 5.6 bps gross edge (73 %)."
std::string headline(const Explanation& failure) {
  const Breakdown& breakdown = *failure.kpi->breakdown;
  const MeasuredCause& largest = failure.causes.front();
  std::string label = largest.cause->label;
  if (!label.empty() && label[0] >= 'a' && label[0] <= 'z')
    label[0] = static_cast<char>(label[0] - 'a' + 'A');
  std::string text = "**" + markdown_escape(label) + ": ";
  if (failure.whole && *failure.whole > 0 && breakdown.source.numerator != largest.cause->source.numerator) {
    text += fmt::format("{} of {} {} ({})**", number_text(largest.value, 2),
                        amount(*failure.whole, breakdown.unit), breakdown.whole,
                        percent_text(largest.value / *failure.whole));
  } else {
    text += fmt::format("{}**", amount(largest.value, breakdown.unit));
  }
  const std::string meaning = fill_in(largest.cause->meaning, failure.in_effect);
  return text + (meaning.empty() ? "" : ": " + meaning) + ".\n";
}

// The whole itself misses the threshold: costs are not the (only) reason.
std::string whole_too_small(const Explanation& failure) {
  const Breakdown& breakdown = *failure.kpi->breakdown;
  const bool same_measure =
      failure.kpi->direction == Direction::kAtLeast && breakdown.unit == failure.kpi->unit && failure.whole;
  if (!same_measure || *failure.whole >= failure.kpi->threshold) return "";
  return fmt::format(
      "\nThe {} itself is {}, below the threshold of {}: no saving on costs alone can reach it.\n",
      breakdown.whole, amount(*failure.whole, breakdown.unit),
      amount(failure.kpi->threshold, breakdown.unit));
}

std::string components(const Explanation& failure) {
  const Breakdown& breakdown = *failure.kpi->breakdown;
  if (failure.causes.size() < 2) return "";
  MarkdownTable table(
      {"component", breakdown.unit.empty() ? "amount" : breakdown.unit, "share of " + breakdown.whole});
  for (const MeasuredCause& measured : failure.causes) {
    const bool share = failure.whole && *failure.whole > 0;
    table.row({measured.cause->label, number_text(measured.value, 2),
               share ? percent_text(measured.value / *failure.whole) : "–"});
  }
  return "\n" + table.text();
}

std::string measured_figures(const Explanation& failure) {
  std::string text;
  for (const MeasuredFigure& measured : failure.figures) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", measured.figure->label,
                        number_text(measured.value, 2));
  }
  return text.empty() ? "" : fmt::format("\nMeasured: {}.\n", markdown_escape(text));
}

std::string in_effect(const Explanation& failure, const Registry& registry,
                      const std::vector<Lever>& levers) {
  std::string text;
  for (const Lever& lever : levers) {
    const auto it = failure.in_effect.find(lever.parameter);
    if (it == failure.in_effect.end() || !it->second.is_number()) continue;
    const Parameter* parameter = registry.find(lever.parameter);
    text += fmt::format(
        "{}{} = {}{}", text.empty() ? "" : ", ", lever.parameter, number_text(it->second.get<double>(), 4),
        parameter && !parameter->unit.empty() && parameter->unit.size() <= 4 ? " " + parameter->unit : "");
  }
  return text.empty() ? ""
                      : fmt::format("\nIn effect in iteration {}: {}.\n", failure.failed_in.back(),
                                    markdown_escape(text));
}

std::string reason(const Explanation& failure, const Registry& registry) {
  if (failure.without_data == static_cast<int>(failure.failed_in.size())) {
    return "No data: the target reported no number for it, and the profile counts that as failed.\n";
  }
  if (!failure.causes.empty() && failure.causes.front().value > 0) {
    std::string text =
        headline(failure) + whole_too_small(failure) + components(failure) + measured_figures(failure);
    text += in_effect(failure, registry, failure.causes.front().cause->levers);
    return text + fmt::format("\nMeans over the {} that a report speaks of.\n",
                              base::plural(failure.measured_in, "failing iteration"));
  }
  if (!failure.causes.empty())
    return "No component took anything in the failing iterations.\n" + whole_too_small(failure);
  if (!failure.drivers.empty()) {
    return fmt::format(
        "The artifacts hold no components; the run itself named `{}` as its largest cost in {} of the {}.\n",
        markdown_escape(failure.drivers.front().first), failure.drivers.front().second,
        base::plural(failure.failed_in.size(), "iteration"));
  }
  return "The artifacts hold no target reports, so its components were not measured.\n";
}

std::string section(const Explanation& failure, const Registry& registry) {
  const Kpi& kpi = *failure.kpi;
  return fmt::format("\n## {}: {}, threshold {}\n\n{}", markdown_escape(kpi.title),
                     failure.mean ? value_text(*failure.mean, kpi) : "no data", threshold_text(kpi),
                     reason(failure, registry));
}

std::string summary_table(const std::vector<Explanation>& failures) {
  MarkdownTable table({"KPI", "threshold", "failed in", "mean there", "worst"});
  for (const Explanation& failure : failures) {
    const Kpi& kpi = *failure.kpi;
    table.row({fmt::format("{} (`{}`)", kpi.title, kpi.name), threshold_text(kpi), iterations_text(failure),
               failure.mean ? value_text(*failure.mean, kpi) : "no data",
               failure.worst ? fmt::format("{} (iteration {})", value_text(*failure.worst, kpi),
                                           failure.worst_iteration)
                             : "no data"});
  }
  return table.text();
}

// Why no freeze was seen: how often the steady-state conditions held, each alone and all together.
std::string freeze_section(const journal::RunArtifacts& run, const Profile& profile) {
  const std::vector<JudgedIteration> window = window_of(judge_run(run, profile), profile);
  const auto steady = std::count_if(window.begin(), window.end(),
                                    [&](const auto& one) { return is_steady(profile, one.kpis); });
  MarkdownTable table({"condition", "held in"});
  for (const Condition& condition : profile.steady) {
    Profile alone;
    alone.steady = {condition};
    const auto held = std::count_if(window.begin(), window.end(),
                                    [&](const auto& one) { return is_steady(alone, one.kpis); });
    table.row(
        {fmt::format("`{}` {}", condition.kpi, threshold_text(condition.direction, condition.threshold)),
         fmt::format("{} of {}", held, window.size())});
  }
  std::string text = fmt::format(
      "\n## No freeze\n\nNo iteration of the window has the freeze flag. It is set after two steady "
      "iterations in a row; "
      "{} of {} {} steady.\n",
      steady, window.size(), steady == 1 ? "was" : "were");
  return table.empty() ? text : text + "\n" + table.text();
}

}  // namespace

std::string failures_markdown(const journal::RunArtifacts& run, const Profile& profile,
                              const Registry& registry) {
  const Snapshot snapshot = take_snapshot(run, profile);
  const std::vector<Explanation> failures = explain_failures(run, profile);
  std::string text = fmt::format("# Failures\n\nProfile `{}`: {}, {} must.\n\n", profile.name,
                                 passing_text(snapshot.pass_count, snapshot.window), profile.pass_at_least);
  text += failures.empty() ? "No KPI failed in the window.\n" : summary_table(failures);
  for (const Explanation& failure : failures) text += section(failure, registry);
  if (!snapshot.freeze_seen && snapshot.window > 0) text += freeze_section(run, profile);
  return text;
}

}  // namespace soak::analyze

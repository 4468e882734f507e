#include <algorithm>
#include <cctype>
#include <map>

#include "analyze/snapshot.h"
#include "export/plot.h"

namespace soak::exporting {
namespace {

using Named = std::vector<std::pair<std::string, std::string>>;

std::optional<double> number_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

// A name as part of a file's: whatever is no letter, digit, "_" or "-" becomes "-", and no two are the same.
void add_plot(Named& plots, const char* kind, const std::string& name, const Plot& plot) {
  std::string file = kind;
  for (const char letter : name) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-';
    file += plain ? letter : '-';
  }
  std::string unique = file;
  const auto taken = [&] {
    return std::any_of(plots.begin(), plots.end(),
                       [&](const auto& one) { return one.first == unique + ".svg"; });
  };
  for (int k = 2; taken(); ++k) unique = file + "-" + std::to_string(k);
  plots.emplace_back(unique + ".svg", plot_svg(plot));
}

Plot kpi_plot(const journal::RunArtifacts& run, const analyze::Profile& profile, const analyze::Kpi& kpi) {
  Plot plot;
  plot.title = kpi.title.empty() ? kpi.name : kpi.title;
  plot.x_label = "iteration";
  plot.y_label = kpi.unit.empty() ? kpi.name : kpi.name + ", " + kpi.unit;
  PlotLine line{kpi.name, LineStyle::kLine, {}};
  for (const journal::IterationFacts& facts : run.iterations) {
    const journal::Kpis kpis = analyze::as_ratios(facts.record.summary.kpis, profile, run.foreign);
    const auto value = kpis.find(kpi.name);
    if (value != kpis.end())
      line.points.emplace_back(static_cast<double>(facts.record.iteration), value->second);
  }
  plot.lines.push_back(std::move(line));
  if (kpi.judged) plot.threshold = {kpi.threshold, kpi.direction == analyze::Direction::kAtLeast};
  return plot;
}

// What a proposal asked for and what was applied stand at the iteration at whose end they were made.
struct ParameterLines {
  PlotLine effective{"in effect", LineStyle::kSteps, {}};
  PlotLine applied{"applied", LineStyle::kSteps, {}};
  PlotLine proposed{"proposed", LineStyle::kMarks, {}};
};

std::map<std::string, ParameterLines> parameter_lines(const journal::RunArtifacts& run) {
  std::map<std::string, ParameterLines> found;
  for (const journal::IterationFacts& facts : run.iterations) {
    const auto x = static_cast<double>(facts.record.iteration);
    for (const auto& [name, value] : facts.effective) {
      if (const auto y = number_of(value)) found[name].effective.points.emplace_back(x, *y);
    }
    for (const auto& [name, value] : facts.record.tuning.proposed_deltas) {
      const auto y = number_of(value);
      if (!y) continue;
      found[name].proposed.points.emplace_back(x, *y);
      if (facts.record.tuning.applied) found[name].applied.points.emplace_back(x, *y);
    }
  }
  return found;
}

}  // namespace

Named run_plots(const journal::RunArtifacts& run, const analyze::Profile& profile, const Registry& registry) {
  Named plots;
  for (const analyze::Kpi& kpi : profile.kpis) {
    const Plot plot = kpi_plot(run, profile, kpi);
    if (!plot.lines.front().points.empty()) add_plot(plots, "kpi_", kpi.name, plot);
  }
  for (auto& [name, lines] : parameter_lines(run)) {
    const auto* known = registry.find(name);
    Plot plot;
    plot.title = name;
    plot.x_label = "iteration";
    plot.y_label = known == nullptr || known->unit.empty() ? name : known->unit;
    plot.lines = {std::move(lines.effective), std::move(lines.applied), std::move(lines.proposed)};
    add_plot(plots, "parameter_", name, plot);
  }
  return plots;
}

}  // namespace soak::exporting

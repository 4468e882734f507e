#pragma once
// Plots of a run as SVG: each KPI with its threshold, each parameter as proposed, applied and in effect. For
// paper and for pages: black on white, told apart by line style as well as by color. Pure.

#include <soak/params.h>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyze/profile.h"
#include "journal/artifacts.h"

namespace soak::exporting {

enum class LineStyle { kLine, kSteps, kMarks };

struct PlotLine {
  std::string label;
  LineStyle style = LineStyle::kLine;
  std::vector<std::pair<double, double>> points;  // x ascending; y finite
};

struct PlotThreshold {
  double value = 0;
  bool good_above = false;
};

struct Plot {
  std::string title, x_label, y_label;
  std::vector<PlotLine> lines;  // drawn in this order; at most kPlotLinesMax
  std::optional<PlotThreshold> threshold;
};
inline constexpr std::size_t kPlotLinesMax = 4;

// One SVG document of 960 × 320. Of a line with more points than it has room for, each stretch is drawn by
// its least and greatest, so that no outlier is lost. Without a point: the axes, and "no data".
std::string plot_svg(const Plot& plot);

// Ticks at 1, 2 or 5 times a power of ten, from the first at or above `low` to the last at or below `high`;
// about `wanted` of them, low < high.
std::vector<double> nice_ticks(double low, double high, int wanted);

// File name → SVG: "kpi_net_bps.svg" for each KPI with data, "parameter_min_interval_ms.svg" for each numeric
// parameter that was in effect or proposed.
std::vector<std::pair<std::string, std::string>> run_plots(const journal::RunArtifacts& run,
                                                           const analyze::Profile& profile,
                                                           const Registry& registry);

}  // namespace soak::exporting

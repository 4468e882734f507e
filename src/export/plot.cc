#include "export/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "export/xml.h"

namespace soak::exporting {
namespace {

constexpr double kWidth = 960, kHeight = 320;
constexpr double kLeft = 74, kRight = 16, kTop = 54, kBottom = 44;
constexpr double kInnerWidth = kWidth - kLeft - kRight, kInnerHeight = kHeight - kTop - kBottom;
constexpr std::size_t kPointsMax = 1600;  // about two a pixel
// The colors of Okabe and Ito, which most color-blind people tell apart (jfly.uni-koeln.de/color).
constexpr const char* kColors[kPlotLinesMax] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7"};
constexpr const char* kDashes[kPlotLinesMax] = {"", "6 3", "2 3", "8 3 2 3"};

using Point = std::pair<double, double>;

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
  // Room at both ends, and some where all values are the same.
  Range widened() const {
    const double room = high > low ? (high - low) * 0.06 : std::max(std::abs(low) * 0.1, 1e-9);
    return {low - room, high + room};
  }
};

struct Axes {
  Range x, y;
  double left(double value) const { return kLeft + (value - x.low) / (x.high - x.low) * kInnerWidth; }
  double top(double value) const { return kTop + (y.high - value) / (y.high - y.low) * kInnerHeight; }
};

// Least and greatest of each stretch, in their order.
std::vector<Point> thinned(const std::vector<Point>& points) {
  if (points.size() <= kPointsMax) return points;
  std::vector<Point> kept;
  const std::size_t stretch = (points.size() * 2 + kPointsMax - 1) / kPointsMax;
  for (std::size_t from = 0; from < points.size(); from += stretch) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(std::min(points.size(), from + stretch));
    auto [least, greatest] =
        std::minmax_element(begin, end, [](const Point& a, const Point& b) { return a.second < b.second; });
    if (greatest < least) std::swap(least, greatest);
    kept.push_back(*least);
    if (least != greatest) kept.push_back(*greatest);
  }
  return kept;
}

std::string path_of(const PlotLine& line, const Axes& axes) {
  std::string path;
  double before = 0;
  for (const auto& [x, y] : thinned(line.points)) {
    const double left = axes.left(x), top = axes.top(y);
    if (path.empty()) {
      path = fmt::format("M{:.1f} {:.1f}", left, top);
    } else if (line.style == LineStyle::kSteps) {
      path += fmt::format("H{:.1f}V{:.1f}", left, top);
    } else {
      path += fmt::format("L{:.1f} {:.1f}", left, top);
    }
    before = left;
  }
  if (line.style == LineStyle::kSteps && before < axes.left(axes.x.high))
    path += fmt::format("H{:.1f}", axes.left(axes.x.high));
  return path;
}

std::string drawn(const PlotLine& line, std::size_t index, const Axes& axes) {
  if (line.points.empty()) return {};
  if (line.style == LineStyle::kMarks) {
    std::string text;
    for (const auto& [x, y] : thinned(line.points))
      text += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\" fill=\"none\" stroke=\"{}\"/>\n",
                          axes.left(x), axes.top(y), kColors[index]);
    return text;
  }
  return fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-dasharray=\"{}\"/>\n",
      path_of(line, axes), kColors[index], *kDashes[index] != '\0' ? kDashes[index] : "none");
}

std::string text_at(double x, double y, const char* anchor, const std::string& text, const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     xml_escaped(text));
}

std::string grid(const Axes& axes) {
  std::string text;
  for (const double tick : nice_ticks(axes.y.low, axes.y.high, 5)) {
    text +=
        fmt::format("<path d=\"M{} {:.1f}H{}\" stroke=\"#ddd\"/>\n", kLeft, axes.top(tick), kWidth - kRight);
    text += text_at(kLeft - 8, axes.top(tick) + 4, "end", fmt::format("{:.6g}", tick));
  }
  for (const double tick : nice_ticks(axes.x.low, axes.x.high, 10)) {
    if (tick != std::floor(tick)) continue;  // iterations are whole
    text += text_at(axes.left(tick), kHeight - kBottom + 18, "middle", fmt::format("{:.0f}", tick));
  }
  return text + fmt::format("<path d=\"M{0} {1}V{2}H{3}\" fill=\"none\" stroke=\"#555\"/>\n", kLeft, kTop,
                            kHeight - kBottom, kWidth - kRight);
}

// The side that does not pass is shaded.
std::string threshold_drawn(const PlotThreshold& threshold, const Axes& axes) {
  const double at = std::clamp(axes.top(threshold.value), kTop, kHeight - kBottom);
  const double from = threshold.good_above ? at : kTop;
  const double to = threshold.good_above ? kHeight - kBottom : at;
  return fmt::format(
      "<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" fill=\"#d55e00\" fill-opacity=\"0.08\"/>\n"
      "<path d=\"M{} {:.1f}H{}\" stroke=\"#d55e00\" stroke-dasharray=\"7 4\"/>\n",
      kLeft, from, kInnerWidth, to - from, kLeft, at, kWidth - kRight);
}

std::string legend(const Plot& plot) {
  std::string text;
  double x = kLeft;
  const auto entry = [&](const std::string& label, const std::string& mark) {
    text += fmt::format("<g transform=\"translate({:.1f} 38)\">{}</g>\n", x, mark) +
            text_at(x + 30, 42, "start", label);
    x += 44 + 7.2 * static_cast<double>(label.size());
  };
  for (std::size_t k = 0; k < plot.lines.size() && k < kPlotLinesMax; ++k) {
    entry(
        plot.lines[k].label,
        plot.lines[k].style == LineStyle::kMarks
            ? fmt::format("<circle cx=\"12\" r=\"3.2\" fill=\"none\" stroke=\"{}\"/>", kColors[k])
            : fmt::format("<path d=\"M0 0H24\" stroke=\"{}\" stroke-width=\"1.6\" stroke-dasharray=\"{}\"/>",
                          kColors[k], *kDashes[k] != '\0' ? kDashes[k] : "none"));
  }
  if (plot.threshold) {
    entry(fmt::format("threshold: at {} {:.6g}", plot.threshold->good_above ? "least" : "most",
                      plot.threshold->value),
          "<path d=\"M0 0H24\" stroke=\"#d55e00\" stroke-dasharray=\"7 4\"/>");
  }
  return text;
}

Axes axes_of(const Plot& plot) {
  Axes axes;
  for (const PlotLine& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      axes.x.take(x);
      axes.y.take(y);
    }
  }
  if (axes.x.empty()) return {{0, 1}, {0, 1}};
  if (plot.threshold) axes.y.take(plot.threshold->value);
  if (axes.x.low == axes.x.high) axes.x = {axes.x.low - 0.5, axes.x.high + 0.5};
  axes.y = axes.y.widened();
  return axes;
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int wanted) {
  const double rough = (high - low) / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double step = rough <= power       ? power
                      : rough <= 2 * power ? 2 * power
                      : rough <= 5 * power ? 5 * power
                                           : 10 * power;
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  if (!(last - first < 100)) return ticks;  // the values are too large for their differences to be told apart
  for (int k = 0; k <= static_cast<int>(last - first); ++k) ticks.push_back((first + k) * step + 0.0);
  return ticks;
}

std::string plot_svg(const Plot& plot) {
  const Axes axes = axes_of(plot);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "role=\"img\" aria-label=\"{2}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\" "
      "fill=\"#222\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
      kWidth, kHeight, xml_escaped(plot.title));
  text += text_at(kLeft, 22, "start", plot.title, " font-size=\"15\" font-weight=\"bold\"");
  if (plot.threshold) text += threshold_drawn(*plot.threshold, axes);
  text += grid(axes) + legend(plot);
  bool any = false;
  for (std::size_t k = 0; k < plot.lines.size() && k < kPlotLinesMax; ++k) {
    text += drawn(plot.lines[k], k, axes);
    any = any || !plot.lines[k].points.empty();
  }
  if (!any) text += text_at(kLeft + kInnerWidth / 2, kTop + kInnerHeight / 2, "middle", "no data");
  text += text_at(kLeft + kInnerWidth / 2, kHeight - 8, "middle", plot.x_label);
  text +=
      fmt::format("<text transform=\"translate(16 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                  kTop + kInnerHeight / 2, xml_escaped(plot.y_label));
  return text + "</svg>\n";
}

}  // namespace soak::exporting

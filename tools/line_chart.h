// A line chart as inline SVG: no scripts, no fonts of its own, prints like text.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mirst {

struct LineSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< (x, y), x rising; more than some hundred are thinned
};

enum class AxisScale { kLinear, kLogarithmic };

struct LineChart {
  std::string x_label, y_label;
  AxisScale x_scale = AxisScale::kLinear;
  double x_low = 0, x_high = 1;  ///< of the axis; with kLogarithmic powers of ten, points below are drawn at x_low
  double y_low = 0, y_high = 1;
  std::vector<LineSeries> series;  ///< six colours, then again from the first
};

/// An <svg> element of 520 x 300 units that scales with its place. The key stands above the curves; series
/// without points are in it alone.
std::string LineChartSvg(const LineChart& chart);

}  // namespace mirst

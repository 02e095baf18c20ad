#include "tools/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "tools/html_report.h"

namespace mirst {
namespace {

constexpr double kWidth = 520, kHeight = 300, kLeft = 62, kRight = 508, kTop = 14, kBottom = 250, kKeyLine = 16;
constexpr std::array<std::string_view, 6> kColours = {"#1f4e8c", "#c1440e", "#2d8659", "#7a4ea3", "#b8860b", "#555555"};

/// 1, 2 or 5 times a power of ten, so that five steps or fewer reach over `span`.
double TickStep(double span) {
  const double power = std::pow(10.0, std::floor(std::log10(span / 5)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power * 5 >= span) return factor * power;
  }
  return 10 * power;
}

std::vector<double> Ticks(double low, double high) {
  std::vector<double> ticks;
  const double step = TickStep(high - low);
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) ticks.push_back(i * step + 0.0);
  return ticks;
}

}  // namespace

std::string LineChartSvg(const LineChart& chart) {
  const double top = kTop + kKeyLine * static_cast<double>(chart.series.size());
  const bool logarithmic = chart.x_scale == AxisScale::kLogarithmic;
  const auto along = [&](double x) { return logarithmic ? std::log10(std::max(x, chart.x_low)) : x; };
  const double x_low = along(chart.x_low), x_span = along(chart.x_high) - x_low;
  const auto x_of = [&](double x) { return kLeft + (kRight - kLeft) * (along(x) - x_low) / x_span; };
  const auto y_of = [&](double y) {
    return kBottom -
           (kBottom - top) * (std::clamp(y, chart.y_low, chart.y_high) - chart.y_low) / (chart.y_high - chart.y_low);
  };

  std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n", kWidth, kHeight);
  for (const double y : Ticks(chart.y_low, chart.y_high)) {
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n",
        kLeft, y_of(y), kRight, kLeft - 7, y_of(y) + 4, y);
  }
  std::vector<double> x_ticks;
  if (logarithmic) {
    for (double exponent = std::ceil(x_low); exponent <= x_low + x_span + 1e-9; ++exponent)
      x_ticks.push_back(std::pow(10.0, exponent));
  } else {
    x_ticks = Ticks(chart.x_low, chart.x_high);
  }
  for (const double x : x_ticks) {
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{:.1f} {}V{}\"/><text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g}</text>\n",
        x_of(x), top, kBottom, x_of(x), kBottom + 18, x);
  }
  svg += fmt::format("<path class=\"axis\" d=\"M{0} {1}V{2}H{3}\"/>\n", kLeft, top, kBottom, kRight);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (kLeft + kRight) / 2, kHeight - 6,
                     Escaped(chart.x_label));
  svg += fmt::format("<text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                     (top + kBottom) / 2, Escaped(chart.y_label));
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const LineSeries& series = chart.series[i];
    const std::string_view colour = kColours[i % kColours.size()];
    std::string path;
    double last_x = -1e9, last_y = -1e9;
    for (std::size_t k = 0; k < series.points.size(); ++k) {
      const double x = x_of(series.points[k].first), y = y_of(series.points[k].second);
      const bool is_end = k == 0 || k + 1 == series.points.size();
      if (!is_end && std::abs(x - last_x) < 1 && std::abs(y - last_y) < 1) continue;  // closer than one can see
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
      last_x = x;
      last_y = y;
    }
    if (series.points.size() == 1)
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", last_x, last_y, colour);
    if (!path.empty()) svg += fmt::format("<path class=\"line\" stroke=\"{}\" d=\"{}\"/>\n", colour, path);
    const double key_y = kTop + 6 + kKeyLine * static_cast<double>(i);
    svg += fmt::format(
        "<path class=\"line\" stroke=\"{}\" d=\"M{} {}h18\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
        colour, kRight - 22, key_y - 4, kRight - 28, key_y, Escaped(series.name));
  }
  return svg + "</svg>\n";
}

}  // namespace mirst

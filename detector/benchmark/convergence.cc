#include "detector/benchmark/convergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

constexpr double kMostOpenRise = 0.5;  // share of the IoU by which it may still rise, for all that the curve tells

/// The 0.975 quantile of Student's t; between tabulated degrees of freedom that of fewer, which is wider.
double StudentT(std::size_t freedom) {
  constexpr std::array<double, 30> kTable = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                             2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                             2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  return kTable[std::min(freedom, kTable.size()) - 1];
}

std::vector<std::string> CellsOf(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  return cells;
}

std::vector<ValidationPoint> LastThird(const std::vector<ValidationPoint>& curve) {
  return {curve.end() - static_cast<std::ptrdiff_t>((curve.size() + 2) / 3), curve.end()};
}

}  // namespace

std::vector<ValidationPoint> ReadValidationCurve(const std::filesystem::path& val_log) {
  return InContext(val_log.string(), [&] {
    std::istringstream lines(ReadFile(val_log));
    std::string line;
    std::getline(lines, line);
    const std::vector<std::string> columns = CellsOf(line);
    const auto place = [&](const char* name) {
      const auto it = std::find(columns.begin(), columns.end(), name);
      if (it == columns.end()) throw BadInput(fmt::format("the column '{}' is missing", name));
      return static_cast<std::size_t>(it - columns.begin());
    };
    const std::size_t step = place("step"), iou = place("iou_seq");
    std::vector<ValidationPoint> curve;
    while (std::getline(lines, line)) {
      const std::vector<std::string> cells = CellsOf(line);
      const auto number = [&](std::size_t column) {
        const std::string text = column < cells.size() ? cells[column] : "";
        double value = 0;
        if (text.empty()) return value;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (fault != std::errc() || end != text.data() + text.size())
          throw BadInput(fmt::format("'{}' is no number", text));
        return value;
      };
      curve.push_back({number(step), number(iou)});
    }
    return curve;
  });
}

std::optional<Slope> SlopeOfLastThird(const std::vector<ValidationPoint>& curve) {
  const std::vector<ValidationPoint> points = LastThird(curve);
  if (points.size() < 3) return std::nullopt;
  const auto n = static_cast<double>(points.size());
  double mean_step = 0, mean_iou = 0;
  for (const ValidationPoint& point : points) mean_step += point.step / n, mean_iou += point.iou / n;
  double spread = 0, common = 0;
  for (const ValidationPoint& point : points) {
    spread += (point.step - mean_step) * (point.step - mean_step);
    common += (point.step - mean_step) * (point.iou - mean_iou);
  }
  if (spread == 0) return std::nullopt;
  const double slope = common / spread;
  double rest = 0;
  for (const ValidationPoint& point : points)
    rest += std::pow(point.iou - mean_iou - slope * (point.step - mean_step), 2);
  const double half = StudentT(points.size() - 2) * std::sqrt(rest / (n - 2) / spread);
  return Slope{1000 * slope, 1000 * (slope - half), 1000 * (slope + half), points.size()};
}

std::string WhyNotConverged(const std::vector<ValidationPoint>& curve, int least_validations) {
  if (std::ssize(curve) < least_validations)
    return fmt::format("{} validation{}, fewer than {}", curve.size(), curve.size() == 1 ? "" : "s", least_validations);
  const std::optional<Slope> slope = SlopeOfLastThird(curve);
  if (!slope) return fmt::format("{} validations tell no slope", curve.size());
  if (slope->low > 0) {
    return fmt::format("validation IoU still rises, {:+.2f} points in 1000 steps ({:+.2f} to {:+.2f})",
                       100 * slope->per_1000_steps, 100 * slope->low, 100 * slope->high);
  }
  const std::vector<ValidationPoint> last = LastThird(curve);
  double mean_iou = 0;
  for (const ValidationPoint& point : last) mean_iou += point.iou / static_cast<double>(last.size());
  if (mean_iou <= 0) return "validation IoU is still 0";
  const double open_rise = slope->high * (last.back().step - last.front().step) / 1000;
  if (open_rise > kMostOpenRise * mean_iou) {
    return fmt::format("validation IoU scatters: {:.1f} %, as many more steps may add {:.1f} points", 100 * mean_iou,
                       100 * open_rise);
  }
  return "";
}

}  // namespace mirst

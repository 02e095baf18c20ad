#include "fusion/region_resample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

constexpr double kLeastScale = 0.01;

// Overlap of a row of cells with whole pixels along one axis.
struct AxisOverlap {
  int first_pixel = 0;
  int pixels = 0;
  struct Weight {
    int cell, pixel;  // pixel counted from first_pixel
    double length_px;
  };
  std::vector<Weight> weights;
};

// Cell i covers [start + i / s, start + (i + 1) / s); the active part of pixel u covers [u - w / 2, u + w / 2). Lengths
// are in w.
AxisOverlap Overlap(double start_px, int cells, double s, double active_px) {
  AxisOverlap overlap;
  const double end_px = start_px + cells / s;
  overlap.first_pixel = static_cast<int>(std::floor(start_px + 0.5));
  overlap.pixels = static_cast<int>(std::ceil(end_px + 0.5)) - overlap.first_pixel;
  for (int i = 0; i < cells; ++i) {
    const double low = start_px + i / s, high = start_px + (i + 1) / s;
    for (int u = static_cast<int>(std::floor(low + 0.5)); u - 0.5 < high; ++u) {
      const double length = (std::min(high, u + 0.5 * active_px) - std::max(low, u - 0.5 * active_px)) / active_px;
      if (length > 0 && u - overlap.first_pixel < overlap.pixels)
        overlap.weights.push_back({i, u - overlap.first_pixel, length});
    }
  }
  return overlap;
}

// Rows first: whole rows of cells add up side by side, and few are left to be added along themselves.
void Accumulate(const Image<float>& cells, const AxisOverlap& columns, const AxisOverlap& rows, Vec2 origin,
                double weight, Image<double>& pixels) {
  Image<double> low(rows.pixels, cells.width(), 0.0);
  for (const auto& [cell, pixel, length] : rows.weights) {
    const float* const in = cells.row(cell);
    double* const out = low.row(pixel);
    const double share = length;
    for (int x = 0; x < cells.width(); ++x) out[x] += share * static_cast<double>(in[x]);
  }
  const int dx = static_cast<int>(origin.x), dy = static_cast<int>(origin.y);
  for (int y = 0; y < rows.pixels; ++y) {
    const double* const in = low.row(y);
    double* const out = pixels.row(y + dy) + dx;
    for (const auto& [cell, pixel, length] : columns.weights) out[pixel] += weight * length * in[cell];
  }
}

}  // namespace

Footprint ResampleToSensor(const Template& target, Vec2 centre_px, Vec2 smear_px, int subexposures, double scale,
                           double fill_factor) {
  if (target.opacity.empty()) throw BadInput("the template is empty");
  if (!(fill_factor > 0 && fill_factor <= 1))
    throw BadInput(fmt::format("a fill factor of {}; allowed: above 0 to 1", fill_factor));
  const double active_px = std::sqrt(fill_factor);
  if (subexposures < 1) throw BadInput("a template needs at least one sub-exposure");
  if (!(scale >= kLeastScale && scale <= 1 / kLeastScale))
    throw BadInput(fmt::format("a template's scale is {}, allowed: {} to {}", scale, kLeastScale, 1 / kLeastScale));
  const double s = target.supersampling / scale;  // cells per pixel
  struct Exposure {
    AxisOverlap columns, rows;
  };
  std::vector<Exposure> exposures;
  PixelBox box;
  for (int k = 0; k < subexposures; ++k) {
    const double phase = (k + 0.5) / subexposures - 0.5;
    const Vec2 centre = centre_px + phase * smear_px;
    Exposure exposure{Overlap(centre.x - (target.anchor_cells.x + 0.5) / s, target.opacity.width(), s, active_px),
                      Overlap(centre.y - (target.anchor_cells.y + 0.5) / s, target.opacity.height(), s, active_px)};
    box = Enclose(
        box, {exposure.columns.first_pixel, exposure.rows.first_pixel, exposure.columns.pixels, exposure.rows.pixels});
    exposures.push_back(std::move(exposure));
  }
  Footprint footprint{box, Image<double>(box.height, box.width, 0.0), Image<double>(box.height, box.width, 0.0)};
  for (const Exposure& exposure : exposures) {
    const Vec2 origin{static_cast<double>(exposure.columns.first_pixel - box.x),
                      static_cast<double>(exposure.rows.first_pixel - box.y)};
    Accumulate(target.opacity, exposure.columns, exposure.rows, origin, 1.0 / subexposures, footprint.opacity);
    Accumulate(target.contrast, exposure.columns, exposure.rows, origin, 1.0 / subexposures, footprint.contrast);
  }
  return footprint;
}

SensorTemplate Quantise(const Footprint& footprint, double unit_contrast) {
  if (!(std::abs(unit_contrast) > 0) || !std::isfinite(unit_contrast)) {
    throw BadInput("the template's hot and cold parts cancel: its mean contrast is zero");
  }
  const auto coverage_of = [&](int y, int x) {
    return static_cast<std::uint16_t>(std::clamp(std::floor(footprint.opacity(y, x) * 65535.0 + 0.5), 0.0, 65535.0));
  };
  const auto contrast_of = [&](int y, int x) {
    return static_cast<float>(std::floor(footprint.contrast(y, x) / unit_contrast * 65536.0 + 0.5) / 65536.0);
  };
  PixelBox inside;
  for (int y = 0; y < footprint.box.height; ++y) {
    for (int x = 0; x < footprint.box.width; ++x) {
      if (coverage_of(y, x) != 0 || contrast_of(y, x) != 0.0F) inside = Enclose(inside, {x, y, 1, 1});
    }
  }
  if (inside.empty()) throw BadInput("the template covers less than 1/65535 of any pixel");
  SensorTemplate result;
  result.box = {footprint.box.x + inside.x, footprint.box.y + inside.y, inside.width, inside.height};
  result.unit_contrast = unit_contrast;
  result.coverage = Image<std::uint16_t>(inside.height, inside.width);
  result.contrast = Image<float>(inside.height, inside.width);
  double flux = 0;
  Vec2 moment;
  for (int y = 0; y < inside.height; ++y) {
    for (int x = 0; x < inside.width; ++x) {
      result.coverage(y, x) = coverage_of(y + inside.y, x + inside.x);
      result.contrast(y, x) = contrast_of(y + inside.y, x + inside.x);
      const double weight = std::abs(static_cast<double>(result.contrast(y, x)));
      flux += weight;
      moment = moment + weight * Vec2{static_cast<double>(result.box.x + x), static_cast<double>(result.box.y + y)};
    }
  }
  if (CountPixels(HalfMaxMask(result.coverage)) == 0 || flux == 0)
    throw BadInput("the template has no coverage or no contrast");
  result.centroid_px = (1 / flux) * moment;
  return result;
}

double MeanContrast(const Template& target) {
  double contrast = 0, opacity = 0;
  for (const float value : target.contrast) contrast += static_cast<double>(value);
  for (const float value : target.opacity) opacity += static_cast<double>(value);
  return opacity > 0 ? contrast / opacity : 0;
}

Mask HalfMaxMask(const Image<std::uint16_t>& coverage) {
  Mask mask(coverage.height(), coverage.width(), 0);
  if (coverage.empty()) return mask;
  const int peak = *std::max_element(coverage.begin(), coverage.end());
  if (peak == 0) return mask;
  std::transform(coverage.begin(), coverage.end(), mask.begin(),
                 [peak](std::uint16_t value) { return static_cast<std::uint8_t>(2 * value >= peak ? 255 : 0); });
  return mask;
}

}  // namespace mirst

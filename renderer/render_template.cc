#include "renderer/render_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "renderer/target_data.h"
#include "renderer/target_samples.h"

namespace mirst {
namespace {

// The cells that rays have hit.
PixelBox CoveredBox(const Image<double>& cover) {
  PixelBox covered;
  const auto hit = [](double share) { return static_cast<float>(share) > 0; };
  for (int y = 0; y < cover.height(); ++y) {
    const double *const row = cover.row(y), *const end = row + cover.width();
    const double* const first = std::find_if(row, end, hit);
    if (first == end) continue;
    const double* last = end - 1;
    while (!hit(*last)) --last;
    covered = Enclose(covered, {static_cast<int>(first - row), y, static_cast<int>(last - first) + 1, 1});
  }
  return covered;
}

// To the nearest whole number, halves to even, without a call: adding pushes the fraction out of the mantissa.
double Round(double value) {
  constexpr double kShift = 0x1p52;
  return std::copysign((std::abs(value) + kShift) - kShift, value);
}

float LargestMagnitude(const Image<float>& values) {
  std::array<float, 4> largest{};  // side by side: no comparison waits for the one before
  const std::size_t whole = values.size() / largest.size() * largest.size();
  const float* const value = values.data();
  for (std::size_t i = 0; i < whole; i += largest.size()) {
    for (std::size_t k = 0; k < largest.size(); ++k) largest[k] = std::max(largest[k], std::abs(value[i + k]));
  }
  for (std::size_t i = whole; i < values.size(); ++i) largest[0] = std::max(largest[0], std::abs(value[i]));
  return *std::max_element(largest.begin(), largest.end());
}

// Values become multiples of the largest magnitude / 65535.
void Quantise(Image<float>& contrast) {
  const float largest = LargestMagnitude(contrast);
  if (largest == 0) return;
  const double step = static_cast<double>(largest) / 65535;
  for (float& value : contrast) value = static_cast<float>(Round(static_cast<double>(value) / step) * step);
}

}  // namespace

Template RenderTemplate(const TargetModel& model, const View& view, const Surroundings& surroundings,
                        int supersampling) {
  const TargetModel::Data& data = model.data();
  const TargetSamples seen = SampleTarget(data, view, surroundings, supersampling);
  const PixelBox& cells = seen.cells;
  const PixelBox covered = CoveredBox(seen.cover);
  if (covered.empty()) {
    const double extent_cells =
        data.box.largest_extent() / view.range_m * view.focal_length_mm * 1e3 / view.pixel_pitch_um * supersampling;
    throw BadInput(fmt::format("the target '{}' at {:g} m covers no cell: its largest extent is {:.3g} cells; {}",
                               data.name, view.range_m, extent_cells,
                               extent_cells < 4 ? "ask for more supersampling or a shorter range"
                                                : "it is flat and seen edge on, turn it a little"));
  }
  Template result;
  const PixelBox frame = Grow(covered, 1);
  result.opacity = Image<float>(frame.height, frame.width);
  result.contrast = Image<float>(frame.height, frame.width);
  for (int y = 0; y < covered.height; ++y) {
    std::transform(seen.cover.row(covered.y + y) + covered.x, seen.cover.row(covered.y + y) + covered.x + covered.width,
                   result.opacity.row(y + 1) + 1, [](double v) { return static_cast<float>(std::min(1.0, v)); });
    std::transform(seen.contrast.row(covered.y + y) + covered.x,
                   seen.contrast.row(covered.y + y) + covered.x + covered.width, result.contrast.row(y + 1) + 1,
                   [](double v) { return static_cast<float>(v); });
  }
  Quantise(result.contrast);
  result.supersampling = supersampling;
  result.anchor_cells = {static_cast<double>(-cells.x - frame.x), static_cast<double>(-cells.y - frame.y)};
  result.band = ToString(surroundings.band);
  result.pixel_pitch_um = view.pixel_pitch_um;
  result.range_m = view.range_m;
  result.attitude = view.attitude;
  result.off_axis_px = view.off_axis_px;
  result.time_s = view.time_s;
  result.integration_time_s = view.integration_time_s;
  result.model = data.name;
  result.model_sha256 = data.sha256;
  return result;
}

}  // namespace mirst

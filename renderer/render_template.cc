#include "renderer/render_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "renderer/target_data.h"
#include "renderer/target_samples.h"

namespace mirst {
namespace {

// Values become multiples of the largest magnitude / 65535.
void Quantise(Image<float>& contrast) {
  float largest = 0;
  for (const float value : contrast) largest = std::max(largest, std::abs(value));
  if (largest == 0) return;
  const double step = static_cast<double>(largest) / 65535;
  for (float& value : contrast) {
    if (value != 0) value = static_cast<float>(std::nearbyint(static_cast<double>(value) / step) * step);
  }
}

}  // namespace

Template RenderTemplate(const TargetModel& model, const View& view, const Surroundings& surroundings,
                        int supersampling) {
  const TargetModel::Data& data = model.data();
  const TargetSamples seen = SampleTarget(data, view, surroundings, supersampling);
  const PixelBox& cells = seen.cells;
  Image<float> opacity(cells.height, cells.width), contrast(cells.height, cells.width);
  std::transform(seen.cover.begin(), seen.cover.end(), opacity.begin(),
                 [](double v) { return static_cast<float>(std::min(1.0, v)); });
  std::transform(seen.contrast.begin(), seen.contrast.end(), contrast.begin(),
                 [](double v) { return static_cast<float>(v); });

  PixelBox covered;
  for (int y = 0; y < cells.height; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      if (opacity(y, x) > 0) covered = Enclose(covered, {x, y, 1, 1});
    }
  }
  if (covered.empty()) {
    throw BadInput(fmt::format(
        "the target '{}' at {:g} m covers no cell: its largest extent is {:.3g} cells; ask for more "
        "supersampling or a shorter range",
        data.name, view.range_m,
        data.box.largest_extent() / view.range_m * view.focal_length_mm * 1e3 / view.pixel_pitch_um * supersampling));
  }
  Quantise(contrast);

  Template result;
  const PixelBox frame = Grow(covered, 1);
  result.opacity = Image<float>(frame.height, frame.width);
  result.contrast = Image<float>(frame.height, frame.width);
  for (int y = 0; y < covered.height; ++y) {
    std::copy_n(opacity.row(covered.y + y) + covered.x, covered.width, result.opacity.row(y + 1) + 1);
    std::copy_n(contrast.row(covered.y + y) + covered.x, covered.width, result.contrast.row(y + 1) + 1);
  }
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

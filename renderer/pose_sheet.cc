#include "renderer/pose_sheet.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace mirst {
namespace {

constexpr int kLabel_px = 20;
constexpr int kGap_px = 2;
constexpr int kBar_px = 16;

}  // namespace

double PoseSheet::ContrastAt(double share) const {
  const double root = std::cbrt(low) + share * (std::cbrt(high) - std::cbrt(low));
  return root * root * root;
}

PoseSheet DrawPoseSheet(const std::vector<Template>& templates, int columns, int tile_px) {
  PoseSheet sheet;
  int largest_extent = 1;
  for (const Template& t : templates) {
    largest_extent = std::max({largest_extent, t.contrast.width(), t.contrast.height()});
    for (const float value : t.contrast) {
      sheet.low = std::min(sheet.low, static_cast<double>(value));
      sheet.high = std::max(sheet.high, static_cast<double>(value));
    }
  }
  const double black = std::cbrt(sheet.low), span = sheet.high > sheet.low ? std::cbrt(sheet.high) - black : 1;
  const auto grey = [&](double value) { return static_cast<std::uint8_t>(std::lround(255 * (std::cbrt(value) - black) / span)); };
  const double fit = static_cast<double>(tile_px) / largest_extent;  // picture pixels per cell
  const double zoom = fit > 1 ? std::floor(fit) : fit;

  const int count = static_cast<int>(templates.size());
  columns = std::clamp(columns, 1, count);
  const int rows = (count + columns - 1) / columns;
  const int width = columns * (tile_px + kGap_px) + kGap_px;
  const int height = rows * (tile_px + kLabel_px + kGap_px) + kGap_px + kBar_px + kLabel_px;
  if (width > 16384 || height > 16384) throw BadInput("too many poses for one sheet of at most 16384 x 16384 pixels");
  sheet.pixels = Image<std::uint8_t>(height, width, 60);
  for (int i = 0; i < count; ++i) {
    const Template& t = templates[static_cast<std::size_t>(i)];
    const int x0 = kGap_px + i % columns * (tile_px + kGap_px);
    const int y0 = kGap_px + i / columns * (tile_px + kLabel_px + kGap_px);
    sheet.labels.push_back({x0, y0, tile_px, kLabel_px});
    sheet.tiles.push_back({x0, y0 + kLabel_px, tile_px, tile_px});
    for (int y = 0; y < tile_px; ++y) {
      for (int x = 0; x < tile_px; ++x) {
        const int cell_x = static_cast<int>(std::floor((x + 0.5 - 0.5 * tile_px) / zoom + 0.5 * t.contrast.width()));
        const int cell_y = static_cast<int>(std::floor((y + 0.5 - 0.5 * tile_px) / zoom + 0.5 * t.contrast.height()));
        const bool inside = t.contrast.box().Contains(cell_x, cell_y);
        const double value = inside ? static_cast<double>(t.contrast(cell_y, cell_x)) : 0;
        sheet.pixels(y0 + kLabel_px + y, x0 + x) = grey(value);
      }
    }
  }
  sheet.bar = {kGap_px, height - kBar_px - kLabel_px, width - 2 * kGap_px, kBar_px};
  sheet.bar_label = {kGap_px, height - kLabel_px, sheet.bar.width, kLabel_px};
  for (int y = 0; y < sheet.bar.height; ++y) {
    for (int x = 0; x < sheet.bar.width; ++x) {
      sheet.pixels(sheet.bar.y + y, sheet.bar.x + x) = static_cast<std::uint8_t>(255 * x / std::max(1, sheet.bar.width - 1));
    }
  }
  return sheet;
}

}  // namespace mirst

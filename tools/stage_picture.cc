#include "tools/stage_picture.h"

#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "datasets/frame_io.h"

namespace mirst {
namespace {

/// Dark blue, cyan, yellow, dark red: value in [0, 1], each channel a trapezium around its place.
Rgb FalseColour(double value) {
  const auto channel = [&](double centre) {
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(1.5 - 4 * std::abs(value - centre), 0.0, 1.0)));
  };
  return {channel(0.75), channel(0.5), channel(0.25)};
}

Rgb Grey(double value) {
  const auto level = static_cast<std::uint8_t>(std::lround(255 * value));
  return {level, level, level};
}

/// `map` over the cell of the frame's size whose first column is `left`.
template <class Colour>
void Paint(Image<Rgb>& picture, int top, int left, int height, int width, ImageView<const float> map, Colour colour) {
  float least = map.row(0)[0], largest = least;
  for (int y = 0; y < map.height(); ++y) {
    for (int x = 0; x < map.width(); ++x) {
      least = std::min(least, map.row(y)[x]);
      largest = std::max(largest, map.row(y)[x]);
    }
  }
  const double range = largest > least ? static_cast<double>(largest) - static_cast<double>(least) : 1;
  // A coarse map may reach over the frame, which was padded: its pixels are as large as those of the frame it covers.
  const int scale = std::max(1, (height + map.height() - 1) / map.height());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = static_cast<double>(map.row(y / scale)[x / scale]) - static_cast<double>(least);
      picture(top + y, left + x) = colour(value / range);
    }
  }
}

}  // namespace

void WriteStagePicture(const std::filesystem::path& path, ImageView<const float> frame,
                       const std::vector<StageRow>& rows) {
  const int height = frame.height(), width = frame.width();
  std::size_t columns = 0;
  for (const StageRow& row : rows) columns = std::max(columns, row.stages.size() + 2);
  Image<Rgb> picture(height * static_cast<int>(rows.size()), width * static_cast<int>(columns));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const int top = height * static_cast<int>(r);
    int left = 0;
    Paint(picture, top, left, height, width, frame, Grey);
    for (const StageMap& stage : rows[r].stages) {
      Paint(picture, top, left += width, height, width, stage.map, FalseColour);
    }
    Paint(picture, top, left + width, height, width, rows[r].logits, FalseColour);
  }
  std::filesystem::create_directories(path.parent_path());
  WriteFileAtomically(path, EncodePng(picture));
}

}  // namespace mirst

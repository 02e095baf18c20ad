#include "generator/occlusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "metrics/components.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

using Sums = Image<std::int64_t>;

// Sum and number of pixels in squares of 2 radius + 1, cut at the border.
class BoxSums {
 public:
  explicit BoxSums(const Sums& values) : table_(values.height() + 1, values.width() + 1) {
    for (int y = 0; y < values.height(); ++y) {
      std::int64_t row = 0;
      for (int x = 0; x < values.width(); ++x) {
        row += values(y, x);
        table_(y + 1, x + 1) = table_(y, x + 1) + row;
      }
    }
  }
  /// Mean times `scale`, rounded down.
  std::int64_t Mean(int y, int x, int radius, std::int64_t scale) const {
    const int left = std::max(0, x - radius), right = std::min(table_.width() - 1, x + radius + 1);
    const int top = std::max(0, y - radius), bottom = std::min(table_.height() - 1, y + radius + 1);
    const std::int64_t sum = table_(bottom, right) - table_(top, right) - table_(bottom, left) + table_(top, left);
    return scale * sum / ((right - left) * (bottom - top));
  }

 private:
  Sums table_;
};

Sums WholeCounts(ImageView<const float> frame) {
  Sums counts(frame.height(), frame.width());
  for (int y = 0; y < frame.height(); ++y) {
    std::transform(frame.row(y), frame.row(y) + frame.width(), counts.row(y),
                   [](float value) { return static_cast<std::int64_t>(value); });
  }
  return counts;
}

std::int64_t Quantile(std::vector<std::int64_t> values, double share) {
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

constexpr std::int64_t kScale = 64;  // of fixed-point means

struct Texture {
  Mask mask;                   ///< 255 where it stands out
  std::int64_t threshold = 0;  ///< 1 / kScale counts
};

Texture FindTexture(const Sums& counts, double limit) {
  const int height = counts.height(), width = counts.width();
  const BoxSums means(counts);
  Sums roughness(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      roughness(y, x) = std::abs(kScale * counts(y, x) - means.Mean(y, x, 1, kScale));
    }
  }
  const BoxSums texture(roughness);
  std::vector<std::int64_t> values;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) values.push_back(texture.Mean(y, x, 2, 1));
  }
  Texture result{Mask(height, width),
                 std::max(kScale, static_cast<std::int64_t>(limit * static_cast<double>(Quantile(values, 0.2))))};
  std::transform(values.begin(), values.end(), result.mask.begin(),
                 [&](std::int64_t value) -> std::uint8_t { return value > result.threshold ? 255 : 0; });
  return result;
}

// A region of texture that stands on the ground: it reaches the bottom, or is large and lies low.
bool Stands(const Component& region, int height, int width) {
  if (region.box.bottom() >= height - 2) return true;
  return 3 * region.box.bottom() >= 2 * height && 100 * region.area_px >= static_cast<std::int64_t>(height) * width;
}

// Below `top`, the first row that lies nearer to the structure there than to the sky above; none without a step.
std::optional<int> EdgeBelow(const Sums& counts, int x, int top, std::int64_t least_step) {
  constexpr int kSkyRows = 6, kEdgeRows = 20;
  const int first = std::max(0, top - kSkyRows), last = std::min(counts.height(), top + kEdgeRows);
  if (top == first) return top;
  std::int64_t sky = 0, largest = 0;
  for (int y = first; y < top; ++y) sky += counts(y, x);
  const std::int64_t rows = top - first;
  const auto step = [&](int y) { return std::abs(rows * counts(y, x) - sky); };
  for (int y = top; y < last; ++y) largest = std::max(largest, step(y));
  if (kScale * largest < rows * least_step) return std::nullopt;
  int edge = top;
  while (2 * step(edge) < largest) ++edge;
  return edge;
}

std::uint8_t Product(int a, int b) { return static_cast<std::uint8_t>((a * b + 127) / 255); }

// 255 - foreground, its rim softened by 1 2 1 / 2 4 2 / 1 2 1.
Transmission Softened(const Mask& foreground) {
  Transmission result(foreground.height(), foreground.width());
  for (int y = 0; y < result.height(); ++y) {
    for (int x = 0; x < result.width(); ++x) {
      int hidden = 0;
      for (const int dy : {-1, 0, 1}) {
        for (const int dx : {-1, 0, 1}) {
          const int row = std::clamp(y + dy, 0, result.height() - 1),
                    column = std::clamp(x + dx, 0, result.width() - 1);
          hidden += (2 - std::abs(dy)) * (2 - std::abs(dx)) * foreground(row, column);
        }
      }
      result(y, x) = static_cast<std::uint8_t>(255 - (hidden + 8) / 16);
    }
  }
  return result;
}

Transmission ReadLayer(const fs::path& folder, const SourceInfo& source, const Frame& frame) {
  const fs::path own = folder / source.name / fs::path(frame.name).replace_extension(".png"),
                 common = folder / (source.name + ".png");
  std::error_code ignored;
  const bool has_own = fs::exists(own, ignored);
  if (!has_own && !fs::exists(common, ignored)) {
    throw BadInput(fmt::format("occlusion.layers: neither {} nor {} exists", own.string(), common.string()));
  }
  const fs::path& file = has_own ? own : common;
  int bit_depth = 8;
  const Image<std::uint16_t> values = ReadImage(file, &bit_depth);
  if (bit_depth != 8)
    throw BadInput(fmt::format("occlusion.layers: {} has {} bits, expected 8", file.string(), bit_depth));
  if (values.height() != frame.pixels.height() || values.width() != frame.pixels.width()) {
    throw BadInput(fmt::format("occlusion.layers: {} is {} x {} px, the frames of {} are {} x {}", file.string(),
                               values.width(), values.height(), source.name, frame.pixels.width(),
                               frame.pixels.height()));
  }
  Transmission layer(values.height(), values.width());
  std::transform(values.begin(), values.end(), layer.begin(),
                 [](std::uint16_t value) { return static_cast<std::uint8_t>(value); });
  return layer;
}

}  // namespace

Mask EstimateForeground(ImageView<const float> frame, double texture_limit) {
  const Sums counts = WholeCounts(frame);
  const Texture texture = FindTexture(counts, texture_limit);
  const Labelling regions = LabelComponents(texture.mask);
  const Image<std::int32_t> labels = regions.Labels();
  const auto stands = [&](int label) {
    return label > 0 && Stands(regions.components[static_cast<std::size_t>(label - 1)], frame.height(), frame.width());
  };
  Mask foreground(frame.height(), frame.width());
  for (int x = 0; x < frame.width(); ++x) {
    std::optional<int> edge;
    for (int y = 0; y < frame.height() && !edge; ++y) {
      if (stands(labels(y, x))) edge = EdgeBelow(counts, x, y, 2 * texture.threshold);
    }
    for (int y = edge.value_or(frame.height()); y < frame.height(); ++y) foreground(y, x) = 255;
  }
  return foreground;
}

Transmission EstimateClouds(ImageView<const float> frame, const Mask& foreground, double opacity) {
  const BoxSums means(WholeCounts(frame));
  std::vector<std::int64_t> sky;
  for (int y = 0; y < frame.height(); ++y) {
    for (int x = 0; x < frame.width(); ++x) {
      if (foreground(y, x) <= 127) sky.push_back(means.Mean(y, x, 2, kScale));
    }
  }
  Transmission result(frame.height(), frame.width(), 255);
  if (sky.empty()) return result;
  const std::int64_t clear = Quantile(sky, 0.05), cloud = Quantile(sky, 0.99);
  if (clear == cloud) return result;
  for (int y = 0; y < frame.height(); ++y) {
    for (int x = 0; x < frame.width(); ++x) {
      const std::int64_t above = std::clamp(means.Mean(y, x, 2, kScale), clear, cloud) - clear;
      const double emissivity = static_cast<double>(above) / static_cast<double>(cloud - clear);
      result(y, x) = static_cast<std::uint8_t>(255 * (1 - opacity * emissivity) + 0.5);
    }
  }
  return result;
}

std::vector<Transmission> FindLayers(const std::vector<Frame>& frames, const SourceInfo& source,
                                     const OcclusionOptions& options) {
  const bool estimates = options.foreground == ForegroundRule::kEstimated;
  if (!estimates && options.cloud_opacity == 0 && options.layers.empty()) return {};
  std::vector<Transmission> layers(frames.size());
  ParallelFor(frames.size(), [&](std::size_t k) {
    const Image<float>& pixels = frames[k].pixels;
    Transmission layer(pixels.height(), pixels.width(), 255);
    const auto add = [&layer](const Transmission& other) {
      std::transform(layer.begin(), layer.end(), other.begin(), layer.begin(),
                     [](std::uint8_t a, std::uint8_t b) { return Product(a, b); });
    };
    const Mask foreground = EstimateForeground(pixels, options.texture_limit);
    if (options.cloud_opacity > 0) add(EstimateClouds(pixels, foreground, options.cloud_opacity));
    if (estimates) add(Softened(foreground));
    if (!options.layers.empty()) add(ReadLayer(options.layers, source, frames[k]));
    layers[k] = std::move(layer);
  });
  return layers;
}

}  // namespace mirst

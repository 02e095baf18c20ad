#include "detector/model_driven/top_hat.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

bool IsAllowed(int size_px) { return size_px >= 1 && size_px % 2 == 1; }

std::string SizeFault(int size_px) {
  return fmt::format("the structuring element of Top-Hat has a side of {} px, allowed are odd numbers from 1", size_px);
}

// Row by row and then column by column: a square element is separable.
template <class Choose>
Image<float> Extreme(const Image<float>& image, int radius, Choose choose) {
  const int height = image.height(), width = image.width();
  Image<float> rows(height, width), result(height, width);
  for (int y = 0; y < height; ++y) {
    const float* source = image.row(y);
    for (int x = 0; x < width; ++x) {
      float value = source[x];
      for (int i = std::max(0, x - radius); i <= std::min(width - 1, x + radius); ++i) value = choose(value, source[i]);
      rows(y, x) = value;
    }
  }
  for (int y = 0; y < height; ++y) {
    float* target = result.row(y);
    std::copy(rows.row(y), rows.row(y) + width, target);
    for (int i = std::max(0, y - radius); i <= std::min(height - 1, y + radius); ++i) {
      const float* source = rows.row(i);
      for (int x = 0; x < width; ++x) target[x] = choose(target[x], source[x]);
    }
  }
  return result;
}

}  // namespace

void AddFaults(OptionsReader& reader, const TopHatOptions& o) {
  if (!IsAllowed(o.size_px)) reader.AddFault("size_px", SizeFault(o.size_px));
}

Image<float> TopHat(ImageView<const float> image, const TopHatOptions& options) {
  if (!IsAllowed(options.size_px)) throw BadInput(SizeFault(options.size_px));
  // Dark targets are bright ones of the negative, exactly.
  const float sign = options.polarity == TargetPolarity::kBright ? 1.0F : -1.0F;
  Image<float> signed_image(image.height(), image.width());
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) signed_image(y, x) = sign * image(y, x);
  }
  const int radius = options.size_px / 2;
  const Image<float> eroded = Extreme(signed_image, radius, [](float a, float b) { return std::min(a, b); });
  Image<float> result = Extreme(eroded, radius, [](float a, float b) { return std::max(a, b); });
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) result(y, x) = signed_image(y, x) - result(y, x);
  }
  return result;
}

TopHatDetector::TopHatDetector(const TopHatOptions& options)
    : options_(options),
      id_(fmt::format("top_hat_{0}x{0}{1}", options.size_px,
                      options.polarity == TargetPolarity::kDark ? "_dark" : "")) {
  if (!IsAllowed(options.size_px)) throw BadInput(SizeFault(options.size_px));
}

Image<float> TopHatDetector::Score(const Image<float>& frame, int /*index*/) { return TopHat(frame, options_); }

}  // namespace mirst

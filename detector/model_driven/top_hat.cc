#include "detector/model_driven/top_hat.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace {

bool IsAllowed(int size_px) { return size_px >= 1 && size_px % 2 == 1; }

std::string SizeFault(int size_px) {
  return fmt::format("the structuring element of Top-Hat has a side of {} px, allowed are odd numbers from 1", size_px);
}

template <class Choose>
void Join(float* target, const float* other, int count, Choose choose) {
  for (int i = 0; i < count; ++i) target[i] = choose(target[i], other[i]);
}

// Erosion or dilation by a square, which is separable: along the rows, then along the columns. Every place of a padded
// copy comes to hold the extreme of 1, 2, 4, ... and at last `size` places from it on, so that the extreme around a
// pixel lies `size / 2` places before it. The result's upper left `height` x `width` pixels count.
template <class Source, class Choose>
Image<float> Extreme(const Source& source, int height, int width, int size, float neutral, Choose choose) {
  const int margin = size / 2, padded_width = width + 2 * margin, padded_height = height + 2 * margin;
  Image<float> padded(padded_height, padded_width, neutral);
  for (int y = 0; y < height; ++y) {
    float* row = padded.row(y + margin);
    std::copy_n(source.row(y), width, row + margin);
    for (int held = 1, shift; held < size; held += shift) {
      shift = std::min(held, size - held);
      Join(row, row + shift, padded_width - shift, choose);
    }
  }
  for (int held = 1, shift; held < size; held += shift) {
    shift = std::min(held, size - held);
    for (int y = 0; y < padded_height - shift; ++y) Join(padded.row(y), padded.row(y + shift), width, choose);
  }
  return padded;
}

}  // namespace

void AddFaults(OptionsReader& reader, const TopHatOptions& o) {
  if (!IsAllowed(o.size_px)) reader.AddFault("size_px", SizeFault(o.size_px));
}

Image<float> TopHat(ImageView<const float> image, const TopHatOptions& options) {
  if (!IsAllowed(options.size_px)) throw BadInput(SizeFault(options.size_px));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const int height = image.height(), width = image.width();
  const auto erode = [&](const auto& source) {
    return Extreme(source, height, width, options.size_px, kInfinity, [](float a, float b) { return std::min(a, b); });
  };
  const auto dilate = [&](const auto& source) {
    return Extreme(source, height, width, options.size_px, -kInfinity, [](float a, float b) { return std::max(a, b); });
  };
  const bool is_bright = options.polarity == TargetPolarity::kBright;
  const Image<float> smooth = is_bright ? dilate(erode(image)) : erode(dilate(image));
  Image<float> result(height, width);
  for (int y = 0; y < height; ++y) {
    const float *const upper = is_bright ? image.row(y) : smooth.row(y), *const lower =
                                                                             is_bright ? smooth.row(y) : image.row(y);
    std::transform(upper, upper + width, lower, result.row(y), std::minus<>());
  }
  return result;
}

TopHatDetector::TopHatDetector(const TopHatOptions& options)
    : options_(options),
      id_(fmt::format("top_hat_{0}x{0}{1}", options.size_px,
                      options.polarity == TargetPolarity::kDark ? "_dark" : "")) {
  if (!IsAllowed(options.size_px)) throw BadInput(SizeFault(options.size_px));
}

Responses TopHatDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  return {{TopHat(window.front(), options_)}, 0};
}

}  // namespace mirst

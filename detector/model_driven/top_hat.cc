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

// target[x] = choose(target[x], source[x + shift]) where both exist.
template <class Choose>
void ChooseShifted(float* target, const float* source, int width, int shift, Choose choose) {
  for (int x = std::max(0, -shift); x < std::min(width, width - shift); ++x)
    target[x] = choose(target[x], source[x + shift]);
}

// A square element is separable: along the rows, in place, and then along the columns into `result`.
template <class Choose>
void Extreme(Image<float>& image, int radius, Choose choose, Image<float>& result) {
  const int height = image.height(), width = image.width();
  std::vector<float> row(static_cast<std::size_t>(width));
  for (int y = 0; y < height; ++y) {
    std::copy_n(image.row(y), width, row.data());
    for (int shift = 1; shift <= radius; ++shift) {
      ChooseShifted(image.row(y), row.data(), width, shift, choose);
      ChooseShifted(image.row(y), row.data(), width, -shift, choose);
    }
  }
  for (int y = 0; y < height; ++y) {
    std::copy_n(image.row(y), width, result.row(y));
    for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
      if (v != y) ChooseShifted(result.row(y), image.row(v), width, 0, choose);
    }
  }
}

}  // namespace

void AddFaults(OptionsReader& reader, const TopHatOptions& o) {
  if (!IsAllowed(o.size_px)) reader.AddFault("size_px", SizeFault(o.size_px));
}

Image<float> TopHat(ImageView<const float> image, const TopHatOptions& options) {
  if (!IsAllowed(options.size_px)) throw BadInput(SizeFault(options.size_px));
  // Dark targets are bright ones of the negative, exactly.
  const float sign = options.polarity == TargetPolarity::kBright ? 1.0F : -1.0F;
  const int height = image.height(), width = image.width(), radius = options.size_px / 2;
  Image<float> opened(height, width), eroded(height, width);
  for (int y = 0; y < height; ++y)
    std::transform(image.row(y), image.row(y) + width, opened.row(y), [sign](float value) { return sign * value; });
  Extreme(
      opened, radius, [](float a, float b) { return std::min(a, b); }, eroded);
  Extreme(
      eroded, radius, [](float a, float b) { return std::max(a, b); }, opened);
  for (int y = 0; y < height; ++y) {
    const float* source = image.row(y);
    float* target = opened.row(y);
    for (int x = 0; x < width; ++x) target[x] = sign * source[x] - target[x];
  }
  return opened;
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

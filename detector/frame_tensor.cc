#include "detector/frame_tensor.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "detector/sequence_detector.h"

namespace mirst {
namespace F = torch::nn::functional;
using torch::Tensor;

void CheckFrame(ImageView<const float> frame, std::string_view taker) {
  if (frame.height() < kLeastFramePx || frame.width() < kLeastFramePx) {
    throw BadInput(fmt::format("the frame is {} x {} px, the least that {} takes is {} x {}", frame.width(),
                               frame.height(), taker, kLeastFramePx, kLeastFramePx));
  }
  for (int y = 0; y < frame.height(); ++y) {
    const float* row = frame.row(y);
    const float* wrong = std::find_if(row, row + frame.width(), [](float value) { return !std::isfinite(value); });
    if (wrong != row + frame.width()) {
      throw BadInput(
          fmt::format("the pixel at column {}, row {} is {}, expected a finite number", wrong - row, y, *wrong));
    }
  }
}

void CheckSameSize(ImageView<const float> frame, int height, int width) {
  if (frame.height() != height || frame.width() != width) {
    throw BadInput(fmt::format("the frame is {} x {} px, the frames before it are {} x {}", frame.width(),
                               frame.height(), width, height));
  }
}

Tensor FrameTensor(ImageView<const float> frame, Normalisation normalisation, int stride) {
  Tensor image = torch::empty({1, 1, frame.height(), frame.width()}, torch::kFloat);
  float* pixel = image.data_ptr<float>();
  const auto mean = static_cast<float>(normalisation.mean), gain = static_cast<float>(1 / normalisation.sigma);
  for (int y = 0; y < frame.height(); ++y) {
    pixel = std::transform(frame.row(y), frame.row(y) + frame.width(), pixel,
                           [&](float value) { return (value - mean) * gain; });
  }
  const int right = PaddingOf(frame.width(), stride), below = PaddingOf(frame.height(), stride);
  return F::pad(image, F::PadFuncOptions({0, right, 0, below}).mode(torch::kReflect));
}

Image<float> ImageOf(const Tensor& map, int height, int width) {
  const Tensor values = map.narrow(2, 0, height).narrow(3, 0, width).to(torch::kCPU, torch::kFloat).contiguous();
  Image<float> image(height, width);
  std::copy_n(values.data_ptr<float>(), image.size(), image.data());
  return image;
}

}  // namespace mirst

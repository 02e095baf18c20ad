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

void CheckFrame(ImageView<const float> frame) {
  if (frame.height() < kLeastFramePx || frame.width() < kLeastFramePx) {
    throw BadInput(fmt::format("the frame is {} x {} px, the least that a network takes is {} x {}", frame.width(),
                               frame.height(), kLeastFramePx, kLeastFramePx));
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

Tensor FrameTensor(ImageView<const float> frame, Normalisation normalisation, int stride) {
  Tensor image = torch::empty({1, 1, frame.height(), frame.width()}, torch::kFloat);
  float* pixel = image.data_ptr<float>();
  const auto mean = static_cast<float>(normalisation.mean), gain = static_cast<float>(1 / normalisation.sigma);
  for (int y = 0; y < frame.height(); ++y) {
    pixel = std::transform(frame.row(y), frame.row(y) + frame.width(), pixel,
                           [&](float value) { return (value - mean) * gain; });
  }
  const auto padding = [&](int extent) { return (stride - extent % stride) % stride; };
  return F::pad(image,
                F::PadFuncOptions({0, padding(frame.width()), 0, padding(frame.height())}).mode(torch::kReflect));
}

}  // namespace mirst

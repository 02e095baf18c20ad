#include "detector/model_driven/detector.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"

namespace mirst {

Responses ModelDrivenDetector::Respond(const std::vector<ImageView<const float>>& window) const {
  if (std::ssize(window) != window_frames())
    throw InternalError(fmt::format("{} looks at {} frames, given are {}", id(), window_frames(), window.size()));
  const int height = window.front().height(), width = window.front().width();
  if (height == 0 || width == 0) throw BadInput("the frame has no pixels");
  for (const ImageView<const float>& frame : window) {
    if (frame.height() != height || frame.width() != width) {
      throw BadInput(fmt::format("frames of one sequence must have one size, found {} x {} and {} x {} px", width,
                                 height, frame.width(), frame.height()));
    }
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (!std::isfinite(frame(y, x)))
          throw BadInput(
              fmt::format("the pixel in row {}, column {} is {}, allowed are finite numbers", y, x, frame(y, x)));
      }
    }
  }
  return Solve(window);
}

}  // namespace mirst

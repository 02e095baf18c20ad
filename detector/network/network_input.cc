#include "detector/network/network_input.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "core/error.h"
#include "detector/network/temporal_aggregation.h"

namespace mirst {
using torch::Tensor;
namespace {

bool Divides(std::int64_t multiple, const Tensor& x) {
  const std::int64_t height = x.size(-2), width = x.size(-1);
  return height > 0 && width > 0 && height % multiple == 0 && width % multiple == 0;
}

[[noreturn]] void Refuse(const char* network, const Tensor& x, const std::string& wanted, std::int64_t multiple) {
  const std::string sizes =
      multiple > 1 ? fmt::format(" with height and width multiples of {}", multiple) : std::string();
  throw BadInput(
      fmt::format("{} takes ({}){}; the input is ({})", network, wanted, sizes, fmt::join(x.sizes().vec(), ", ")));
}

}  // namespace

void CheckImages(const char* network, const Tensor& images, std::int64_t channels, std::int64_t multiple) {
  if (images.dim() != 4 || images.size(1) != channels || !Divides(multiple, images)) {
    Refuse(network, images, fmt::format("batch, {}, height, width", channels), multiple);
  }
}

Tensor ThreeChannelFrames(const char* network, const Tensor& frames, std::int64_t multiple) {
  if (frames.dim() != 5 || (frames.size(1) != 1 && frames.size(1) != 3) || frames.size(2) != kWindowFrames ||
      !Divides(multiple, frames)) {
    Refuse(network, frames, "batch, 1 or 3, 5, height, width", multiple);
  }
  return frames.expand({-1, 3, -1, -1, -1});
}

Tensor Bilinear(const Tensor& x, std::int64_t height, std::int64_t width, Corners corners) {
  if (x.size(2) == height && x.size(3) == width) return x;  // both kinds are the identity then
  return torch::upsample_bilinear2d(x, {height, width}, corners == Corners::kAligned);
}

}  // namespace mirst

#include "detector/network/fused_maps.h"

#include <ATen/Dispatch.h>
#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "detector/network/parallel_for.h"

namespace mirst {
namespace {

using torch::Tensor;

/// Pixels that one task takes.
constexpr std::int64_t kPixels = 4096;

/// run(sample, first, last) for ranges of pixels of each sample. The maps' planes must have no gaps.
template <class Run>
void ForPixels(const Tensor& map, const Run& run) {
  const std::int64_t pixels = map.size(2) * map.size(3), ranges = (pixels + kPixels - 1) / kPixels;
  TorchParallelFor(0, map.size(0) * ranges, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t first = task % ranges * kPixels;
      run(task / ranges, first, std::min(first + kPixels, pixels));
    }
  });
}

Tensor WithDensePlanes(const Tensor& map) {
  return map.stride(3) == 1 && map.stride(2) == map.size(3) ? map : map.contiguous();
}

template <class Scalar>
Scalar* PlaneOf(const Tensor& map, std::int64_t sample, std::int64_t channel) {
  return map.data_ptr<Scalar>() + sample * map.stride(0) + channel * map.stride(1);
}

template <class Scalar>
void AddAndCut(const std::vector<Tensor>& maps, const Tensor& out) {
  ForPixels(out, [&](std::int64_t n, std::int64_t first, std::int64_t last) {
    for (std::int64_t c = 0; c < out.size(1); ++c) {
      Scalar* sum = PlaneOf<Scalar>(out, n, c);
      std::copy(PlaneOf<Scalar>(maps[0], n, c) + first, PlaneOf<Scalar>(maps[0], n, c) + last, sum + first);
      for (std::size_t i = 1; i < maps.size(); ++i) {
        const Scalar* summand = PlaneOf<Scalar>(maps[i], n, c);
        for (std::int64_t p = first; p < last; ++p) sum[p] += summand[p];
      }
      for (std::int64_t p = first; p < last; ++p) sum[p] = sum[p] < 0 ? 0 : sum[p];
    }
  });
}

template <class Scalar>
void MeanAndMaximum(const Tensor& map, const Tensor& weight, const Tensor& out) {
  const Scalar share = Scalar{1} / static_cast<Scalar>(map.size(1));
  ForPixels(map, [&](std::int64_t n, std::int64_t first, std::int64_t last) {
    Scalar* mean = PlaneOf<Scalar>(out, n, 0);
    Scalar* maximum = PlaneOf<Scalar>(out, n, 1);
    for (std::int64_t c = 0; c < map.size(1); ++c) {
      const Scalar* plane = PlaneOf<Scalar>(map, n, c);
      const Scalar w = *PlaneOf<Scalar>(weight, n, c);
      if (c == 0) {
        for (std::int64_t p = first; p < last; ++p) mean[p] = maximum[p] = plane[p] * w;
        continue;
      }
      for (std::int64_t p = first; p < last; ++p) {
        const Scalar value = plane[p] * w;
        mean[p] += value;
        maximum[p] = maximum[p] < value ? value : maximum[p];
      }
    }
    for (std::int64_t p = first; p < last; ++p) mean[p] *= share;
  });
}

template <class Scalar>
void WeighAddAndCut(const Tensor& map, const Tensor& channel_weight, const Tensor& pixel_weight,
                    const Tensor& summand) {
  ForPixels(map, [&](std::int64_t n, std::int64_t first, std::int64_t last) {
    const Scalar* pixel = PlaneOf<Scalar>(pixel_weight, n, 0);
    for (std::int64_t c = 0; c < map.size(1); ++c) {
      const Scalar w = *PlaneOf<Scalar>(channel_weight, n, c);
      const Scalar* plus = PlaneOf<Scalar>(summand, n, c);
      Scalar* value = PlaneOf<Scalar>(map, n, c);
      for (std::int64_t p = first; p < last; ++p) {
        const Scalar sum = value[p] * w * pixel[p] + plus[p];
        value[p] = sum < 0 ? 0 : sum;
      }
    }
  });
}

}  // namespace

Tensor ReluOfSum(const std::vector<Tensor>& maps) {
  if (!maps.front().is_cpu()) {
    Tensor sum = maps[0].clone();
    for (std::size_t i = 1; i < maps.size(); ++i) sum.add_(maps[i]);
    return sum.relu_();
  }
  std::vector<Tensor> dense;
  for (const Tensor& map : maps) dense.push_back(WithDensePlanes(map));
  const Tensor out = torch::empty(maps.front().sizes(), maps.front().options());
  AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "ReluOfSum", [&] { AddAndCut<scalar_t>(dense, out); });
  return out;
}

Tensor ChannelMeanAndMaximum(const Tensor& map, const Tensor& weight) {
  if (!map.is_cpu()) {
    const Tensor weighted = map * weight;
    return torch::cat({weighted.mean(1, true), weighted.amax(1, true)}, 1);
  }
  const Tensor dense = WithDensePlanes(map);
  const Tensor out = torch::empty({map.size(0), 2, map.size(2), map.size(3)}, map.options());
  AT_DISPATCH_FLOATING_TYPES(map.scalar_type(), "ChannelMeanAndMaximum",
                             [&] { MeanAndMaximum<scalar_t>(dense, weight, out); });
  return out;
}

Tensor ReluOfWeighted(Tensor map, const Tensor& channel_weight, const Tensor& pixel_weight, const Tensor& summand) {
  if (!map.is_cpu()) return map.mul_(channel_weight).mul_(pixel_weight).add_(summand).relu_();
  AT_DISPATCH_FLOATING_TYPES(map.scalar_type(), "ReluOfWeighted", [&] {
    WeighAddAndCut<scalar_t>(map, channel_weight, WithDensePlanes(pixel_weight), WithDensePlanes(summand));
  });
  return map;
}

Tensor PlusWeighted(const Tensor& map, std::vector<Tensor> scores) {
  Tensor weight = scores.front().sigmoid_();
  for (std::size_t i = 1; i < scores.size(); ++i) weight.mul_(scores[i].sigmoid_());
  return torch::addcmul(map, map, weight);
}

}  // namespace mirst

// The rows that direct kernels read: maps of one or several tensors side by side, copied with zeros around them. For
// the files that drive the kernels.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <vector>

#include "detector/network/direct_convolution.h"
#include "detector/network/direct_kernels.h"

namespace mirst {

/// What a task reads at once should stay in a core's own cache.
inline constexpr std::int64_t kStripeBytes = 384 * 1024;

/// Outputs [first, first + count), computed together.
struct OutputBlock {
  std::int64_t first, count;
  std::size_t kernel;  // in kConvOutputs
};

inline std::vector<OutputBlock> OutputBlocks(std::int64_t outputs) {
  std::vector<OutputBlock> blocks;
  for (std::int64_t first = 0; first < outputs;) {
    std::size_t kernel = 0;
    while (kConvOutputs[kernel] > outputs - first) ++kernel;
    blocks.push_back({first, kConvOutputs[kernel], kernel});
    first += kConvOutputs[kernel];
  }
  return blocks;
}

template <class Scalar>
struct MapPlane {
  const Scalar* map;
  std::int64_t map_stride;  // of a row
  const Scalar* plus;       // null: nothing is added
  std::int64_t plus_stride;
};

template <class Scalar>
MapPlane<Scalar> PlaneOf(const ConvInput& input, std::int64_t sample, std::int64_t channel) {
  const auto at = [&](const torch::Tensor& map) {
    return map.data_ptr<Scalar>() + sample * map.stride(0) + channel * map.stride(1);
  };
  const bool sum = input.plus.defined();
  return {at(input.map), input.map.stride(2), sum ? at(input.plus) : nullptr, sum ? input.plus.stride(2) : 0};
}

/// Rows without gaps, so that kernels can run along them.
inline torch::Tensor WithDenseRows(const torch::Tensor& map) {
  return !map.defined() || map.stride(3) == 1 ? map : map.contiguous();
}

/// Fills `rows`: of every channel the rows [first, first + count), each `stride` values with `left` zeros before the
/// pixels; rows and columns outside of the maps are 0.
template <class Scalar>
void PadRows(const std::vector<ConvInput>& inputs, std::int64_t sample, std::int64_t first, std::int64_t count,
             std::int64_t left, std::int64_t stride, std::vector<Scalar>& rows) {
  const std::int64_t height = inputs.front().map.size(2), width = inputs.front().map.size(3);
  std::int64_t channels = 0;
  for (const ConvInput& input : inputs) channels += input.map.size(1);
  rows.resize(static_cast<std::size_t>(channels * count * stride));
  Scalar* row = rows.data();
  for (const ConvInput& input : inputs) {
    for (std::int64_t c = 0; c < input.map.size(1); ++c) {
      const MapPlane<Scalar> plane = PlaneOf<Scalar>(input, sample, c);
      for (std::int64_t y = first; y < first + count; ++y, row += stride) {
        if (y < 0 || y >= height) {
          std::fill_n(row, stride, Scalar{0});
          continue;
        }
        std::fill_n(row, left, Scalar{0});
        const Scalar* map = plane.map + y * plane.map_stride;
        if (plane.plus == nullptr) {
          std::copy_n(map, width, row + left);
        } else {
          const Scalar* plus = plane.plus + y * plane.plus_stride;
          for (std::int64_t x = 0; x < width; ++x) row[left + x] = map[x] + plus[x];
        }
        std::fill_n(row + left + width, stride - left - width, Scalar{0});
      }
    }
  }
}

}  // namespace mirst

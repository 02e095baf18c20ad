#include "detector/network/direct_convolution.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "detector/network/direct_kernels.h"

namespace mirst {
namespace {

using torch::Tensor;

/// What a task reads at once should stay in a core's own cache.
constexpr std::int64_t kStripeBytes = 384 * 1024;

/// Outputs [first, first + count), computed together.
struct Block {
  std::int64_t first, count;
  std::size_t kernel;  // in kConvOutputs
};

std::vector<Block> Blocks(std::int64_t outputs) {
  std::vector<Block> blocks;
  for (std::int64_t first = 0; first < outputs;) {
    std::size_t kernel = 0;
    while (kConvOutputs[kernel] > outputs - first) ++kernel;
    blocks.push_back({first, kConvOutputs[kernel], kernel});
    first += kConvOutputs[kernel];
  }
  return blocks;
}

template <class Scalar>
struct Plane {
  const Scalar* map;
  std::int64_t map_stride;  // of a row
  const Scalar* plus;       // null: nothing is added
  std::int64_t plus_stride;
};

template <class Scalar>
Plane<Scalar> PlaneOf(const ConvInput& input, std::int64_t sample, std::int64_t channel) {
  const auto at = [&](const Tensor& map) {
    return map.data_ptr<Scalar>() + sample * map.stride(0) + channel * map.stride(1);
  };
  const bool sum = input.plus.defined();
  return {at(input.map), input.map.stride(2), sum ? at(input.plus) : nullptr, sum ? input.plus.stride(2) : 0};
}

/// One convolution at work on one batch.
template <class Scalar>
class Pass {
 public:
  Pass(const ConvWeights& conv, const Tensor& packed, const std::vector<ConvInput>& inputs, const ConvEnd& end,
       const Tensor& out)
      : inputs_(inputs),
        end_(end),
        out_(out),
        packed_(packed.data_ptr<Scalar>()),
        bias_(conv.bias.data_ptr<Scalar>()),
        in_(conv.weight.size(1)),
        kernel_(conv.weight.size(2)),
        half_(kernel_ / 2),
        height_(out.size(2)),
        width_(out.size(3)),
        kernels_(*MachineConvKernels<Scalar>().front()),
        blocks_(Blocks(out.size(1))) {
    const std::int64_t vectors = (width_ + kernels_.lanes - 1) / kernels_.lanes;
    stride_ = vectors * kernels_.lanes + 2 * half_;
    in_place_ = kernel_ == 1 && width_ % kernels_.lanes == 0;
    for (const ConvInput& input : inputs_) in_place_ = in_place_ && !input.plus.defined();
    const std::int64_t row_bytes = in_ * stride_ * static_cast<std::int64_t>(sizeof(Scalar));
    const std::int64_t a_share = (height_ + 2 * at::get_num_threads() - 1) / (2 * at::get_num_threads());
    stripe_ = std::clamp<std::int64_t>(kStripeBytes / row_bytes, 1, std::max<std::int64_t>(4, a_share));
  }

  void Run() const {
    const std::int64_t stripes = (height_ + stripe_ - 1) / stripe_;
    at::parallel_for(0, out_.size(0) * stripes, 1, [&](std::int64_t begin, std::int64_t end) {
      thread_local std::vector<Scalar> rows;  // kept: fresh pages cost more than a small convolution
      std::vector<const Scalar*> pointers(static_cast<std::size_t>(in_ * kernel_));
      for (std::int64_t task = begin; task < end; ++task) {
        const std::int64_t first = task % stripes * stripe_;
        Stripe(task / stripes, first, std::min(first + stripe_, height_), rows, pointers);
      }
    });
  }

 private:
  void Stripe(std::int64_t sample, std::int64_t first, std::int64_t last, std::vector<Scalar>& rows,
              std::vector<const Scalar*>& pointers) const {
    const std::int64_t padded_rows = last - first + 2 * half_;
    if (!in_place_) Pad(sample, first, padded_rows, rows);
    for (const Block& block : blocks_) {
      for (std::int64_t y = first; y < last; ++y) {
        if (in_place_) {
          PointInto(sample, y, pointers);
        } else {
          for (std::int64_t c = 0; c < in_; ++c) {
            for (std::int64_t dy = 0; dy < kernel_; ++dy) {
              pointers[static_cast<std::size_t>(c * kernel_ + dy)] =
                  rows.data() + (c * padded_rows + y - first + dy) * stride_;
            }
          }
        }
        Row(sample, y, block, pointers);
      }
    }
  }

  void PointInto(std::int64_t sample, std::int64_t y, std::vector<const Scalar*>& pointers) const {
    std::size_t next = 0;
    for (const ConvInput& input : inputs_) {
      for (std::int64_t c = 0; c < input.map.size(1); ++c) {
        const Plane<Scalar> plane = PlaneOf<Scalar>(input, sample, c);
        pointers[next++] = plane.map + y * plane.map_stride;
      }
    }
  }

  /// Rows [first - half, ...) of all channels with zeros around the image.
  void Pad(std::int64_t sample, std::int64_t first, std::int64_t padded_rows, std::vector<Scalar>& rows) const {
    rows.resize(static_cast<std::size_t>(in_ * padded_rows * stride_));
    Scalar* row = rows.data();
    for (const ConvInput& input : inputs_) {
      for (std::int64_t c = 0; c < input.map.size(1); ++c) {
        const Plane<Scalar> plane = PlaneOf<Scalar>(input, sample, c);
        for (std::int64_t y = first - half_; y < first - half_ + padded_rows; ++y, row += stride_) {
          if (y < 0 || y >= height_) {
            std::fill_n(row, stride_, Scalar{0});
            continue;
          }
          std::fill_n(row, half_, Scalar{0});
          const Scalar* map = plane.map + y * plane.map_stride;
          if (plane.plus == nullptr) {
            std::copy_n(map, width_, row + half_);
          } else {
            const Scalar* plus = plane.plus + y * plane.plus_stride;
            Scalar* sum = row + half_;
            for (std::int64_t x = 0; x < width_; ++x) sum[x] = map[x] + plus[x];
          }
          std::fill_n(row + half_ + width_, stride_ - half_ - width_, Scalar{0});
        }
      }
    }
  }

  void Row(std::int64_t sample, std::int64_t y, const Block& block, const std::vector<const Scalar*>& pointers) const {
    std::array<Scalar*, kConvOutputs[0]> out;
    std::array<const Scalar*, kConvOutputs[0]> summand, after;
    const auto point = [&](auto& rows, const Tensor& map) {
      if (!map.defined()) return;
      for (std::int64_t o = 0; o < block.count; ++o) {
        rows[static_cast<std::size_t>(o)] =
            map.data_ptr<Scalar>() + sample * map.stride(0) + (block.first + o) * map.stride(1) + y * map.stride(2);
      }
    };
    point(out, out_);
    point(summand, end_.summand);
    point(after, end_.after);
    kernels_.rows_of_8_4_2_1[block.kernel]({pointers.data(), in_ * kernel_, kernel_,
                                            packed_ + block.first * in_ * kernel_ * kernel_, bias_ + block.first,
                                            out.data(), end_.summand.defined() ? summand.data() : nullptr, end_.relu,
                                            end_.after.defined() ? after.data() : nullptr, width_});
  }

  const std::vector<ConvInput>& inputs_;
  const ConvEnd& end_;
  const Tensor& out_;
  const Scalar* packed_;
  const Scalar* bias_;
  std::int64_t in_, kernel_, half_, height_, width_;
  const ConvKernels<Scalar>& kernels_;
  std::vector<Block> blocks_;
  std::int64_t stride_ = 0, stripe_ = 0;  // pixels of a padded row; rows of a task
  bool in_place_ = false;                 // the kernels read the inputs where they are
};

/// Rows without gaps, so that kernels can run along them.
Tensor WithDenseRows(const Tensor& map) { return !map.defined() || map.stride(3) == 1 ? map : map.contiguous(); }

}  // namespace

DirectConvolution::DirectConvolution(const ConvWeights& conv)
    : conv_{conv.weight.contiguous(), conv.bias.contiguous()} {
  std::vector<Tensor> blocks;
  for (const Block& block : Blocks(out())) {
    blocks.push_back(conv_.weight.narrow(0, block.first, block.count).permute({1, 2, 3, 0}).flatten());
  }
  packed_ = torch::cat(blocks);
}

Tensor DirectConvolution::operator()(const std::vector<ConvInput>& inputs, const ConvEnd& end) const {
  const Tensor& like = inputs.front().map;
  if (!like.is_cpu()) return ByLibTorch(inputs, end);
  std::vector<ConvInput> dense;
  std::int64_t channels = 0;
  for (const ConvInput& input : inputs) {
    dense.push_back({WithDenseRows(input.map), WithDenseRows(input.plus)});
    channels += input.map.size(1);
  }
  if (channels != conv_.weight.size(1)) throw InternalError("a convolution was given another number of channels");
  const ConvEnd dense_end{WithDenseRows(end.summand), end.relu, WithDenseRows(end.after)};
  const Tensor result = torch::empty({like.size(0), out(), like.size(2), like.size(3)}, like.options());
  if (like.scalar_type() == torch::kDouble) {
    Pass<double>(conv_, packed_, dense, dense_end, result).Run();
  } else {
    Pass<float>(conv_, packed_, dense, dense_end, result).Run();
  }
  return result;
}

Tensor DirectConvolution::ByLibTorch(const std::vector<ConvInput>& inputs, const ConvEnd& end) const {
  std::vector<Tensor> maps;
  for (const ConvInput& input : inputs) maps.push_back(input.plus.defined() ? input.map + input.plus : input.map);
  Tensor y = torch::conv2d(maps.size() == 1 ? maps.front() : torch::cat(maps, 1), conv_.weight, conv_.bias, 1,
                           conv_.weight.size(2) / 2);
  if (end.summand.defined()) y.add_(end.summand);
  if (end.relu) y.relu_();
  if (end.after.defined()) y.add_(end.after);
  return y;
}

}  // namespace mirst

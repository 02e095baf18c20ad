#include "detector/network/direct_convolution.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "detector/network/direct_rows.h"
#include "detector/network/parallel_for.h"

namespace mirst {
namespace {

using torch::Tensor;

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
        blocks_(OutputBlocks(out.size(1))) {
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
    TorchParallelFor(0, out_.size(0) * stripes, 1, [&](std::int64_t begin, std::int64_t end) {
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
    if (!in_place_) PadRows(inputs_, sample, first - half_, padded_rows, half_, stride_, rows);
    for (const OutputBlock& block : blocks_) {
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
        const MapPlane<Scalar> plane = PlaneOf<Scalar>(input, sample, c);
        pointers[next++] = plane.map + y * plane.map_stride;
      }
    }
  }

  void Row(std::int64_t sample, std::int64_t y, const OutputBlock& block,
           const std::vector<const Scalar*>& pointers) const {
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
  std::vector<OutputBlock> blocks_;
  std::int64_t stride_ = 0, stripe_ = 0;  // pixels of a padded row; rows of a task
  bool in_place_ = false;                 // the kernels read the inputs where they are
};

}  // namespace

DirectConvolution::DirectConvolution(const ConvWeights& conv)
    : conv_{conv.weight.contiguous(), conv.bias.contiguous()} {
  std::vector<Tensor> blocks;
  for (const OutputBlock& block : OutputBlocks(out())) {
    blocks.push_back(conv_.weight.narrow(0, block.first, block.count).permute({1, 2, 3, 0}).flatten());
  }
  packed_ = torch::cat(blocks);
}

Tensor DirectConvolution::operator()(const std::vector<ConvInput>& inputs, const ConvEnd& end) const {
  const Tensor& like = inputs.front().map;
  if (!like.is_cpu()) return ByLibTorch(inputs, end);
  const Tensor result = torch::empty({like.size(0), out(), like.size(2), like.size(3)}, like.options());
  Write(result, inputs, end);
  return result;
}

void DirectConvolution::Write(const Tensor& result, const std::vector<ConvInput>& inputs, const ConvEnd& end) const {
  std::vector<ConvInput> dense;
  std::int64_t channels = 0;
  for (const ConvInput& input : inputs) {
    dense.push_back({WithDenseRows(input.map), WithDenseRows(input.plus)});
    channels += input.map.size(1);
  }
  if (channels != conv_.weight.size(1)) throw InternalError("a convolution was given another number of channels");
  const ConvEnd dense_end{WithDenseRows(end.summand), end.relu, WithDenseRows(end.after)};
  if (result.scalar_type() == torch::kDouble) {
    Pass<double>(conv_, packed_, dense, dense_end, result).Run();
  } else {
    Pass<float>(conv_, packed_, dense, dense_end, result).Run();
  }
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

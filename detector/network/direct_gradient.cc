#include "detector/network/direct_gradient.h"

#include <torch/torch.h>

#include <algorithm>

#include "detector/network/direct_rows.h"
#include "detector/network/parallel_for.h"

namespace mirst {
namespace {

using torch::Tensor;

/// One gradient at work: a task takes a stripe of rows of one sample and leaves its sums for all weights.
template <class Scalar>
class GradientPass {
 public:
  GradientPass(const std::vector<ConvInput>& inputs, const Tensor& gradient, std::int64_t in, std::int64_t kernel)
      : inputs_(inputs),
        gradient_{{gradient, {}}},
        in_(in),
        out_(gradient.size(1)),
        kernel_(kernel),
        height_(gradient.size(2)),
        kernels_(*MachineConvKernels<Scalar>().front()) {
    width_ = (gradient.size(3) + kernels_.lanes - 1) / kernels_.lanes * kernels_.lanes;
    stride_ = width_ + kernel_ - 1;
    const std::int64_t row_bytes = (in_ * stride_ + out_ * width_) * static_cast<std::int64_t>(sizeof(Scalar));
    stripe_ = std::max<std::int64_t>(kStripeBytes / row_bytes, kernel_ + 1);
  }

  Tensor Run() const {
    const std::int64_t stripes = (height_ + stripe_ - 1) / stripe_, weights = out_ * in_ * kernel_ * kernel_;
    const Tensor& like = gradient_.front().map;
    const std::int64_t tasks = like.size(0) * stripes;
    const Tensor partial = torch::empty({tasks, weights}, like.options());
    TorchParallelFor(0, tasks, 1, [&](std::int64_t begin, std::int64_t end) {
      thread_local std::vector<Scalar> rows, gradient_rows;
      for (std::int64_t task = begin; task < end; ++task) {
        const std::int64_t first = task % stripes * stripe_, count = std::min(stripe_, height_ - first);
        PadRows(inputs_, task / stripes, first - kernel_ / 2, count + kernel_ - 1, kernel_ / 2, stride_, rows);
        PadRows(gradient_, task / stripes, first, count, 0, width_, gradient_rows);
        SumStripe(rows.data(), gradient_rows.data(), count, partial.data_ptr<Scalar>() + task * weights);
      }
    });
    const Tensor sum = torch::zeros({out_, in_, kernel_, kernel_}, like.options());
    Scalar* total = sum.data_ptr<Scalar>();
    const Scalar* part = partial.data_ptr<Scalar>();
    for (std::int64_t i = 0; i < tasks * weights; ++i) total[i % weights] += part[i];
    return sum;
  }

 private:
  void SumStripe(const Scalar* rows, const Scalar* gradient_rows, std::int64_t count, Scalar* sums) const {
    const std::int64_t columns = in_ * kernel_ * kernel_, padded_rows = count + kernel_ - 1;
    for (const OutputBlock& block : OutputBlocks(out_)) {
      const auto at_once = kernels_.columns_of_8_4_2_1[block.kernel];
      std::vector<const Scalar*> gradients, pointers(static_cast<std::size_t>(at_once));
      for (std::int64_t o = block.first; o < block.first + block.count; ++o) {
        gradients.push_back(gradient_rows + o * count * width_);
      }
      std::vector<Scalar> products(static_cast<std::size_t>(block.count * at_once));
      for (std::int64_t first = 0; first < columns; first += at_once) {
        const std::int64_t used = std::min(at_once, columns - first);
        for (std::int64_t c = 0; c < at_once; ++c) {  // those that are too many repeat the last one
          const std::int64_t column = first + std::min(c, used - 1), dx = column % kernel_,
                             dy = column / kernel_ % kernel_, channel = column / (kernel_ * kernel_);
          pointers[static_cast<std::size_t>(c)] = rows + (channel * padded_rows + dy) * stride_ + dx;
        }
        kernels_.products_of_8_4_2_1[block.kernel](
            {gradients.data(), width_, pointers.data(), stride_, count, width_, products.data()});
        for (std::int64_t o = 0; o < block.count; ++o) {
          std::copy_n(products.data() + o * at_once, used, sums + (block.first + o) * columns + first);
        }
      }
    }
  }

  const std::vector<ConvInput>& inputs_;
  std::vector<ConvInput> gradient_;
  std::int64_t in_, out_, kernel_, height_;
  const ConvKernels<Scalar>& kernels_;
  std::int64_t width_ = 0, stride_ = 0, stripe_ = 0;  // pixels of a gradient's and an input's row; rows of a task
};

}  // namespace

Tensor DirectWeightGradient(const std::vector<ConvInput>& inputs, const Tensor& gradient, std::int64_t kernel) {
  std::vector<ConvInput> dense;
  std::int64_t channels = 0;
  for (const ConvInput& input : inputs) {
    dense.push_back({WithDenseRows(input.map), WithDenseRows(input.plus)});
    channels += input.map.size(1);
  }
  const Tensor rows = WithDenseRows(gradient);
  return gradient.scalar_type() == torch::kDouble ? GradientPass<double>(dense, rows, channels, kernel).Run()
                                                  : GradientPass<float>(dense, rows, channels, kernel).Run();
}

}  // namespace mirst

#include "detector/network/matrix_product.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <vector>

#include "detector/network/direct_rows.h"
#include "detector/network/parallel_for.h"
#include "detector/network/window_convolution.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr std::int64_t kPanel = 48;  // columns at once: whole vectors of every instruction set

/// The left matrix by blocks of rows, in each (K, rows of the block): the order in which the kernels read it.
template <class Scalar>
std::vector<Scalar> PackRows(const Tensor& a, const std::vector<OutputBlock>& blocks) {
  const std::int64_t depth = a.size(1), by_row = a.stride(0), by_depth = a.stride(1);
  std::vector<Scalar> packed(static_cast<std::size_t>(a.numel()));
  Scalar* next = packed.data();
  for (const OutputBlock& block : blocks) {
    const Scalar* first = a.data_ptr<Scalar>() + block.first * by_row;
    for (std::int64_t k = 0; k < depth; ++k) {
      for (std::int64_t row = 0; row < block.count; ++row) *next++ = first[row * by_row + k * by_depth];
    }
  }
  return packed;
}

/// a (M, K) times columns [first, first + kPanel) of b (K, N), as a convolution of one row with a 1 x 1 kernel.
template <class Scalar>
void MultiplyPanel(const std::vector<Scalar>& packed, const std::vector<OutputBlock>& blocks, const Tensor& b,
                   std::int64_t first, const Tensor& result) {
  const std::int64_t depth = b.size(0), width = std::min(kPanel, b.size(1) - first);
  std::vector<Scalar> panel(static_cast<std::size_t>(depth * kPanel));
  std::vector<const Scalar*> rows;
  for (std::int64_t k = 0; k < depth; ++k) {
    Scalar* row = panel.data() + k * kPanel;
    const Scalar* source = b.data_ptr<Scalar>() + k * b.stride(0) + first * b.stride(1);
    for (std::int64_t n = 0; n < width; ++n) row[n] = source[n * b.stride(1)];
    rows.push_back(row);
  }
  const std::array<Scalar, kConvOutputs[0]> no_bias{};
  std::array<Scalar*, kConvOutputs[0]> out;
  for (const OutputBlock& block : blocks) {
    for (std::int64_t row = 0; row < block.count; ++row) {
      out[static_cast<std::size_t>(row)] = result.data_ptr<Scalar>() + (block.first + row) * result.stride(0) + first;
    }
    MachineConvKernels<Scalar>().front()->rows_of_8_4_2_1[block.kernel](
        {rows.data(), depth, 1, packed.data() + block.first * depth, no_bias.data(), out.data(), nullptr, false,
         nullptr, width});
  }
}

template <class Scalar>
void MultiplyAll(const Tensor& a, const Tensor& b, const Tensor& result) {
  const std::vector<OutputBlock> blocks = OutputBlocks(a.size(1));
  const std::int64_t panels = (b.size(2) + kPanel - 1) / kPanel;
  std::vector<std::vector<Scalar>> packed(static_cast<std::size_t>(a.size(0)));
  TorchParallelFor(0, a.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) packed[static_cast<std::size_t>(i)] = PackRows<Scalar>(a[i], blocks);
  });
  TorchParallelFor(0, a.size(0) * panels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t i = task / panels;
      MultiplyPanel(packed[static_cast<std::size_t>(i)], blocks, b[i], task % panels * kPanel, result[i]);
    }
  });
}

/// (n, M, K) times (n, K, N). The kernels run along the columns, so the longer side is put there.
Tensor Multiply(const Tensor& a, const Tensor& b) {
  if (a.size(1) > b.size(2)) return Multiply(b.transpose(1, 2), a.transpose(1, 2)).transpose(1, 2);
  const Tensor result = torch::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  if (a.scalar_type() == torch::kDouble) {
    MultiplyAll<double>(a, b, result);
  } else {
    MultiplyAll<float>(a, b, result);
  }
  return result;
}

class Product : public torch::autograd::Function<Product> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& a, const Tensor& b) {
    context->save_for_backward({a, b});
    return Multiply(a, b);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    return {Multiply(gradients[0], saved[1].transpose(1, 2)), Multiply(saved[0].transpose(1, 2), gradients[0])};
  }
};

}  // namespace

Tensor MatrixProduct(const Tensor& a, const Tensor& b) {
  if (!HasDirectKernels(a)) return torch::matmul(a, b);
  if (a.dim() == 2) return Product::apply(a.unsqueeze(0), b.unsqueeze(0))[0];
  std::vector<std::int64_t> shape(a.sizes().begin(), a.sizes().end());
  shape.back() = b.size(-1);
  return Product::apply(a.flatten(0, -3), b.flatten(0, -3)).reshape(shape);
}

}  // namespace mirst

// One row of a direct two-dimensional convolution of stride 1 with its bias, additions and ReLU, and the products that
// make the gradient of its weights, for the instruction set of this machine. Few channels (1..8 outputs at once) and
// wide rows are its case: vectors run along the row, sums stay in registers. Every output is one sum in a fixed order,
// however rows are given to threads. No LibTorch.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mirst {

template <class Scalar>
struct ConvRow {
  /// Channel by channel, in it kernel row by kernel row: where the pixel kernel / 2 columns left of column 0 lies. The
  /// width, rounded up to `lanes`, plus kernel - 1 pixels can be read.
  const Scalar* const* rows;
  std::int64_t row_count;        ///< channels * kernel
  std::int64_t kernel;           ///< height and width
  const Scalar* weights;         ///< (row_count, kernel, outputs)
  const Scalar* bias;            ///< (outputs)
  Scalar* const* out;            ///< a row for each output, `width` pixels
  const Scalar* const* summand;  ///< null, or a row for each output that is added to the sum
  bool relu;                     ///< then
  const Scalar* const* after;    ///< null, or a row for each output that is added to that
  std::int64_t width;
};

inline constexpr std::array<std::int64_t, 4> kConvOutputs = {8, 4, 2, 1};

/// A weight's gradient is a sum of products along rows: sums[o][c] = sum over all rows and pixels of
/// gradients[o] * inputs[c], each pair in a fixed order.
template <class Scalar>
struct RowProducts {
  const Scalar* const* gradients;  ///< (outputs) first rows
  std::int64_t gradient_stride;    ///< to the next row
  const Scalar* const* inputs;     ///< (columns) first rows, shifted by the weight's column
  std::int64_t input_stride;
  std::int64_t rows;
  std::int64_t width;  ///< a multiple of `lanes`
  Scalar* sums;        ///< (outputs, columns)
};

/// The arrays go by the number of outputs, as kConvOutputs.
template <class Scalar>
struct ConvKernels {
  const char* instruction_set;
  std::int64_t lanes;  ///< of a vector
  std::array<void (*)(const ConvRow<Scalar>&), 4> rows_of_8_4_2_1{};
  std::array<std::int64_t, 4> columns_of_8_4_2_1{};  ///< of the products
  std::array<void (*)(const RowProducts<Scalar>&), 4> products_of_8_4_2_1{};
};

/// Those that this processor runs, widest vectors first: AVX-512, AVX2 with FMA, and what every processor has.
template <class Scalar>
const std::vector<const ConvKernels<Scalar>*>& MachineConvKernels();

}  // namespace mirst

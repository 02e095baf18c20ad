// The kernels of direct_kernels.h in vectors of kVectorBytes, of which the processor holds kRegisters. Included once by
// each file that is compiled for an instruction set; everything here stays in that file, as code for another processor
// must not be merged with it.
#pragma once

#include <cstring>
#include <utility>

#include "detector/network/direct_kernels.h"

namespace mirst {
namespace {

template <class Scalar>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double Type __attribute__((vector_size(kVectorBytes)));
};

template <class Scalar>
constexpr std::int64_t kLanes = static_cast<std::int64_t>(kVectorBytes / sizeof(Scalar));

/// Sums, a vector of input for each column of them, and a weight must fit into the registers.
constexpr std::size_t VectorsOfATile(std::size_t outputs) {
  std::size_t vectors = 1;
  for (const std::size_t count : {2U, 3U, 4U, 6U, 8U, 12U}) {
    if (count * (outputs + 1) + 1 <= kRegisters) vectors = count;
  }
  return vectors;
}

/// Columns [x, x + kVectors * lanes) of kOutputs rows; the last vector is stored up to the row's end only.
template <class Scalar, std::size_t kOutputs, std::size_t kVectors>
inline void ConvTile(const ConvRow<Scalar>& row, std::int64_t x) {
  using Vector = typename VectorOf<Scalar>::Type;
  constexpr std::int64_t lanes = kLanes<Scalar>;
  Vector sum[kOutputs][kVectors];
#pragma GCC unroll 8
  for (std::size_t o = 0; o < kOutputs; ++o) {
#pragma GCC unroll 12
    for (std::size_t v = 0; v < kVectors; ++v) sum[o][v] = Vector{} + row.bias[o];
  }
  const Scalar* weight = row.weights;
  for (std::int64_t i = 0; i < row.row_count; ++i) {
    const Scalar* pixel = row.rows[i] + x;
    for (std::int64_t dx = 0; dx < row.kernel; ++dx, ++pixel, weight += kOutputs) {
      Vector in[kVectors];
#pragma GCC unroll 12
      for (std::size_t v = 0; v < kVectors; ++v)
        std::memcpy(&in[v], pixel + static_cast<std::int64_t>(v) * lanes, sizeof(Vector));
#pragma GCC unroll 8
      for (std::size_t o = 0; o < kOutputs; ++o) {
#pragma GCC unroll 12
        for (std::size_t v = 0; v < kVectors; ++v) sum[o][v] += in[v] * weight[o];
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t o = 0; o < kOutputs; ++o) {
#pragma GCC unroll 12
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::int64_t begin = x + static_cast<std::int64_t>(v) * lanes;
      const std::size_t bytes =
          static_cast<std::size_t>(begin + lanes <= row.width ? lanes : row.width - begin) * sizeof(Scalar);
      Vector value = sum[o][v], other{};
      const auto load = [&](const Scalar* const* rows) {
        if (bytes == sizeof(Vector)) {
          std::memcpy(&other, rows[o] + begin, sizeof(Vector));
        } else {
          std::memcpy(&other, rows[o] + begin, bytes);
        }
      };
      if (row.summand != nullptr) {
        load(row.summand);
        value += other;
      }
      if (row.relu) value = value < Vector{} ? Vector{} : value;
      if (row.after != nullptr) {
        load(row.after);
        value += other;
      }
      if (bytes == sizeof(Vector)) {
        std::memcpy(row.out[o] + begin, &value, sizeof(Vector));
      } else {
        std::memcpy(row.out[o] + begin, &value, bytes);
      }
    }
  }
}

/// Tiles of kVectors while they fit, then of half as many, down to one.
template <class Scalar, std::size_t kOutputs, std::size_t kVectors>
inline void ConvTiles(const ConvRow<Scalar>& row, std::int64_t x) {
  constexpr std::int64_t lanes = kLanes<Scalar>, columns = static_cast<std::int64_t>(kVectors) * lanes;
  const std::int64_t end = (row.width + lanes - 1) / lanes * lanes;
  for (; x + columns <= end; x += columns) ConvTile<Scalar, kOutputs, kVectors>(row, x);
  if constexpr (kVectors > 1) {
    if (x < end) ConvTiles<Scalar, kOutputs, kVectors / 2>(row, x);
  }
}

template <class Scalar, std::size_t kOutputs>
void ConvOneRow(const ConvRow<Scalar>& row) {
  ConvTiles<Scalar, kOutputs, VectorsOfATile(kOutputs)>(row, 0);
}

template <class Scalar, std::size_t kOutputs>
void SumProducts(const RowProducts<Scalar>& products) {
  using Vector = typename VectorOf<Scalar>::Type;
  constexpr std::size_t columns = VectorsOfATile(kOutputs);
  Vector sum[kOutputs][columns] = {};
  for (std::int64_t y = 0; y < products.rows; ++y) {
    for (std::int64_t x = 0; x < products.width; x += kLanes<Scalar>) {
      Vector in[columns];
#pragma GCC unroll 12
      for (std::size_t c = 0; c < columns; ++c)
        std::memcpy(&in[c], products.inputs[c] + y * products.input_stride + x, sizeof(Vector));
#pragma GCC unroll 8
      for (std::size_t o = 0; o < kOutputs; ++o) {
        Vector gradient;
        std::memcpy(&gradient, products.gradients[o] + y * products.gradient_stride + x, sizeof(Vector));
#pragma GCC unroll 12
        for (std::size_t c = 0; c < columns; ++c) sum[o][c] += gradient * in[c];
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t o = 0; o < kOutputs; ++o) {
#pragma GCC unroll 12
    for (std::size_t c = 0; c < columns; ++c) {
      Scalar total = 0;
      for (std::size_t lane = 0; lane < kLanes<Scalar>; ++lane) total += sum[o][c][lane];
      products.sums[o * columns + c] = total;
    }
  }
}

template <class Scalar>
constexpr ConvKernels<Scalar> KernelsOfThisSet(const char* name) {
  return {name,
          kLanes<Scalar>,
          {&ConvOneRow<Scalar, 8>, &ConvOneRow<Scalar, 4>, &ConvOneRow<Scalar, 2>, &ConvOneRow<Scalar, 1>},
          {VectorsOfATile(8), VectorsOfATile(4), VectorsOfATile(2), VectorsOfATile(1)},
          {&SumProducts<Scalar, 8>, &SumProducts<Scalar, 4>, &SumProducts<Scalar, 2>, &SumProducts<Scalar, 1>}};
}

}  // namespace
}  // namespace mirst

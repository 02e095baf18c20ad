#include "detector/model_driven/tensor_svd.h"

#include "core/parallel.h"
#include "detector/model_driven/fourier.h"
#include "detector/model_driven/linear_algebra.h"

namespace mirst {
namespace {

using Complex = std::complex<double>;

template <class Scalar>
void ShrinkSlice(Scalar* slice, int rows, int columns, SvdDriver driver, const SingularValueRule& rule) {
  if (driver == SvdDriver::kLeading)
    ShrinkLeading(slice, rows, columns, rule);
  else
    ShrinkAll(slice, rows, columns, rule);
}

/// Indices of the rows and columns that are not zero in all slices.
struct Support {
  std::vector<int> rows, columns;
};

Support SupportOf(const std::vector<double>& tensor, int rows, int columns) {
  std::vector<char> row_used(static_cast<std::size_t>(rows)), column_used(static_cast<std::size_t>(columns));
  std::size_t i = 0;
  while (i < tensor.size()) {
    for (char& column : column_used) {
      for (char& row : row_used) {
        if (tensor[i++] != 0) row = column = 1;
      }
    }
  }
  Support support;
  for (int r = 0; r < rows; ++r) {
    if (row_used[static_cast<std::size_t>(r)] != 0) support.rows.push_back(r);
  }
  for (int c = 0; c < columns; ++c) {
    if (column_used[static_cast<std::size_t>(c)] != 0) support.columns.push_back(c);
  }
  return support;
}

}  // namespace

struct TensorSvd::Plans {
  RealFourier fourier;
};

TensorSvd::TensorSvd(int rows, int columns, int slices, SvdDriver driver, HighestFrequency highest)
    : rows_(rows),
      columns_(columns),
      slices_(slices),
      driver_(driver),
      halves_highest_(highest == HighestFrequency::kHalf && slices % 2 == 1 && slices > 1),
      plans_(std::make_unique<Plans>(Plans{RealFourier::AlongSlowest(slices, Tensor(rows, columns, 1).slice_size())})) {
}
TensorSvd::~TensorSvd() = default;

Complex* TensorSvd::Slice(int k) {
  return plans_->fourier.spectrum().data() +
         static_cast<std::size_t>(k) * static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_);
}

void TensorSvd::Shrink(std::vector<double>& tensor, const Rule& rule) {
  plans_->fourier.values() = tensor;
  plans_->fourier.Forward();
  const std::size_t size = static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_);
  ParallelFor(static_cast<std::size_t>(half_slices()), [&](std::size_t task) {
    const OneBlasThread one_thread;
    const int k = static_cast<int>(task);
    Complex* slice = Slice(k);
    const SingularValueRule rule_of_slice = [&](std::vector<double>& values) { rule(k, values); };
    if (IsReal(k)) {
      std::vector<double> real(size);
      for (std::size_t i = 0; i < size; ++i) real[i] = slice[i].real();
      ShrinkSlice(real.data(), rows_, columns_, driver_, rule_of_slice);
      for (std::size_t i = 0; i < size; ++i) slice[i] = real[i];
    } else {
      ShrinkSlice(slice, rows_, columns_, driver_, rule_of_slice);
      if (IsHalved(k)) {
        for (std::size_t i = 0; i < size; ++i) slice[i] *= 0.5;
      }
    }
  });
  plans_->fourier.Inverse();
  const std::vector<double>& values = plans_->fourier.values();
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor[i] = values[i] / slices_;
}

std::vector<std::vector<double>> TensorSvd::Values(const std::vector<double>& tensor) {
  const Support support = SupportOf(tensor, rows_, columns_);
  const int rows = static_cast<int>(support.rows.size()), columns = static_cast<int>(support.columns.size());
  plans_->fourier.values() = tensor;
  plans_->fourier.Forward();
  std::vector<std::vector<double>> values(static_cast<std::size_t>(half_slices()));
  ParallelFor(values.size(), [&](std::size_t task) {
    const OneBlasThread one_thread;
    const int k = static_cast<int>(task);
    std::vector<Complex> used;
    for (const int c : support.columns) {
      const Complex* column = Slice(k) + static_cast<std::ptrdiff_t>(c) * rows_;
      for (const int r : support.rows) used.push_back(column[r]);
    }
    if (IsReal(k)) {
      std::vector<double> real(used.size());
      for (std::size_t i = 0; i < used.size(); ++i) real[i] = used[i].real();
      values[task] = SingularValues(real.data(), rows, columns);
    } else {
      values[task] = SingularValues(used.data(), rows, columns);
    }
  });
  return values;
}

}  // namespace mirst

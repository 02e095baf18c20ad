// Real Fourier transforms of any length by FFTW: half spectrum, unnormalised both ways. Plans are estimated,
// never measured, so that equal input gives equal output.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace mirst {

class RealFourier {
 public:
  /// `count` transforms of `length` values that lie `count` apart: along the slowest mode of an array.
  static RealFourier AlongSlowest(int length, std::size_t count);
  /// One transform of a row-major array (planes, rows, columns); the half spectrum is along the columns.
  static RealFourier OfVolume(int planes, int rows, int columns);
  ~RealFourier();
  RealFourier(RealFourier&&) noexcept;

  std::vector<double>& values();
  std::vector<std::complex<double>>& spectrum();
  /// From values() to spectrum(); may destroy values().
  void Forward();
  /// From spectrum(), which is destroyed, to values() times length().
  void Inverse();
  /// Number of values in one transform.
  double length() const;

 private:
  struct State;
  explicit RealFourier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mirst

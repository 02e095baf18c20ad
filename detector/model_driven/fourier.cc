#include "detector/model_driven/fourier.h"

#include <fftw3.h>

#include <mutex>
#include <utility>

#include "core/error.h"

namespace mirst {
namespace {

std::mutex planner_mutex;  // FFTW plans in one thread at a time

fftw_complex* Raw(std::vector<std::complex<double>>& values) {
  return reinterpret_cast<fftw_complex*>(values.data());  // the same layout by FFTW's and the standard's promise
}

}  // namespace

struct RealFourier::State {
  std::vector<double> values;
  std::vector<std::complex<double>> spectrum;
  double length = 1;
  fftw_plan forward = nullptr, inverse = nullptr;

  State(std::size_t values_size, std::size_t spectrum_size, double transform_length)
      : values(values_size), spectrum(spectrum_size), length(transform_length) {}
  ~State() {
    const std::lock_guard lock(planner_mutex);
    fftw_destroy_plan(forward);
    fftw_destroy_plan(inverse);
  }
};

RealFourier::RealFourier(std::unique_ptr<State> state) : state_(std::move(state)) {
  if (state_->forward == nullptr || state_->inverse == nullptr) throw InternalError("FFTW made no plan");
}
RealFourier::~RealFourier() = default;
RealFourier::RealFourier(RealFourier&&) noexcept = default;

RealFourier RealFourier::AlongSlowest(int length, std::size_t count) {
  const std::size_t half = static_cast<std::size_t>(length) / 2 + 1;
  auto state = std::make_unique<State>(static_cast<std::size_t>(length) * count, half * count, length);
  const int stride = static_cast<int>(count);
  const std::lock_guard lock(planner_mutex);
  state->forward = fftw_plan_many_dft_r2c(1, &length, stride, state->values.data(), nullptr, stride, 1,
                                          Raw(state->spectrum), nullptr, stride, 1, FFTW_ESTIMATE);
  state->inverse = fftw_plan_many_dft_c2r(1, &length, stride, Raw(state->spectrum), nullptr, stride, 1,
                                          state->values.data(), nullptr, stride, 1, FFTW_ESTIMATE);
  return RealFourier(std::move(state));
}

RealFourier RealFourier::OfVolume(int planes, int rows, int columns) {
  const std::size_t lines = static_cast<std::size_t>(planes) * static_cast<std::size_t>(rows);
  const std::size_t width = static_cast<std::size_t>(columns);
  auto state = std::make_unique<State>(lines * width, lines * (width / 2 + 1), static_cast<double>(lines * width));
  const std::lock_guard lock(planner_mutex);
  state->forward =
      fftw_plan_dft_r2c_3d(planes, rows, columns, state->values.data(), Raw(state->spectrum), FFTW_ESTIMATE);
  state->inverse =
      fftw_plan_dft_c2r_3d(planes, rows, columns, Raw(state->spectrum), state->values.data(), FFTW_ESTIMATE);
  return RealFourier(std::move(state));
}

std::vector<double>& RealFourier::values() { return state_->values; }
std::vector<std::complex<double>>& RealFourier::spectrum() { return state_->spectrum; }
void RealFourier::Forward() { fftw_execute(state_->forward); }
void RealFourier::Inverse() { fftw_execute(state_->inverse); }
double RealFourier::length() const { return state_->length; }

}  // namespace mirst

#include "fusion/psf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/units.h"

namespace mirst {
namespace {

// Kernel over cells -radius..radius: integral of the Gaussian over each, renormalised.
std::vector<double> GaussianKernel(double sigma_cells) {
  const int radius = static_cast<int>(std::ceil(4 * sigma_cells));
  std::vector<double> kernel;
  for (int i = -radius; i <= radius; ++i) {
    const double scale = 1 / (std::sqrt(2.0) * sigma_cells);
    kernel.push_back(0.5 * (std::erf((i + 0.5) * scale) - std::erf((i - 0.5) * scale)));
  }
  const double sum = std::accumulate(kernel.begin(), kernel.end(), 0.0);
  for (double& weight : kernel) weight /= sum;
  return kernel;
}

// out[x] = sum over k of weights[k] rows[k][x], from the last k on, four rows in a pass.
[[gnu::always_inline]] inline void SumRowsInOrder(const double* weights, const double* const* rows, int count,
                                                  int width, double* __restrict out) {
  std::fill_n(out, width, 0.0);
  int k = count - 1;
  for (; k >= 3; k -= 4) {
    const double *const a = rows[k], *const b = rows[k - 1], *const c = rows[k - 2], *const d = rows[k - 3];
    const double wa = weights[k], wb = weights[k - 1], wc = weights[k - 2], wd = weights[k - 3];
    for (int x = 0; x < width; ++x) out[x] = (((out[x] + wa * a[x]) + wb * b[x]) + wc * c[x]) + wd * d[x];
  }
  for (; k >= 0; --k) {
    const double* const a = rows[k];
    const double wa = weights[k];
    for (int x = 0; x < width; ++x) out[x] += wa * a[x];
  }
}

// Every processor makes the same additions in the same order, some more of them at a time.
using RowSum = void (*)(const double* weights, const double* const* rows, int count, int width, double* out);
void SumRows(const double* weights, const double* const* rows, int count, int width, double* out) {
  SumRowsInOrder(weights, rows, count, width, out);
}
#ifdef __x86_64__
[[gnu::target("avx2")]] void SumRowsAvx2(const double* weights, const double* const* rows, int count, int width,
                                         double* out) {
  SumRowsInOrder(weights, rows, count, width, out);
}
[[gnu::target("avx512f")]] void SumRowsAvx512(const double* weights, const double* const* rows, int count, int width,
                                              double* out) {
  SumRowsInOrder(weights, rows, count, width, out);
}
RowSum FastestRowSum() {
  if (__builtin_cpu_supports("avx512f")) return SumRowsAvx512;
  return __builtin_cpu_supports("avx2") ? SumRowsAvx2 : SumRows;
}
#else
RowSum FastestRowSum() { return SumRows; }
#endif

// Full convolution along rows and columns: each side grows by the kernel's radius.
Image<float> ConvolveSeparably(const Image<float>& image, const std::vector<double>& kernel) {
  static const RowSum kSumRows = FastestRowSum();
  const int taps = static_cast<int>(kernel.size()), grow = taps - 1, width = image.width() + grow;
  Image<double> wide(image.height(), width, 0.0);  // rows, convolved along themselves
  std::vector<double> padded(static_cast<std::size_t>(width + grow), 0.0);
  std::vector<const double*> rows;
  for (int k = 0; k < taps; ++k) rows.push_back(padded.data() + grow - k);
  for (int y = 0; y < image.height(); ++y) {
    const float* const row = image.row(y);
    if (std::all_of(row, row + image.width(), [](float value) { return value == 0; })) continue;
    std::copy(row, row + image.width(), padded.begin() + grow);
    kSumRows(kernel.data(), rows.data(), taps, width, wide.row(y));
  }
  Image<float> result(image.height() + grow, width);
  std::vector<double> sums(static_cast<std::size_t>(width));
  for (int y = 0; y < result.height(); ++y) {
    const int first = std::max(0, y - image.height() + 1), end = std::min(taps, y + 1);
    rows.clear();
    for (int k = first; k < end; ++k) rows.push_back(wide.row(y - k));
    kSumRows(kernel.data() + first, rows.data(), end - first, width, sums.data());
    std::transform(sums.begin(), sums.end(), result.row(y), [](double sum) { return static_cast<float>(sum); });
  }
  return result;
}

// Full convolution: each side grows by the kernel's radius. A row of the result is a sum of the kernel's rows, each
// moved to a cell of the template and weighted by it; templates are mostly empty, and zeros are left out.
Image<float> Convolve(const Image<float>& image, const Image<double>& kernel) {
  static const RowSum kSumRows = FastestRowSum();
  const int grow = kernel.width() - 1, width = image.width() + grow, margin = image.width() - 1;
  Image<double> padded(kernel.height(), kernel.width() + 2 * margin, 0.0);
  for (int k = 0; k <= grow; ++k) std::copy_n(kernel.row(k), kernel.width(), padded.row(k) + margin);
  Image<float> result(image.height() + grow, width);
  std::vector<double> weights, sums(static_cast<std::size_t>(width));
  std::vector<const double*> rows;
  for (int y = 0; y < result.height(); ++y) {
    weights.clear();
    rows.clear();
    for (int k = std::max(0, y - image.height() + 1); k <= std::min(grow, y); ++k) {
      const float* const cells = image.row(y - k);
      for (int x = 0; x < image.width(); ++x) {
        if (cells[x] == 0) continue;
        weights.push_back(static_cast<double>(cells[x]));
        rows.push_back(padded.row(k) + margin - x);
      }
    }
    kSumRows(weights.data(), rows.data(), static_cast<int>(rows.size()), width, sums.data());
    std::transform(sums.begin(), sums.end(), result.row(y), [](double sum) { return static_cast<float>(sum); });
  }
  return result;
}

// A radially symmetric density from equidistant values, by cubic interpolation (Catmull and Rom).
class RadialTable {
 public:
  RadialTable(const Optics& optics, double step, double reach)
      : step_(step), values_(PsfProfile(optics, step, static_cast<int>(std::ceil(reach / step)) + 3)) {}
  double operator()(double radius) const {
    const double place = radius / step_;
    const auto i = static_cast<std::size_t>(place);
    const double t = place - static_cast<double>(i);
    const double a = values_[i == 0 ? 1 : i - 1], b = values_[i], c = values_[i + 1], d = values_[i + 2];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }

 private:
  double step_;
  std::vector<double> values_;
};

// Half the side of the square that holds `energy` of the Airy pattern at the mean wavelength, in cells beside the
// middle one.
int KernelRadius(const Optics& optics, int supersampling, double energy) {
  constexpr double kLargest_px = 32;
  const double airy = SamplingRatio(optics);
  double inside = 0, outside = kLargest_px;
  if (AiryEnergyInSquare(2 * outside / airy) > energy) {
    for (int i = 0; i < 30; ++i) {
      const double middle = 0.5 * (inside + outside);
      (AiryEnergyInSquare(2 * middle / airy) < energy ? inside : outside) = middle;
    }
  }
  const double radius = std::min(kLargest_px, outside + 4 * optics.jitter_px + 0.5 * DefocusDisc(optics));
  return static_cast<int>(std::ceil(radius * supersampling));
}

}  // namespace

double DiffractionSigmaPx(double wavelength_um, double f_number, double pixel_pitch_um) {
  if (!(wavelength_um > 0) || !(f_number > 0) || !(pixel_pitch_um > 0)) {
    throw BadInput(fmt::format("wavelength {} um, f-number {} and pixel pitch {} um must be positive", wavelength_um,
                               f_number, pixel_pitch_um));
  }
  return std::sqrt(2.0) / kPi * wavelength_um * f_number / pixel_pitch_um;
}

Template ApplyGaussianPsf(const Template& target, double sigma_px) {
  if (!(sigma_px >= 0 && sigma_px <= 20)) throw BadInput(fmt::format("PSF sigma is {} px, allowed: 0 to 20", sigma_px));
  if (sigma_px == 0) return target;
  const std::vector<double> kernel = GaussianKernel(sigma_px * target.supersampling);
  const double radius = static_cast<double>(kernel.size() / 2);
  Template blurred = target;
  blurred.opacity = ConvolveSeparably(target.opacity, kernel);
  blurred.contrast = ConvolveSeparably(target.contrast, kernel);
  blurred.anchor_cells = target.anchor_cells + Vec2{radius, radius};
  return blurred;
}

PsfKernel MakePsfKernel(const Optics& optics, int supersampling, double energy) {
  CheckOptics(optics);
  if (supersampling < 1 || supersampling > 64)
    throw BadInput(fmt::format("a supersampling of {}; allowed: 1 to 64", supersampling));
  if (!(energy >= 0.5 && energy <= 0.995))
    throw BadInput(fmt::format("a kernel of {} of the energy; allowed: 0.5 to 0.995", energy));
  const int radius = KernelRadius(optics, supersampling, energy);
  const double finest = 1 / CutoffFrequency(optics), cell = 1.0 / supersampling;  // px
  // A sixty-fourth of the finest structure: interpolation is then right to about 1e-6 of the peak.
  const RadialTable density(optics, finest / 64, std::sqrt(2.0) * (radius + 1) * cell);
  // Gauss-Legendre points, three to a part of a cell that is at most half the finest structure.
  const int parts = static_cast<int>(std::ceil(2 * cell / finest));
  std::vector<std::pair<double, double>> points;
  for (int part = 0; part < parts; ++part) {
    for (const int sign : {-1, 0, 1}) {
      const double place = (part + 0.5 + 0.5 * sign * std::sqrt(0.6)) / parts - 0.5;
      points.emplace_back(place * cell, (sign == 0 ? 8.0 : 5.0) / 18 / parts * cell);
    }
  }
  PsfKernel kernel{Image<double>(2 * radius + 1, 2 * radius + 1), supersampling, 0};
  for (int y = 0; y <= radius; ++y) {
    for (int x = 0; x <= y; ++x) {  // an eighth; the others mirror it
      double weight = 0;
      for (const auto& [dy, wy] : points) {
        for (const auto& [dx, wx] : points) weight += wx * wy * density(std::hypot(x * cell + dx, y * cell + dy));
      }
      for (const auto& [u, v] : {std::pair(x, y), std::pair(y, x)}) {
        for (const int sx : {-1, 1}) {
          for (const int sy : {-1, 1}) kernel.weights(radius + sy * v, radius + sx * u) = weight;
        }
      }
    }
  }
  kernel.energy = std::accumulate(kernel.weights.begin(), kernel.weights.end(), 0.0);
  for (double& weight : kernel.weights) weight /= kernel.energy;
  return kernel;
}

PsfKernel MakeGaussianKernel(double sigma_px, int supersampling) {
  if (!(sigma_px > 0 && sigma_px <= 20)) {
    throw BadInput(fmt::format("PSF sigma is {} px, allowed: above 0 to 20", sigma_px));
  }
  const std::vector<double> line = GaussianKernel(sigma_px * supersampling);
  const int size = static_cast<int>(line.size());
  PsfKernel kernel{Image<double>(size, size), supersampling, 1};
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x)
      kernel.weights(y, x) = line[static_cast<std::size_t>(y)] * line[static_cast<std::size_t>(x)];
  }
  return kernel;
}

PsfKernel WithHalo(const PsfKernel& kernel, double halo_share, double halo_sigma_px) {
  if (!(halo_share >= 0 && halo_share <= 0.9 && halo_sigma_px >= 0.1)) {
    throw BadInput(
        fmt::format("a halo of {} of the light and {} px, allowed: 0 to 0.9 and 0.1 to 20", halo_share, halo_sigma_px));
  }
  const Image<double> halo = MakeGaussianKernel(halo_sigma_px, kernel.supersampling).weights;
  const int size = std::max(halo.width(), kernel.weights.width());
  PsfKernel both{Image<double>(size, size, 0.0), kernel.supersampling, kernel.energy};
  const auto add = [&](const Image<double>& weights, double share) {
    const int margin = (size - weights.width()) / 2;
    for (int y = 0; y < weights.height(); ++y) {
      for (int x = 0; x < weights.width(); ++x) both.weights(margin + y, margin + x) += share * weights(y, x);
    }
  };
  add(kernel.weights, 1 - halo_share);
  add(halo, halo_share);
  return both;
}

Template ApplyPsf(const Template& target, const PsfKernel& kernel) {
  if (target.supersampling != kernel.supersampling) {
    throw BadInput(
        fmt::format("a template of {} cells per pixel and a kernel of {}", target.supersampling, kernel.supersampling));
  }
  const double radius = kernel.weights.width() / 2;
  Template blurred = target;
  blurred.opacity = Convolve(target.opacity, kernel.weights);
  blurred.contrast = Convolve(target.contrast, kernel.weights);
  blurred.anchor_cells = target.anchor_cells + Vec2{radius, radius};
  return blurred;
}

}  // namespace mirst

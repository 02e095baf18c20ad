#include "fusion/psf.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
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

// Full convolution along rows and columns: each side grows by the kernel's radius.
Image<float> ConvolveSeparably(const Image<float>& image, const std::vector<double>& kernel) {
  const int grow = static_cast<int>(kernel.size()) - 1;
  Image<double> wide(image.height(), image.width() + grow, 0.0);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const auto value = static_cast<double>(image(y, x));
      if (value == 0) continue;
      for (int k = 0; k <= grow; ++k) wide(y, x + k) += value * kernel[static_cast<std::size_t>(k)];
    }
  }
  Image<double> tall(image.height() + grow, wide.width(), 0.0);
  for (int y = 0; y < wide.height(); ++y) {
    for (int k = 0; k <= grow; ++k) {
      const double weight = kernel[static_cast<std::size_t>(k)];
      for (int x = 0; x < wide.width(); ++x) tall(y + k, x) += weight * wide(y, x);
    }
  }
  Image<float> result(tall.height(), tall.width());
  std::transform(tall.begin(), tall.end(), result.begin(), [](double value) { return static_cast<float>(value); });
  return result;
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

}  // namespace mirst

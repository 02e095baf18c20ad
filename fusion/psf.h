// The point spread function (PSF) on a template's cells: it blurs opacity and contrast alike and keeps their sums.
// Either the lens itself (optics.h), or a Gaussian that matches the Airy pattern's peak and energy and leaves out its
// rings (16 % of the energy beyond the first zero).
#pragma once

#include "core/template.h"
#include "fusion/optics.h"

namespace mirst {

/// sigma of the Gaussian with the peak and the energy of the Airy pattern: (sqrt(2) / pi) lambda F, in sensor pixels
/// (docs/physics.md, "Optics"). Throws kBadInput unless all arguments are positive.
double DiffractionSigmaPx(double wavelength_um, double f_number, double pixel_pitch_um);

/// The template behind the optics, on a canvas grown by the kernel's radius (4 sigma, rounded up to whole cells; the
/// kernel is the Gaussian's integral over each cell, renormalised: 6e-5 of its energy is cut off). Sums of opacity and
/// contrast are kept. sigma_px in [0, 20]; 0 returns the template as it is. Throws kBadInput outside.
Template ApplyGaussianPsf(const Template& target, double sigma_px);

/// A PSF as weights of cells.
struct PsfKernel {
  Image<double> weights;  ///< odd square about its middle, sum 1
  int supersampling = 1;
  double energy = 1;  ///< share of the PSF within the square, before the weights were made to sum to 1
};

/// Lens, defocus and jitter integrated over each cell, cut off where an unblurred Airy pattern keeps `energy` (0.5 to
/// 0.995) in the square, or at 32 pixels from the middle, whichever is nearer; defocus and jitter widen it. Smear and
/// the detector are left to ResampleToSensor. Throws kBadInput: optics out of range, a supersampling outside 1 to 64.
PsfKernel MakePsfKernel(const Optics& optics, int supersampling, double energy = 0.99);

/// The Gaussian of ApplyGaussianPsf as a kernel, sigma_px in (0, 20]. Throws kBadInput outside.
PsfKernel MakeGaussianKernel(double sigma_px, int supersampling);

/// The kernel with the share `halo_share` (0 to 0.9) of its light spread over a Gaussian of `halo_sigma_px` (0.1 to 20)
/// in place of it: what scatters in lens and detector. Throws kBadInput outside.
PsfKernel WithHalo(const PsfKernel& kernel, double halo_share, double halo_sigma_px);

/// The template behind the kernel, on a canvas grown by its half width. Throws kBadInput when they differ in
/// supersampling.
Template ApplyPsf(const Template& target, const PsfKernel& kernel);

}  // namespace mirst

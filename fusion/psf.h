// Optics: the point spread function (PSF) that blurs a template's opacity and contrast alike. A Gaussian for now: it
// matches the Airy pattern's peak and energy, and leaves out its rings (16 % of the energy beyond the first zero).
#pragma once

#include "core/template.h"

namespace mirst {

/// sigma of the Gaussian with the peak and the energy of the Airy pattern: (sqrt(2) / pi) lambda F, in sensor pixels
/// (docs/physics.md, "Optics"). Throws kBadInput unless all arguments are positive.
double DiffractionSigmaPx(double wavelength_um, double f_number, double pixel_pitch_um);

/// The template behind the optics, on a canvas grown by the kernel's radius (4 sigma, rounded up to whole cells; the
/// kernel is the Gaussian's integral over each cell, renormalised: 6e-5 of its energy is cut off). Sums of opacity and
/// contrast are kept. sigma_px in [0, 20]; 0 returns the template as it is. Throws kBadInput outside.
Template ApplyGaussianPsf(const Template& target, double sigma_px);

}  // namespace mirst

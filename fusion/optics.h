// What lens, detector and motion do to a point: modulation transfer functions (MTF), point spread function (PSF) and
// the energy that squares of pixels catch. Incoherent, aberration-free lens with a round pupil; linear and the same all
// over the field. Lengths in sensor pixels, spatial frequencies in cycles per pixel, unless a name says otherwise.
#pragma once

#include <vector>

#include "core/geometry.h"

namespace mirst {

/// A camera's blur. All contributions are independent: their MTFs multiply.
struct Optics {
  double f_number = 2;     ///< [0.3, 100]
  double band_low_um = 8;  ///< (0, 100]; equal to band_high_um = one wavelength
  double band_high_um = 14;
  double pixel_pitch_um = 17;  ///< [0.1, 1000]
  double defocus_um = 0;   ///< the detector's distance from the focus, either sign, |.| <= 10000; geometric blur disc
  double jitter_px = 0;    ///< standard deviation along each axis, Gaussian, [0, 20]
  double smear_px = 0;     ///< length of a steady motion along x during the exposure, [0, 1000]
  double fill_factor = 1;  ///< active share of the pixel's area, (0, 1]; the active area is a centred square
  double source_temperature_k = 0;  ///< weight of the wavelengths: Planck's law (energy) at it, or 0 = all alike
};

/// Throws kBadInput for the first value out of range.
void CheckOptics(const Optics& optics);

/// Diffraction at u = f / cut-off: (2 / pi) (acos u - u sqrt(1 - u^2)); 0 from u = 1 on.
double DiffractionMtf(double share_of_cutoff);
/// Uniform disc of diameter d: 2 J1(pi d f) / (pi d f). Negative behind its first zero (contrast reversal).
double DiscMtf(double diameter, double frequency);
/// exp(-2 pi^2 sigma^2 f^2)
double GaussianMtf(double sigma, double frequency);
/// Uniform line or aperture of width w: sin(pi w f) / (pi w f).
double BoxMtf(double width, double frequency);

/// Values of the components at one frequency, and their product.
struct MtfValues {
  double diffraction = 1;  ///< mean over the band
  double defocus = 1;
  double jitter = 1;
  double detector = 1;
  double smear = 1;
  double system = 1;
};
/// At frequency (along x, along y).
MtfValues MtfAt(const Optics& optics, Vec2 frequency);

/// Where diffraction of the shortest wavelength reaches zero: p / (lambda F).
double CutoffFrequency(const Optics& optics);
/// Q = lambda F / p at the weighted mean wavelength; below 2 the detector aliases.
double SamplingRatio(const Optics& optics);
double MeanWavelengthUm(const Optics& optics);
/// Diameter of the defocus disc: |defocus| / (F p).
double DefocusDisc(const Optics& optics);

/// Density of the image of a point (lens, defocus, jitter; neither smear nor detector) at `radius`, per px^2, plane
/// integral 1.
double PsfAt(const Optics& optics, double radius);
/// The same at radii 0, step, ... (count - 1) step, px.
std::vector<double> PsfProfile(const Optics& optics, double step, int count);
/// Full width at half of the central value, of what PsfAt describes. Throws kBadInput when the centre is no maximum.
double PsfFullWidth(const Optics& optics);

/// Shares of a point's energy. With a fill factor below 1 they count active areas only.
struct EnsquaredEnergy {
  double centre = 0;      ///< the pixel on whose centre the point lies
  double corner = 0;      ///< each of the four pixels at whose common corner the point lies
  double phase_mean = 0;  ///< the pixel that holds the point, mean over all places of the point in it
  double square_3 = 0;    ///< 3 x 3 pixels about the centred point
  double square_5 = 0;
};
EnsquaredEnergy EnsquaredEnergyOf(const Optics& optics);

/// Energy of a monochromatic Airy pattern within a centred square, `side` in lambda F:
/// (4 / pi) int_0^{pi/4} [1 - J0^2 - J1^2](pi side / (2 cos t)) dt (docs/physics.md).
double AiryEnergyInSquare(double side);
/// Within a circle: 1 - J0^2(pi r) - J1^2(pi r), r in lambda F.
double AiryEnergyInCircle(double radius);
/// (2 J1(v) / v)^2, v = pi r, r in lambda F: 1 in the centre.
double AiryPattern(double radius);

/// Share of a Gaussian about `centre` that falls into [low, high] along one axis; the Gaussian moves over `smear` (its
/// middle at `centre`) during the exposure. sigma > 0, smear >= 0. Closed form (error function and its integral).
double GaussianShare(double low, double high, double centre, double sigma, double smear = 0);

}  // namespace mirst

// What a target smaller than a pixel and what noise of photons amount to at the sensor: closed forms for planning and
// for checks. docs/physics.md, equations (16) and (17).
#pragma once

#include "renderer/planck.h"

namespace mirst {

struct PhotonSensor {
  Band band{3, 5};
  double f_number = 4;
  double optics_transmission = 0.8;
  double quantum_efficiency = 0.7;
  double pixel_pitch_um = 15;
  double integration_time_s = 5e-3;
};

/// Electrons of a pixel that sees a black body: eta tau_o A Omega L_q t, Omega = pi / (4 F^2 + 1).
double PhotonElectrons(const PhotonSensor& sensor, double temperature_k);
/// d electrons / dT.
double PhotonElectronsSlope(const PhotonSensor& sensor, double temperature_k);
/// Rounding noise of an analogue-digital converter: well / 2^bits / sqrt(12), electrons.
double QuantisationElectrons(double well_electrons, int bits);
/// sqrt(N + sigma^2) / (dN/dT), kelvins: photon noise and other noise of `other_noise_electrons` (read, quantisation).
double NoiseEquivalentTemperature(const PhotonSensor& sensor, double temperature_k, double other_noise_electrons = 0);

/// A target of uniform contrast that lies within one pixel.
struct PointTarget {
  double contrast_w_m2_sr = 0;  ///< L_target - L_background at the target
  double area_m2 = 0;           ///< projected
  double range_m = 1000;
  double transmission = 1;
  double ifov_rad = 1.7e-4;     ///< pixel pitch / focal length
  double ensquared_energy = 1;  ///< share of a point's energy in the pixel

  double SampleDistance() const { return ifov_rad * range_m; }  ///< m
  double FillFactor() const { return area_m2 / (SampleDistance() * SampleDistance()); }
  double ApertureIrradiance() const {
    return transmission * contrast_w_m2_sr * area_m2 / (range_m * range_m);
  }  ///< W m-2
  double PixelContrast() const {
    return ensquared_energy * transmission * contrast_w_m2_sr * FillFactor();
  }  ///< W m-2 sr-1
};

/// Kelvins above the background that a contrast looks like: the exact one by inversion. Dividing by the slope instead
/// is wrong for hot targets (300 K instead of 69 K for a 600 K source in 3-5 um).
double ApparentDifference(const Band& band, double contrast_w_m2_sr, double background_temperature_k);

}  // namespace mirst

#include "renderer/sensor_signal.h"

#include <cmath>

#include "core/units.h"

namespace mirst {
namespace {

double ElectronsPerRadiance(const PhotonSensor& sensor) {
  const double pitch_m = sensor.pixel_pitch_um * 1e-6, omega_sr = kPi / (4 * sensor.f_number * sensor.f_number + 1);
  return sensor.quantum_efficiency * sensor.optics_transmission * pitch_m * pitch_m * omega_sr *
         sensor.integration_time_s;
}

}  // namespace

double PhotonElectrons(const PhotonSensor& sensor, double temperature_k) {
  return ElectronsPerRadiance(sensor) * BandRadiance(sensor.band, temperature_k, Radiant::kPhotons);
}

double PhotonElectronsSlope(const PhotonSensor& sensor, double temperature_k) {
  return ElectronsPerRadiance(sensor) * BandRadianceSlope(sensor.band, temperature_k, Radiant::kPhotons);
}

double QuantisationElectrons(double well_electrons, int bits) {
  return std::ldexp(well_electrons, -bits) / std::sqrt(12.0);
}

double NoiseEquivalentTemperature(const PhotonSensor& sensor, double temperature_k, double other_noise_electrons) {
  return std::sqrt(PhotonElectrons(sensor, temperature_k) + other_noise_electrons * other_noise_electrons) /
         PhotonElectronsSlope(sensor, temperature_k);
}

double ApparentDifference(const Band& band, double contrast_w_m2_sr, double background_temperature_k) {
  return BrightnessTemperature(band, BandRadiance(band, background_temperature_k) + contrast_w_m2_sr) -
         background_temperature_k;
}

}  // namespace mirst

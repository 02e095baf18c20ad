#include "renderer/thermal.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/error.h"

namespace mirst {
namespace {

constexpr double kGravity_m_s2 = 9.80665, kGas_J_kg_K = 287.05287, kHeatRatio = 1.4;

struct Layer {
  double base_m;
  double lapse_k_m;
};
constexpr std::array<Layer, 7> kLayers{
    {{0, -0.0065}, {11000, 0}, {20000, 0.001}, {32000, 0.0028}, {47000, 0}, {51000, -0.0028}, {71000, -0.002}}};
constexpr double kLowest_m = -5000, kHighest_m = 84852;

}  // namespace

AirState StandardAtmosphere(double height_m) {
  if (!(height_m >= kLowest_m && height_m <= kHighest_m)) {
    throw BadInput(fmt::format("a height of {} m; allowed: {} to {} m", height_m, kLowest_m, kHighest_m));
  }
  AirState air;
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    const bool is_last = i + 1 == kLayers.size() || height_m <= kLayers[i + 1].base_m;
    const double rise_m = (is_last ? height_m : kLayers[i + 1].base_m) - kLayers[i].base_m;
    const double lapse = kLayers[i].lapse_k_m, base_k = air.temperature_k;
    air.temperature_k = base_k + lapse * rise_m;
    air.pressure_pa *= lapse == 0 ? std::exp(-kGravity_m_s2 * rise_m / (kGas_J_kg_K * base_k))
                                  : std::pow(air.temperature_k / base_k, -kGravity_m_s2 / (kGas_J_kg_K * lapse));
    if (is_last) break;
  }
  air.density_kg_m3 = air.pressure_pa / (kGas_J_kg_K * air.temperature_k);
  air.sound_m_s = SoundSpeed(air.temperature_k);
  return air;
}

double SoundSpeed(double temperature_k) { return std::sqrt(kHeatRatio * kGas_J_kg_K * temperature_k); }

double RecoveryTemperature(double air_temperature_k, double mach, double recovery_factor) {
  if (!(air_temperature_k > 0 && mach >= 0 && mach <= 10 && recovery_factor >= 0 && recovery_factor <= 1)) {
    throw BadInput(fmt::format("a flow of {} K at Mach {} with recovery factor {}; allowed: above 0 K, 0 to 10, 0 to 1",
                               air_temperature_k, mach, recovery_factor));
  }
  return air_temperature_k * (1 + recovery_factor * (0.5 * (kHeatRatio - 1)) * mach * mach);
}

double SkinTemperature(const SkinExchange& skin) {
  const double h = skin.convection_w_m2_k, radiation = skin.emissivity * kStefanBoltzmann_W_m2_K4;
  const double sun = skin.absorbed_solar_w_m2, recovery = skin.recovery_temperature_k,
               around = skin.environment_temperature_k;
  if (!(recovery > 0 && h >= 0 && skin.emissivity >= 0 && skin.emissivity <= 1 && around >= 0 && sun >= 0 &&
        h + radiation > 0 && std::isfinite(recovery + h + around + sun))) {
    throw BadInput(
        fmt::format("a skin of T_r = {} K, h = {} W/m2/K, emissivity {}, T_env = {} K, {} W/m2 absorbed; allowed: "
                    "above 0 K, h >= 0, 0 to 1 (one of both above 0), >= 0, >= 0",
                    recovery, h, skin.emissivity, around, sun));
  }
  const auto fourth = [](double t) { return (t * t) * (t * t); };
  // At this start all terms together cool the skin, so that the root lies below.
  const double rise =
      std::fmin(h > 0 ? sun / h : HUGE_VAL, radiation > 0 ? std::sqrt(std::sqrt(sun / radiation)) : HUGE_VAL);
  double t = std::fmax(recovery, around) + rise;
  for (int step = 0; step < 100; ++step) {
    const double gain = h * (recovery - t) + sun - radiation * (fourth(t) - fourth(around));
    const double change = gain / (h + 4 * radiation * t * t * t);
    t += change;
    if (std::abs(change) < 1e-13 * t) break;
  }
  return t;
}

}  // namespace mirst

// How warm a skin is: the standard atmosphere, recovery temperature of a moving body, and the steady heat balance of a
// thin skin between air flow, sun and surroundings. No conduction within the body, no heat capacity.
// docs/physics.md, equations (5) to (7).
#pragma once

namespace mirst {

inline constexpr double kStefanBoltzmann_W_m2_K4 = 5.670374419184429e-8;

struct AirState {
  double temperature_k = 288.15;
  double pressure_pa = 101325;
  double density_kg_m3 = 1.225;
  double sound_m_s = 340.294;
};

/// U.S. Standard Atmosphere 1976 (ISA) at a geopotential height of -5000 to 84852 m. Throws kBadInput.
AirState StandardAtmosphere(double height_m);

/// Of air, m/s: sqrt(gamma R T).
double SoundSpeed(double temperature_k);

/// Recovery factors for air, Pr = 0.71: sqrt(Pr) of a laminar boundary layer, cbrt(Pr) of a turbulent one, 1 at a
/// stagnation point.
inline constexpr double kLaminarRecovery = 0.84261497731763586;
inline constexpr double kTurbulentRecovery = 0.8921121404456347;
inline constexpr double kStagnationRecovery = 1;

/// T [1 + r (gamma - 1) / 2 M^2], gamma = 1.4, K. Throws kBadInput unless T > 0, 0 <= mach <= 10, 0 <= r <= 1.
double RecoveryTemperature(double air_temperature_k, double mach, double recovery_factor);

/// What a thin insulated skin exchanges heat with.
struct SkinExchange {
  double recovery_temperature_k = 288.15;
  double convection_w_m2_k = 20;              ///< h, >= 0
  double emissivity = 0.9;                    ///< hemispherical, broadband, [0, 1]
  double environment_temperature_k = 288.15;  ///< radiative, >= 0
  double absorbed_solar_w_m2 = 0;             ///< alpha_s E_sun cos(theta), >= 0
};

/// The temperature at which h (T_r - T) + q_sun - eps sigma (T^4 - T_env^4) = 0, to rounding (Newton from the hot side,
/// monotone because the balance is concave). Throws kBadInput: a value out of range, h = eps = 0.
double SkinTemperature(const SkinExchange& skin);

}  // namespace mirst

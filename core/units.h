// Physical constants (SI 2019, exact) and the few conversions that more than one module needs.
#pragma once

namespace mirst {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kPlanck_J_s = 6.62607015e-34;
inline constexpr double kLightSpeed_m_s = 299792458.0;
inline constexpr double kBoltzmann_J_K = 1.380649e-23;

constexpr double Radians(double degrees) { return degrees * (kPi / 180.0); }
constexpr double Degrees(double radians) { return radians * (180.0 / kPi); }

}  // namespace mirst

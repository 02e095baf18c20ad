#include "renderer/motion.h"

#include <cmath>

#include "core/units.h"
#include "renderer/rotation.h"

namespace mirst {

double Motion::AngleDeg(double time_s) const {
  const double phase_deg = rule.phase_deg + 360 * rule.rate_hz * time_s;
  return rule.swing_deg == 0 ? phase_deg : rule.swing_deg * CosSinOf(phase_deg).sin;
}

double Motion::LargestRate() const {
  return std::abs(rule.rate_hz) * (rule.swing_deg == 0 ? 360 : 2 * kPi * std::abs(rule.swing_deg));
}

Turn::Turn(Vec3 axis, Vec3 pivot_m, double angle_deg) : pivot_m_(pivot_m) {  // Rodrigues' formula
  const auto [c, s] = CosSinOf(angle_deg);
  const double k = 1 - c;
  const auto [x, y, z] = axis;
  rows_ = {Vec3{c + k * x * x, k * x * y - s * z, k * x * z + s * y},
           Vec3{k * x * y + s * z, c + k * y * y, k * y * z - s * x},
           Vec3{k * x * z - s * y, k * y * z + s * x, c + k * z * z}};
}

}  // namespace mirst

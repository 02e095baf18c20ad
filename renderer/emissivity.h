// Directional emissivity of an opaque surface in the two thermal windows: a constant (Lambert), a smooth surface by its
// complex refractive index (Fresnel), or a table over the angle. Reflectivity is what is missing to one (Kirchhoff).
// docs/physics.md, equation (8).
#pragma once

#include <string>
#include <vector>

#include "renderer/planck.h"

namespace mirst {

/// Reflectances of a smooth surface of index n - ik against vacuum.
struct FresnelReflectance {
  double s = 0;
  double p = 0;
  double unpolarised() const { return 0.5 * (s + p); }
};
/// `cos_angle` in [0, 1], from the normal; absolute error below 1e-14. Throws kBadInput unless n > 0, k >= 0.
FresnelReflectance Fresnel(double n, double k, double cos_angle);

/// e(theta), unpolarised.
class Emissivity {
 public:
  /// The same in all directions. Throws kBadInput outside [0, 1].
  static Emissivity Lambert(double value);
  /// 1 - (R_s + R_p) / 2 of a smooth surface. Throws kBadInput.
  static Emissivity Smooth(double n, double k);
  /// Linear between angles from the normal, degrees, rising within [0, 90]; constant outside of them. Throws kBadInput.
  static Emissivity Table(std::vector<double> angles_deg, std::vector<double> values);

  /// `cos_angle` is clamped to [0, 1].
  double At(double cos_angle) const;
  double Normal() const { return At(1); }
  /// Whether it is the same in all directions.
  bool is_lambert() const { return law_ == Law::kLambert; }

 private:
  enum class Law { kLambert, kSmooth, kTable };
  Law law_ = Law::kLambert;
  double value_ = 1, n_ = 1, k_ = 0;
  std::vector<double> angles_deg_, values_;
};

/// A surface's emissivities in the mid-wave and long-wave infrared.
struct BandEmissivity {
  Emissivity mwir = Emissivity::Lambert(0.95);
  Emissivity lwir = Emissivity::Lambert(0.95);
  /// By the band's middle, below or above 6.5 um.
  const Emissivity& In(const Band& band) const { return band.middle_um() < 6.5 ? mwir : lwir; }
};

}  // namespace mirst

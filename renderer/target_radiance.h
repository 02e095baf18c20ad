// The radiance that each seen patch of a target adds to the scene: temperatures, directional emissivity, reflected sky,
// ground and sun with the target's own shadow, and the atmosphere in between. For the renderer's own files.
#pragma once

#include <optional>
#include <vector>

#include "renderer/planck.h"
#include "renderer/posed_target.h"
#include "renderer/surface_radiance.h"
#include "renderer/target_samples.h"

namespace mirst {

/// The state of air, flow and sun that a target's skins are in; surroundings as a vertical skin sees them. Throws
/// kBadInput.
HeatState HeatStateOf(const TargetModel::Data& data, const Surroundings& surroundings);

class TargetRadiance {
 public:
  /// Keeps references to `data` and `surroundings`. Throws kBadInput naming the part: a temperature out of range.
  TargetRadiance(const TargetModel::Data& data, const View& view, const Surroundings& surroundings);

  /// tau (L_target - L_background), W m-2 sr-1; exactly 0 where all has one temperature. Thread-safe.
  double Contrast(const SurfaceSample& sample) const;

 private:
  struct Surface {
    const Material* material;
    const Emissivity* emissivity;
    std::optional<double> radiance;  ///< none: solved place by place
  };
  Surface SurfaceOf(const std::string& name, const Material& material) const;
  const Surface& SurfaceAt(const SurfaceSample& sample) const;
  double SkinRadiance(const Material& material, double cos_tilt, double cos_sun) const;
  double CosineToSun(const SurfaceSample& sample) const;

  const TargetModel::Data& data_;
  const Surroundings& surroundings_;
  HeatState state_;
  double sky_k_, ground_k_;
  SurroundingRadiance around_;
  double background_, transmission_;
  Vec3 camera_m_, up_, to_sun_;  ///< body frame
  bool sun_is_up_ = false;
  std::optional<PlanckTable> table_;
  std::vector<Surface> of_part_, of_zone_;
};

}  // namespace mirst

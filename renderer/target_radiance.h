// The radiance that each seen patch of a target adds to the scene: temperatures, directional emissivity, reflected sky,
// ground and sun with the target's own shadow, and the atmosphere in between. For the renderer's own files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "renderer/planck.h"
#include "renderer/posed_target.h"
#include "renderer/surface_radiance.h"

namespace mirst {

/// The state of air, flow and sun that a target's skins are in; surroundings as a vertical skin sees them. Throws
/// kBadInput.
HeatState HeatStateOf(const TargetModel::Data& data, const Surroundings& surroundings);

class TargetRadiance {
 public:
  /// Keeps references to `data` and `surroundings`. Throws kBadInput naming the part: a temperature out of range.
  TargetRadiance(const TargetModel::Data& data, const View& view, const Surroundings& surroundings);

  /// How a triangle looks. Where its contrast is the same all over and from all sides, one number for each such
  /// contrast; else one for each part.
  using Look = std::uint32_t;
  Look LookOf(std::uint32_t triangle) const {
    const std::uint32_t part = data_.mesh.part_of_triangle[triangle];
    return data_.zoned[triangle] != 0 ? kVaries + part : look_of_part_[part];
  }
  static bool Varies(Look look) { return look >= kVaries; }

  /// tau (L_target - L_background), W m-2 sr-1, of a look that does not vary.
  double Contrast(Look look) const { return contrast_of_look_[look]; }
  /// The same at any place of a triangle; exactly 0 where all has one temperature. Thread-safe.
  double Contrast(std::uint32_t triangle, const PosedTarget::Surface& place) const;

 private:
  static constexpr Look kVaries = Look{1} << 31;
  struct Surface {
    const Material* material;
    const Emissivity* emissivity;
    double temperature_k;
    std::optional<double> radiance;  ///< none: solved place by place
    std::optional<double> contrast;  ///< where it is the same all over and from all sides
  };
  void AddSurface(const std::string& name, const Material& material, std::vector<Surface>& surfaces) const;
  void FindLooks();
  double SkinRadiance(const Material& material, double cos_tilt, double cos_sun) const;
  double CosineToSun(const PosedTarget::Surface& place) const;

  const TargetModel::Data& data_;
  const Surroundings& surroundings_;
  HeatState state_;
  double sky_k_, ground_k_;
  SurroundingRadiance around_;
  double background_, transmission_;
  Vec3 camera_m_, up_, to_sun_;  ///< body frame
  bool sun_is_up_ = false;
  std::shared_ptr<const PlanckTable> table_;
  std::vector<Surface> of_part_, of_zone_;
  std::vector<Look> look_of_part_;
  std::vector<double> contrast_of_look_;
};

}  // namespace mirst

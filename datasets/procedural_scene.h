// The world and the camera's path of the procedural stand-in: apparent temperatures, before any noise of the sensor.
// Sky gradient, drifting clouds, moving sea, and land that stands still, seen by a camera that pans smoothly.
#pragma once

#include "core/geometry.h"
#include "core/image.h"
#include "core/random.h"
#include "datasets/procedural_land.h"
#include "datasets/sequence_source.h"

namespace mirst {

class ProceduralScene {
 public:
  /// Draws everything from streams of `key`, purpose kProceduralScene.
  ProceduralScene(const ProceduralOptions& options, const RandomKey& key);

  /// kelvin, shape (height, width), behind the optics, without noise. Frame >= 0.
  Image<float> Temperature(int frame) const;

  /// Where the picture's upper left pixel looks, in px of the world, frame >= 0.
  Vec2 Camera(int frame) const;

  ProceduralOptions::Scene kind() const { return kind_; }

 private:
  void DrawCamera(RandomStream& random);
  void MakeSky(RandomStream& random);
  void MakeSea(RandomStream& random);
  void AddSkyRow(double world_row, double world_column, int frame, float* row) const;
  void AddSeaRow(double world_row, double world_column, int frame, float* row) const;

  ProceduralOptions options_;
  RandomKey key_;
  ProceduralOptions::Scene kind_ = ProceduralOptions::Scene::kSky;
  double scale_ = 1;        // 1 where a picture is 256 rows high: sizes of things follow it
  double air_k_ = 285;      // temperature of the air at the ground
  double pan_px_ = 0;       // mean pan, px a frame
  double shake_px_ = 0;     // standard deviation of its unsteadiness, px
  double tilt_px_ = 0;      // standard deviation of the tilt, px
  double margin_px_ = 0;    // world rows above and below the mean picture
  int world_width_ = 0;     // px; the world is a cylinder
  double horizon_row_ = 0;  // of the world

  double sky_drop_k_ = 40;                 // from the air at the horizon towards the zenith
  double cloud_drop_k_ = 15;               // the same for the clouds
  double cloud_base_k_ = 1;                // how much colder than the air the clouds are at the horizon
  double cloud_low_ = 0, cloud_high_ = 1;  // densities where clouds begin and are opaque
  double cloud_opacity_ = 1;
  double cloud_speed_px_ = 0, detail_speed_px_ = 0;
  Image<float> cloud_shape_, cloud_detail_;

  double sea_k_ = 0, sea_drop_k_ = 0, wave_k_ = 0, wave_speed_px_ = 0;
  Image<float> swell_, ripple_;

  Land land_;
};

}  // namespace mirst

#include "datasets/procedural_scene.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "datasets/procedural_texture.h"

namespace mirst {
namespace {

using Scene = ProceduralOptions::Scene;

// Streams of one source, told apart by RandomKey::object.
constexpr std::uint16_t kParameters = 0, kPanPath = 1, kTiltPath = 2, kShakeX = 3, kShakeY = 4;

constexpr double kPanKnotFrames = 24, kTiltKnotFrames = 40, kShakeKnotFrames = 6;

}  // namespace

ProceduralScene::ProceduralScene(const ProceduralOptions& options, const RandomKey& key)
    : options_(options),
      key_(key.For(Purpose::kProceduralScene)),
      kind_(options.scene),
      scale_(options.height / 256.0) {
  RandomStream random(key_.WithObject(kParameters));
  const auto drawn_kind = static_cast<Scene>(1 + random.Integer(4));
  if (kind_ == Scene::kMixed) kind_ = drawn_kind;
  air_k_ = random.Uniform(272, 298);
  DrawCamera(random);

  double horizon = 0, warmth_k = random.Uniform(2, 12);
  LandKind land = LandKind::kNone;
  switch (kind_) {
    case Scene::kMixed:
    case Scene::kSky:
      horizon = random.Uniform(0.98, 1.7);
      if (random.Integer(3) == 0) {  // the land's uppermost rows peep in
        horizon = random.Uniform(0.9, 1.0);
        land = LandKind::kTrees;
      }
      break;
    case Scene::kSea:
      horizon = random.Uniform(0.45, 0.8);
      if (random.Integer(4) != 0) land = LandKind::kCoast;
      break;
    case Scene::kSkyline:
      horizon = random.Uniform(0.7, 0.9);
      land = LandKind::kSkyline;
      break;
    case Scene::kTreeLine:
      horizon = random.Uniform(0.62, 0.9);
      land = LandKind::kTrees;
      break;
  }
  const int world_height = options_.height + 2 * static_cast<int>(margin_px_);
  horizon_row_ = margin_px_ + horizon * options_.height;
  MakeSky(random);
  if (kind_ == Scene::kSea) MakeSea(random);
  const double psf_px = random.Uniform(0.5, 0.85);
  if (land != LandKind::kNone) {
    land_ = PaintLand({land, world_height, world_width_, horizon_row_, scale_, warmth_k}, key_);
    BlurWithPsf(land_.opacity, psf_px);
    BlurWithPsf(land_.temperature, psf_px);
  }
}

void ProceduralScene::DrawCamera(RandomStream& random) {
  const double most = options_.pan_px_per_frame;
  const double share = random.Uniform(0.1, 1), sign = random.Integer(2) == 0 ? 1 : -1;
  const bool tripod = random.Integer(5) == 0;
  pan_px_ = tripod ? 0 : sign * share * most;
  // Unsteadiness grows with the pan that was asked for, so that 0 is a tripod in still air.
  shake_px_ = std::min(most, 2.0) * (tripod ? 0.05 : random.Uniform(0.1, 0.5));
  tilt_px_ = tripod ? 0 : std::min({most * random.Uniform(2, 8), 0.02 * options_.height, 12.0});
  // Knots are normal numbers; Camera() holds the path within 3 standard deviations.
  margin_px_ = std::ceil(3 * (tilt_px_ + shake_px_)) + 4;
  const double travel = std::abs(pan_px_) * options_.frame_count + 8 * std::abs(pan_px_) + 16;
  world_width_ = static_cast<int>(std::clamp(options_.width + travel, 1.5 * options_.width, 3.0 * options_.width));
}

void ProceduralScene::MakeSky(RandomStream& random) {
  const double px = scale_;
  const int height = 2 * options_.height, width = world_width_;
  sky_drop_k_ = random.Uniform(6, 34);
  cloud_drop_k_ = sky_drop_k_ * random.Uniform(0.1, 0.6);
  cloud_base_k_ = random.Uniform(0, 3);
  const double cover = random.Uniform(-0.3, 1.1);  // below 0: a clear sky; above 1: overcast
  const double softness = random.Uniform(0.9, 3.2);
  cloud_low_ = 1.2 - 2.6 * std::max(cover, 0.0);
  cloud_high_ = cloud_low_ + softness;
  cloud_opacity_ = cover < 0 ? 0.04 : random.Uniform(0.4, 1);
  cloud_speed_px_ = random.Uniform(-0.5, 0.5) * px;
  detail_speed_px_ = cloud_speed_px_ + random.Uniform(-0.06, 0.06) * px;
  // Streaks, heaps and all between; blown along by a smooth field.
  const double stretch = random.Uniform(1, 4), slope = random.Uniform(3.4, 4.4);
  const double cell = random.Uniform(110, 260) * px;
  const Image<float> plain = FractalTexture(height, width, {cell * stretch, cell, slope}, random);
  const Image<float> wind_x = FractalTexture(height, width, {80 * px, 80 * px, 4.2}, random);
  const Image<float> wind_y = FractalTexture(height, width, {120 * px, 60 * px, 4.2}, random);
  cloud_shape_ = Warp(plain, wind_x, wind_y, random.Uniform(4, 22) * px);
  cloud_detail_ = FractalTexture(height, width, {40 * stretch * px, 40 * px, 3.3}, random);
}

void ProceduralScene::MakeSea(RandomStream& random) {
  const double px = scale_;
  const int height = options_.height, width = world_width_;
  sea_k_ = random.Uniform(-9, 3);
  sea_drop_k_ = random.Uniform(-2, 5);
  wave_k_ = random.Uniform(0.2, 1.2);
  wave_speed_px_ = random.Uniform(-0.5, 0.5) * px;
  swell_ = FractalTexture(height, width, {60 * px, 10 * px, 2.8}, random);
  ripple_ = FractalTexture(height, width, {24 * px, 4 * px, 2.6}, random);
}

Vec2 ProceduralScene::Camera(int frame) const {
  const auto path = [&](std::uint16_t object, double knots) {
    return std::clamp(SmoothPath(key_.WithObject(object), knots, frame), -3.0, 3.0);
  };
  return {pan_px_ * frame + 3 * std::abs(pan_px_) * path(kPanPath, kPanKnotFrames) +
              shake_px_ * path(kShakeX, kShakeKnotFrames),
          tilt_px_ * path(kTiltPath, kTiltKnotFrames) + shake_px_ * path(kShakeY, kShakeKnotFrames)};
}

// Temperatures are taken above the air's, so that single precision resolves microkelvins.
void ProceduralScene::AddSkyRow(double world_row, double world_column, int frame, float* row) const {
  const double above = std::max(0.0, horizon_row_ - world_row), bend = 0.5 * options_.height;
  const double rise = above / (above + bend);
  const double sky_k = -sky_drop_k_ * rise, cloud_k = std::min(-cloud_base_k_ - cloud_drop_k_ * rise, 0.0);
  // Sheets of clouds are seen at a slant: pressed together towards the horizon.
  const double slant = 60 * scale_, v = above * (1 + 2 * slant / (slant + above));
  const auto width = static_cast<std::size_t>(options_.width);
  std::vector<float> shape(width), detail(width);
  SampleRow(cloud_shape_, -v, world_column + cloud_speed_px_ * frame, shape);
  SampleRow(cloud_detail_, -v, world_column + detail_speed_px_ * frame, detail);
  const double haze = above / (above + 12 * scale_);
  for (std::size_t x = 0; x < width; ++x) {
    const double fine = static_cast<double>(detail[x]);
    const double opacity = cloud_opacity_ *
                           SmoothStep(cloud_low_, cloud_high_, static_cast<double>(shape[x]) + 0.28 * fine) *
                           (0.88 + 0.05 * fine);
    row[x] = static_cast<float>(sky_k + haze * opacity * (cloud_k - sky_k));
  }
}

void ProceduralScene::AddSeaRow(double world_row, double world_column, int frame, float* row) const {
  const double below = std::max(0.0, world_row - horizon_row_), bend = 25 * scale_, near = below / (below + bend);
  const double mean_k = sea_k_ - sea_drop_k_ * (1 - near);
  const double v = below * (1 + 3 * bend / (bend + below));
  const auto width = static_cast<std::size_t>(options_.width);
  std::vector<float> swell(width), ripple(width);
  // Waves come nearer; swell and ripple run across each other.
  SampleRow(swell_, v - 0.25 * std::abs(wave_speed_px_) * frame, world_column + wave_speed_px_ * frame, swell);
  SampleRow(ripple_, v - 0.4 * std::abs(wave_speed_px_) * frame, world_column - 0.7 * wave_speed_px_ * frame, ripple);
  const double amplitude = wave_k_ * (0.4 + 0.6 * near);
  for (std::size_t x = 0; x < width; ++x) {
    row[x] = static_cast<float>(mean_k +
                                amplitude * (near * static_cast<double>(swell[x]) + static_cast<double>(ripple[x])));
  }
}

Image<float> ProceduralScene::Temperature(int frame) const {
  Image<float> image(options_.height, options_.width);
  const Vec2 camera = Camera(frame);
  const auto width = static_cast<std::size_t>(options_.width);
  std::vector<float> sea(width), opacity(width), warmth(width);
  for (int y = 0; y < options_.height; ++y) {
    const double world_row = y + margin_px_ + camera.y;
    float* row = image.row(y);
    // How much of this row is sea: the horizon is sharp but for the optics.
    const double wet = kind_ == Scene::kSea ? SmoothStep(-1.2, 1.2, world_row - horizon_row_) : 0;
    if (wet < 1) AddSkyRow(world_row, camera.x, frame, row);
    if (wet > 0) {
      AddSeaRow(world_row, camera.x, frame, sea.data());
      const auto share = static_cast<float>(wet);
      for (std::size_t x = 0; x < width; ++x) row[x] += share * (sea[x] - row[x]);
    }
    if (!land_.opacity.empty()) {
      SampleRow(land_.opacity, world_row, camera.x, opacity);
      SampleRow(land_.temperature, world_row, camera.x, warmth);
      for (std::size_t x = 0; x < width; ++x) row[x] = warmth[x] + (1 - opacity[x]) * row[x];
    }
    for (std::size_t x = 0; x < width; ++x) row[x] += static_cast<float>(air_k_);
  }
  return image;
}

}  // namespace mirst

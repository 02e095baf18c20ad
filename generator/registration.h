// How the scene moves through the picture, so that the paths of targets can move with it; the picture itself is never
// warped. From frame to frame by phase correlation (a shift), ECC (an affine map) or features (a homography), judged by
// what is left and by what the scene's own structure lets one tell.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/frame.h"
#include "core/geometry.h"

namespace mirst {

enum class RegistrationMethod { kNone, kPhase, kEcc, kFeatures, kAuto };
std::string ToString(RegistrationMethod method);

/// Row by row, the last element 1: where (x, y, 1) goes, up to its third coordinate.
using Homography = std::array<double, 9>;
inline constexpr Homography kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};
Homography operator*(const Homography& a, const Homography& b);  ///< b first, last element 1
Vec2 Apply(const Homography& map, Vec2 p);

/// Of a stretch of frames; scene coordinates are those of its first frame.
struct SceneMotion {
  RegistrationMethod method = RegistrationMethod::kNone;  ///< that it was found by
  bool registered = false;
  std::string reason;                        ///< why not, a clause
  std::vector<Homography> frame_from_scene;  ///< one a frame where registered, else none
  double residual_px = 0;                    ///< median over the pairs of frames
  double failed_share = 0;                   ///< of the pairs: these repeat the step before
  friend bool operator==(const SceneMotion&, const SceneMotion&) = default;
};

/// What two frames say.
struct PairMotion {
  Homography second_from_first = kIdentity;
  bool registered = false;
  double residual_px = 0;     ///< median displacement that is left in blocks of 32 px that can tell
  double uncertainty_px = 0;  ///< standard deviation of a shift along the direction that the scene tells least about
};

inline constexpr double kMostUncertain_px = 0.15;  ///< more: the scene is too bare
inline constexpr double kMostResidual_px = 0.75;   ///< more: parallax, or something else that a plane does not do

/// Both frames of one shape; any brightness and contrast. Values are rounded (2^-10 px, 2^-20 for what turns and
/// zooms), so that they do not depend on the last bits of the arithmetic.
PairMotion RegisterPair(const Image<float>& first, const Image<float>& second, RegistrationMethod method);

/// All pairs in turn, in parallel. Registered when at most a tenth of the pairs are not and the residual is at most
/// kMostResidual_px. kAuto: phase, ECC, features; the first with a residual of at most 0.25 px, else the registered one
/// with the least. kNone throws kInternal.
SceneMotion RegisterScene(std::span<const Frame> frames, RegistrationMethod method);

}  // namespace mirst

// Random embeddings over real backgrounds, by key: a pool of rendered templates scaled by range to the areas asked for,
// placed at random until one is what it claims to be, as `mirst generate` does it for sequences.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "fusion/embed_target.h"

namespace mirst::bench {

/// A stretch of consecutive frames of a background.
struct Clip {
  std::string background;
  std::vector<Frame> frames;
  std::vector<std::vector<PixelBox>> real_targets;  ///< of each frame
  CountLimits limits;
  Box20Rule rule;
};

/// Of each folder of `root` whose name begins with hdd-, cptv16- or tno-: `clips` stretches of `length` frames, evenly
/// spread. Throws kBadInput when there is none.
std::vector<Clip> ReadClips(const std::filesystem::path& root, int clips, int length);

struct PooledTemplate {
  std::string model;
  Template blurred;
};

/// The built-in models, each at an attitude drawn for each of `areas_px` (half_max mask, centred on a pixel), behind
/// the optics of mirst generate's camera.
std::vector<PooledTemplate> RenderPool(const std::vector<double>& areas_px);

inline constexpr int kPlacements = 40, kLargestMask_px = 81;

/// One embedding asked for, and where it ended.
struct Embedding {
  const Clip* clip = nullptr;
  std::size_t frame = 0;  ///< of the clip; never its last
  std::string model;
  EmbedRequest request;
  int placements = 0;          ///< tried
  SensorTemplate target;       ///< at its place; the last one tried where it was refused
  FusedTarget fused;           ///< likewise
  std::optional<double> gain;  ///< none: refused
  std::optional<EmbeddedTarget> written;
  int mask_px() const { return static_cast<int>(fused.problem.mask.size()); }
  bool quantised() const { return written->rounding_bound > 0.02 * request.scr; }
  double error() const { return request.polarity * written->written.signed_scr() - request.scr; }
  bool within_bound() const;  ///< |error| <= max(0.02 S, 1 / (2 N sigma_b))
};

/// Embedding number `key.sequence`: background, frame, template, SCR (log-uniform in 0.3 to 10) and polarity first,
/// then up to kPlacements places, away from real targets, until the target is neither clipped nor weak; else the one
/// with the fewest clipped pixels that reaches its SCR.
Embedding DrawEmbedding(const std::vector<Clip>& clips, const std::vector<PooledTemplate>& pool, const RandomKey& key);

}  // namespace mirst::bench

#include "bench/embedding_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "datasets/sequence_source.h"
#include "fusion/psf.h"
#include "generator/embed_track.h"
#include "generator/target_view.h"

namespace mirst::bench {
namespace {

constexpr int kAvoidMargin_px = 8;

bool IsWanted(const std::string& name) {
  return name.starts_with("hdd-") || name.starts_with("cptv16-") || name.starts_with("tno-");
}

bool NearRealTarget(const PixelBox& box, const std::vector<PixelBox>& real_targets) {
  return std::any_of(real_targets.begin(), real_targets.end(),
                     [&](const PixelBox& real) { return !Intersect(Grow(box, kAvoidMargin_px), real).empty(); });
}

}  // namespace

std::vector<Clip> ReadClips(const std::filesystem::path& root, int clips, int length) {
  std::vector<Clip> result;
  for (const std::filesystem::path& folder : ListFolders(root)) {
    if (!IsWanted(folder.filename().string())) continue;
    const auto source = OpenFolderSource(folder);
    for (int i = 0; i < clips; ++i) {
      const int first = (source->info().frame_count - length) * i / std::max(1, clips - 1);
      Clip clip;
      clip.background = source->info().name;
      clip.frames = source->Read(first, length);
      clip.real_targets.resize(clip.frames.size());
      for (const KnownTarget& target : source->known_targets()) {
        if (target.frame >= first && target.frame < first + length)
          clip.real_targets[static_cast<std::size_t>(target.frame - first)].push_back(target.box);
      }
      clip.limits = FindCountLimits(clip.frames, CountLimitRule::kAutomatic);
      clip.rule = Box20Rule::ForBitDepth(clip.frames.front().bit_depth);
      result.push_back(std::move(clip));
    }
  }
  if (result.empty()) throw BadInput(fmt::format("{}: no folder hdd-*, cptv16-* or tno-* with frames", root.string()));
  return result;
}

std::vector<PooledTemplate> RenderPool(const std::vector<double>& areas_px) {
  const GenerateOptions options;
  TargetCamera camera(options);
  std::vector<PooledTemplate> pool;
  RandomStream random({.purpose = Purpose::kScenario});
  for (const std::string& name : BuiltinModels()) {
    const TargetModel model = TargetModel::Load("builtin:" + name);
    for (const double area_px : areas_px) {
      const Attitude attitude = {random.Uniform(-20, 20), random.Uniform(-20, 20), random.Uniform(-180, 180)};
      pool.push_back({name, camera.View(model, attitude, SolveRange(model, attitude, area_px, camera))});
    }
  }
  return pool;
}

bool Embedding::within_bound() const {
  // 1e-9: the measurement's own rounding.
  return std::abs(error()) <= std::max(0.02 * request.scr, written->rounding_bound) + 1e-9;
}

Embedding DrawEmbedding(const std::vector<Clip>& clips, const std::vector<PooledTemplate>& pool, const RandomKey& key) {
  RandomStream random(key);
  Embedding result;
  result.clip = &clips[random.Integer(static_cast<std::uint32_t>(clips.size()))];
  result.frame = random.Integer(static_cast<std::uint32_t>(result.clip->frames.size() - 1));
  const PooledTemplate& pooled = pool[random.Integer(static_cast<std::uint32_t>(pool.size()))];
  result.model = pooled.model;
  result.request.scr = std::exp(random.Uniform(std::log(0.3), std::log(10.0)));
  result.request.polarity = random.Integer(2) == 0 ? 1 : -1;
  result.request.limits = result.clip->limits;
  result.request.rule = result.clip->rule;

  const Frame& background = result.clip->frames[result.frame];
  // Places that keep the whole support, with its PSF, in the picture.
  const Template& blurred = pooled.blurred;
  const double cells = blurred.supersampling;
  const Vec2 before{1 + (blurred.anchor_cells.x + 0.5) / cells, 1 + (blurred.anchor_cells.y + 0.5) / cells};
  const Vec2 behind{1 + blurred.opacity.width() / cells - before.x + 1,
                    1 + blurred.opacity.height() / cells - before.y + 1};
  Embedding best = result;
  while (result.placements < kPlacements) {
    ++result.placements;
    result.request.centre_px = {random.Uniform(before.x, background.pixels.width() - 1 - behind.x),
                                random.Uniform(before.y, background.pixels.height() - 1 - behind.y)};
    result.target = PlaceTemplate(blurred, result.request.centre_px, background.pixels.box());
    if (NearRealTarget(result.target.box, result.clip->real_targets[result.frame])) continue;
    FusedTarget fused = LayTarget(background, result.target, result.request);
    if (fused.problem.mask.size() > kLargestMask_px) continue;
    result.fused = std::move(fused);
    result.gain = SolveGain(result.fused.problem, result.request.scr, result.request.polarity);
    if (!result.gain) continue;
    result.written = WriteTarget(background, result.fused, *result.gain, result.request);
    if (result.written->clipped_share == 0 && !result.written->weak) return result;
    const auto is_better = [](const EmbeddedTarget& a, const EmbeddedTarget& b) {
      return a.clipped_share < b.clipped_share || (a.clipped_share == b.clipped_share && !a.weak && b.weak);
    };
    if (!best.written || is_better(*result.written, *best.written)) best = result;
  }
  best.placements = result.placements;
  if (best.written) return best;
  result.gain.reset();
  result.written.reset();
  return result;
}

}  // namespace mirst::bench

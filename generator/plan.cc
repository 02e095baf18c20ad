#include "generator/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/pattern.h"
#include "datasets/background_library.h"
#include "datasets/kept_source.h"
#include "generator/sensor_chain.h"
#include "generator/splits.h"
#include "generator/target_view.h"

namespace mirst {
namespace {

constexpr std::int64_t kKeptFrameBytes = std::int64_t{256} << 20;

// A target of the largest area, three times as long as wide, with PSF tails and one pixel around.
int LargestSupportPx(const GenerateOptions& options, const TargetCamera& camera) {
  return static_cast<int>(std::ceil(std::sqrt(3 * options.LargestAreaPx()) + 2 * camera.psf_reach_px())) + 2;
}

std::string WhyUnfit(const SourceInfo& info, const GenerateOptions& options, const TargetCamera& camera) {
  const int least_frames = static_cast<int>(options.frames.first), least_size = LargestSupportPx(options, camera);
  if (info.frame_count < least_frames) {
    return fmt::format("{} has {} frames, at least {} are needed (frames: [{}, {}])", info.name, info.frame_count,
                       least_frames, options.frames.first, options.frames.second);
  }
  if (std::min(info.width, info.height) < least_size) {
    return fmt::format(
        "{} is {} x {} px, smaller than the largest template: {} px are needed for targets of up to {} px", info.name,
        info.width, info.height, least_size, options.LargestAreaPx());
  }
  return {};
}

// Of a folder of many sources, those that are meant.
void KeepNamed(const std::vector<std::string>& patterns, std::vector<std::unique_ptr<SequenceSource>>& sources) {
  std::string others;
  std::erase_if(sources, [&](const std::unique_ptr<SequenceSource>& source) {
    const std::string& name = source->info().name;
    if (patterns.empty() || MatchesAny(patterns, name)) return false;
    others += (others.empty() ? "" : ", ") + name;
    return true;
  });
  if (sources.empty()) {
    throw BadInput(fmt::format("backgrounds.names: found [{}], which fits no source; there are: {}",
                               fmt::join(patterns, ", "), others));
  }
}

std::vector<std::unique_ptr<SequenceSource>> OpenBackgrounds(const GenerateOptions& options,
                                                             const TargetCamera& camera) {
  std::vector<std::unique_ptr<SequenceSource>> sources;
  if (!options.backgrounds.library.empty()) {
    sources = OpenLibrary(options.backgrounds.library);
  } else if (options.backgrounds.paths.empty()) {
    const RandomKey key{.seed = options.seed, .purpose = Purpose::kProceduralScene};
    for (int i = 0; i < options.backgrounds.procedural_sources; ++i) {
      sources.push_back(
          OpenProceduralSource(options.backgrounds.procedural, key.WithSequence(static_cast<std::uint32_t>(i))));
    }
  } else {
    sources = OpenSources({options.backgrounds.paths.begin(), options.backgrounds.paths.end()});
  }
  KeepNamed(options.backgrounds.names, sources);
  std::string last_reason;
  std::erase_if(sources, [&](const std::unique_ptr<SequenceSource>& source) {
    const std::string reason = WhyUnfit(source->info(), options, camera);
    if (reason.empty()) return false;
    last_reason = reason;
    LogWarning(fmt::format("background left out: {}", reason));
    return true;
  });
  if (sources.empty()) throw BadInput(fmt::format("no background can be used: {}", last_reason));
  const auto budget = std::make_shared<FrameBudget>(kKeptFrameBytes);
  for (auto& source : sources) source = KeepFrames(std::move(source), budget);
  return sources;
}

std::vector<TargetModel> LoadModels(const GenerateOptions& options) {
  std::vector<std::string> specs;
  if (options.models.paths.empty()) {
    specs = {"builtin:quadrotor", "builtin:fixed-wing", "builtin:bird"};  // what flies fits any scene
  } else {
    specs = FindModels({options.models.paths.begin(), options.models.paths.end()});
  }
  std::vector<TargetModel> models;
  for (const std::string& spec : specs) {
    models.push_back(TargetModel::Load(spec, options.models.materials));
    for (const std::string& warning : models.back().warnings()) LogWarning(warning);
  }
  return models;
}

// The boxes of each frame of the stretch.
std::vector<std::vector<PixelBox>> RealTargetsIn(const SequenceSource& source, const Scenario& scenario) {
  std::vector<std::vector<PixelBox>> boxes(static_cast<std::size_t>(scenario.frames));
  for (const KnownTarget& target : source.known_targets()) {
    const int frame = target.frame - scenario.first_frame;
    if (frame >= 0 && frame < scenario.frames) boxes[static_cast<std::size_t>(frame)].push_back(target.box);
  }
  return boxes;
}

}  // namespace

Inventory OpenInventory(const GenerateOptions& options) {
  Inventory inventory;
  inventory.camera = std::make_unique<TargetCamera>(options);
  inventory.models = LoadModels(options);
  inventory.sources = OpenBackgrounds(options, *inventory.camera);
  // Fewer sequences than sources: as many sources as sequences, drawn by the seed, so that every split gets some.
  if (static_cast<std::size_t>(options.sequences) < inventory.sources.size()) {
    std::vector<std::size_t> order(inventory.sources.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    RandomStream random({.seed = options.seed, .object = 1, .purpose = Purpose::kSplit});
    random.Shuffle(order);
    order.resize(static_cast<std::size_t>(options.sequences));
    std::sort(order.begin(), order.end());
    std::vector<std::unique_ptr<SequenceSource>> chosen;
    for (const std::size_t i : order) chosen.push_back(std::move(inventory.sources[i]));
    inventory.sources = std::move(chosen);
  }
  inventory.splits = AssignSplits(static_cast<int>(inventory.sources.size()), options.split.val_share,
                                  options.split.test_share, options.seed);
  if (options.split.models == HeldOutModels::kHeldOut) {
    inventory.model_splits = AssignModelSplits(static_cast<int>(inventory.models.size()), inventory.splits,
                                               options.split.val_share, options.split.test_share, options.seed);
  }
  return inventory;
}

Backdrop ReadBackdrop(const Inventory& inventory, const Scenario& scenario, const GenerateOptions& options) {
  const SequenceSource& source = *inventory.sources[static_cast<std::size_t>(scenario.source)];
  Backdrop backdrop;
  backdrop.frames = source.Read(scenario.first_frame, scenario.frames);
  backdrop.real_targets = RealTargetsIn(source, scenario);
  if (options.backgrounds.real_targets == RealTargets::kExcise)
    backdrop.excision = ExciseTargets(backdrop.frames, backdrop.real_targets);
  if (options.sensor.enabled) {
    const RandomKey key{.seed = options.seed, .sequence = static_cast<std::uint32_t>(scenario.index)};
    InContext(source.info().name, [&] { ExposeFrames(options.sensor, key, backdrop.frames); });
  }
  backdrop.limits = FindCountLimits(backdrop.frames, options.camera.count_limits, options.camera.saturation_counts);
  backdrop.rule = Box20Rule::ForBitDepth(source.info().bit_depth);
  backdrop.frame_rate_hz = source.info().frame_rate_hz;
  backdrop.layers = FindLayers(backdrop.frames, source.info(), options.occlusion);
  backdrop.decoys = PaintDecoys(scenario.decoys, backdrop.limits, options, backdrop.frames);
  if (options.scr.id == "global") SumFrames(backdrop);
  return backdrop;
}

}  // namespace mirst

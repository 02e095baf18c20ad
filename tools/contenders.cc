#include "tools/contenders.h"

#include <fmt/format.h>

#include "core/error.h"

namespace mirst {

Contender FromWeights(const std::string& weights, [[maybe_unused]] DeviceChoice device, [[maybe_unused]] int threads,
                      [[maybe_unused]] std::optional<std::uint64_t> shuffle_seed) {
#ifdef MIRST_WITH_TORCH
  std::unique_ptr<SequenceDetector> detector = LoadSequenceDetector(weights, device, threads);
  const SequenceDetectorInfo& info = detector->info();
  Contender contender{shuffle_seed ? info.id + "-shuffled" : info.id,
                      TrainingRecord{weights, info.dataset_id, info.git_revision, info.steps, info.samples_seen},
                      nullptr,
                      {{static_cast<float>(info.threshold), "checkpoint"}}};
  contender.maps = MapsOf(std::move(detector), shuffle_seed);
  return contender;
#else
  throw BadInput(fmt::format("--weights {}: this build has no LibTorch and cannot run a trained network", weights));
#endif
}

Contender FromMethod(const std::string& method, const ModelDrivenOptions& options) {
  std::unique_ptr<ModelDrivenDetector> detector = MakeModelDrivenDetector(method, options);
  const std::string id(detector->id());
  const std::string origin = options.segmentation == SegmentationOptions{} ? "compatibility choice" : "options";
  return {id, {}, MapsOf(std::move(detector)), {{std::nullopt, origin, options.segmentation}}};
}

}  // namespace mirst

// Where an evaluation's score maps come from: a classical method, a trained network (through SequenceDetector, so that
// no LibTorch is needed here), or files made elsewhere.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/truth_set.h"
#include "detector/model_driven/detector.h"
#include "detector/sequence_detector.h"

namespace mirst {

/// Gives score maps, larger = more like a target, sequence by sequence, frames in order.
class MapSource {
 public:
  virtual ~MapSource() = default;
  virtual bool needs_images() const { return true; }
  /// Before any work. Throws kBadInput where `set` cannot be served.
  virtual void Check(const TruthSet& /*set*/) {}
  /// `counts`: all frames of the sequence, empty images where none are needed.
  virtual void Begin(const TruthSequence& sequence, const std::vector<Image<float>>& counts) = 0;
  virtual Image<float> Next(std::size_t index, const Image<float>& counts) = 0;
  /// What a reader of the scores should know, known after the last frame.
  virtual std::vector<std::string> Notes() const { return {}; }
};

std::unique_ptr<MapSource> MapsOf(std::unique_ptr<ModelDrivenDetector> detector);
std::unique_ptr<MapSource> MapsOf(std::unique_ptr<SequenceDetector> detector);
/// folder/<seq>/<frame>.png (or another format of score_map.h): exactly the truth's sequences and frames, else
/// kBadInput.
std::unique_ptr<MapSource> MapsIn(const std::filesystem::path& folder);
/// True where `folder` holds boxes (files <seq>.csv or .json, no folders) and no maps.
bool HoldsBoxes(const std::filesystem::path& folder);

}  // namespace mirst

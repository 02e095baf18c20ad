// Detectors against truth: classical methods, trained networks and maps made elsewhere, side by side under one protocol
// (docs/metrics.md). No LibTorch: a trained network comes in through SequenceDetector. Needs memory for the frames and
// masks of one sequence (5 bytes a pixel) and for the scores of RocCurve.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/truth_set.h"
#include "detector/model_driven/detector.h"
#include "detector/model_driven/segmentation.h"
#include "detector/sequence_detector.h"
#include "metrics/scores.h"

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
/// folder/<seq>/<frame>.png (or another image format, or .npy): exactly the truth's sequences and frames, else
/// kBadInput.
std::unique_ptr<MapSource> MapsIn(const std::filesystem::path& folder);

/// How a mask is made of a map.
struct MaskRule {
  std::optional<float> threshold;  ///< a target where score > threshold; none: `segmentation` decides
  std::string origin;              ///< "checkpoint", "compatibility choice", "user", "Fa_px = 1e-05 on val"
  SegmentationOptions segmentation{};
  std::string Text() const;
  Mask Apply(ImageView<const float> scores) const;
};

struct Contender {
  std::string id;
  std::optional<TrainingRecord> training;
  std::unique_ptr<MapSource> maps;
  std::vector<MaskRule> rules;  ///< at least one; the first is the paper protocol's
};

struct EvaluateOptions {
  double validation_false_px_rate = 1e-5;
  int pictures = 12;  ///< sequences, evenly spread, of which one frame each is kept for pictures
};

/// The frame with a target nearest to the middle of its sequence, under the first rule.
struct DetectionPicture {
  std::string sequence, frame;
  std::optional<double> mean_scr;
  Image<float> counts;  ///< the map where there is no image
  Mask prediction, truth;
  std::optional<Mask> ignore;
};

struct EvaluationResult {
  Evaluation scores;
  std::vector<std::vector<DetectionPicture>> pictures;  ///< by detector
};

/// Scores every contender on `truth`. With `validation`, each gets a further operating point: the least threshold at
/// which at most validation_false_px_rate of the validation split's pixels are false. Throws kBadInput naming sequence
/// and frame.
EvaluationResult Evaluate(const TruthSet& truth, const TruthSet* validation, std::vector<Contender> contenders,
                          const EvaluateOptions& options);

}  // namespace mirst

// Detectors against truth: classical methods, trained networks, and maps or boxes made elsewhere, side by side under
// every protocol (docs/metrics.md). No LibTorch: a trained network comes in through SequenceDetector. Needs memory for
// a block of frames (frame_blocks.h), for the images of the sequences at work where detectors look at images, and for
// the scores of RocCurve.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/truth_set.h"
#include "detector/map_source.h"
#include "detector/model_driven/segmentation.h"
#include "metrics/mask_convention.h"
#include "metrics/scores.h"

namespace mirst {

/// How a mask is made of a map.
struct MaskRule {
  std::optional<float> threshold;  ///< a target where score > threshold; none: `segmentation` decides
  std::string origin;              ///< "checkpoint", "compatibility choice", "user", "Fa (P2) = 1e-05 on val"
  SegmentationOptions segmentation{};
  std::string Text() const;
  Mask Apply(ImageView<const float> scores) const;
  /// The pixels with score >= threshold, as P2 counts them; none where that is Apply's mask `above`.
  std::optional<Mask> Inclusive(const Image<float>& scores, const Mask& above) const;
};

struct Contender {
  std::string id;
  std::optional<TrainingRecord> training;
  std::unique_ptr<MapSource> maps;
  std::vector<MaskRule> rules;       ///< at least one; the first is the paper protocol's
  std::filesystem::path boxes = {};  ///< in place of maps: a folder of box_files.h, each with a score
  std::unique_ptr<MapSource> background_maps = nullptr;  ///< maps of the frames without targets, where files are scored
  std::unique_ptr<MapSource> validation_maps = nullptr;  ///< maps of the validation split, likewise
};

struct EvaluateOptions {
  /// Thresholds are fixed where this share of the validation split's pixels is false (P2: farther than 4 px from
  /// truth).
  std::vector<double> validation_fa = {1e-5, 1e-6};
  /// The second convention under which all is scored again, where the truth has coverage.
  MaskConvention convention = {};
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

/// Scores every contender on `truth`. With `validation`, each gets further operating points: the least threshold at
/// which at most validation_fa of the validation split's pixels are false. Throws kBadInput naming sequence
/// and frame.
EvaluationResult Evaluate(const TruthSet& truth, const TruthSet* validation, std::vector<Contender> contenders,
                          const EvaluateOptions& options);

}  // namespace mirst

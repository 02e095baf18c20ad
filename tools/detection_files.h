// What `mirst detect` writes for a sequence: masks, boxes, a video to look at, and on request the scores.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/frame.h"
#include "core/image.h"
#include "datasets/sequence_source.h"
#include "metrics/components.h"

namespace mirst {

inline constexpr const char* kDetectionLog = "detections.csv";

/// Makes `out` an empty place for detections. Throws kBadInput where it holds other files, or detections without
/// `force`.
void PrepareDetectionFolder(const std::filesystem::path& out, bool force);

enum class ScoreScale {
  kLogit,     ///< of a network; reported as a probability
  kResponse,  ///< of a model-driven method; reported as it is
};

/// A connected component of a mask and the largest score in it.
struct Detection {
  Component component;
  double score = 0;
};

/// Components of `mask` with the largest of `scores` in each. Same shape.
std::vector<Detection> DetectionsOf(const Mask& mask, const Image<float>& scores, ScoreScale scale);

/// What made the detections, for boxes/NAME.json.
struct DetectorRecord {
  std::string id;
  std::string rule;     ///< of a model-driven method: "score > half of the frame's maximum"
  std::string weights;  ///< of a network, as the next two
  std::int64_t steps = 0;
  double threshold_logit = 0;
};

enum class KeepScores { kNo, kYes };

/// The files of one sequence: mask/NAME/*.png, boxes/NAME.json, overlay/NAME.avi (Motion JPEG: the frame stretched over
/// its own range, a box 3 px around each detection), scores/NAME/*.npy (float32).
class DetectionFiles {
 public:
  /// Throws kBadInput where a file cannot be written.
  DetectionFiles(std::filesystem::path out, const SourceInfo& source, KeepScores scores, ScoreScale scale);
  ~DetectionFiles();
  DetectionFiles(const DetectionFiles&) = delete;
  DetectionFiles& operator=(const DetectionFiles&) = delete;

  /// The next frame. Returns what was found.
  std::vector<Detection> Add(const Frame& frame, const Image<float>& scores, const Mask& mask);
  /// Writes boxes/NAME.json.
  void Finish(const DetectorRecord& detector);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mirst

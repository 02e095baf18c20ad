// A trained detector at work on a sequence: frame by frame it gives a score a pixel. Loaded from a checkpoint; no
// LibTorch types, so that tools need none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/image.h"
#include "detector/device_choice.h"
#include "detector/inference_engine.h"

namespace mirst {

/// Frames smaller than this in width or height are refused: the network's coarsest grid would hold next to nothing.
inline constexpr int kLeastFramePx = 48;
/// PSTFNet looks at the current frame and the four before it.
inline constexpr int kDetectorWindow = 5;

struct SequenceDetectorInfo {
  std::string id;            ///< "pstfnet", "rdian", ...
  std::string dataset_id;    ///< of its training data
  std::string git_revision;  ///< of the program that trained it
  std::int64_t steps = 0;    ///< of its training
  std::int64_t samples_seen = 0;
  double threshold = 0;          ///< a target where score > threshold
  std::string device;            ///< "cpu", "cuda:0"
  int window = kDetectorWindow;  ///< frames that it looks at
};

/// A map of the decoder: mean over the channels, coarser than the frame by a power of two.
struct StageMap {
  std::string name;
  Image<float> map;
};

class SequenceDetector {
 public:
  virtual ~SequenceDetector() = default;

  virtual const SequenceDetectorInfo& info() const = 0;
  /// The next frame is the first of a sequence.
  virtual void Begin() = 0;
  /// Logits of the next frame of the sequence, in its order: log-odds that the pixel belongs to a target, same shape as
  /// the frame. `frame` in counts, any size from 48 x 48 px: it is padded by reflection to a multiple of 16 and the
  /// result is cropped. The first frames have fewer than four before them: the first frame stands in for those that are
  /// missing. Throws kBadInput: too small, of another size than the frames before, a pixel that is not finite, a size
  /// that weights of size_mode native do not take.
  virtual Image<float> Next(ImageView<const float> frame) = 0;
  /// What the decoder made of the frame that Next() saw last, coarsest first; empty where the network or the engine
  /// shows nothing.
  virtual std::vector<StageMap> Stages() const { return {}; }
};

struct DetectorRun {
  DeviceChoice device = DeviceChoice::kAutomatic;
  int threads =
      0;  ///< of LibTorch's kernels, 0 = ThreadCount(); set in the calling thread, which must also call Next()
  InferenceEngine engine = InferenceEngine::kStreaming;
  int tile_px = 0;  ///< larger frames go through the network in overlapping tiles of so many pixels a side; 0: whole
};

/// Throws kBadInput where the checkpoint is missing, truncated or of another network, or the device is not there, and
/// kUsage for tiles that are too small or that the engine or the network's options do not take. Tiles give the logits
/// of the whole frame where the network sees a limited surrounding: weights without CBAM and MSFM. Channel attention
/// and the fusion's attention look at a whole tile instead of the whole frame.
std::unique_ptr<SequenceDetector> LoadSequenceDetector(const std::filesystem::path& weights, const DetectorRun& run);
std::unique_ptr<SequenceDetector> LoadSequenceDetector(const std::filesystem::path& weights,
                                                       DeviceChoice device = DeviceChoice::kAutomatic, int threads = 0);

}  // namespace mirst

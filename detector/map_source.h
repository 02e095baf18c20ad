// Where an evaluation's score maps come from: a classical method, a trained network (through SequenceDetector, so that
// no LibTorch is needed here), or files made elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/truth_set.h"
#include "detector/model_driven/detector.h"
#include "detector/sequence_detector.h"

namespace mirst {

/// The score maps of one sequence, larger = more like a target, one a frame of its shape.
class SequenceMaps {
 public:
  virtual ~SequenceMaps() = default;
  /// Of frames first ... first + count - 1; asked for once a frame, in order. Throws kBadInput naming sequence and
  /// frame.
  virtual std::vector<Image<float>> Read(std::size_t first, std::size_t count) = 0;
};

class MapSource {
 public:
  virtual ~MapSource() = default;
  /// False where maps are read, not made: then frames may be asked for in any order and by several threads.
  virtual bool needs_images() const { return true; }
  /// True where several sequences may be open, and read by several threads, at once.
  virtual bool is_concurrent() const { return true; }
  /// Before any work. Throws kBadInput where `set` cannot be served.
  virtual void Check(const TruthSet& /*set*/) {}
  /// `sequence` must outlive the maps. Where images are needed, all of the sequence are read now.
  virtual std::unique_ptr<SequenceMaps> Open(const TruthSequence& sequence) = 0;
  /// What a reader of the scores should know, known after the last frame.
  virtual std::vector<std::string> Notes() const { return {}; }
};

/// "sequence 000012, frame 000003", for messages.
std::string PlaceOf(const TruthSequence& sequence, std::size_t frame);

std::unique_ptr<MapSource> MapsOf(std::unique_ptr<ModelDrivenDetector> detector);
/// `shuffle_seed`: a control. The detector meets the frames of each sequence in a random order, and each map is put
/// back to its frame: what it finds then, it finds without the order of time.
std::unique_ptr<MapSource> MapsOf(std::unique_ptr<SequenceDetector> detector,
                                  std::optional<std::uint64_t> shuffle_seed = std::nullopt);
/// folder/<seq>/<frame>.png (or another format of score_map.h): exactly the truth's sequences and frames, else
/// kBadInput.
std::unique_ptr<MapSource> MapsIn(const std::filesystem::path& folder);
/// True where `folder` holds boxes (files <seq>.csv or .json, no folders) and no maps.
bool HoldsBoxes(const std::filesystem::path& folder);

}  // namespace mirst

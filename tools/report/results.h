// What detectors found, as a report shows it: folders of `mirst evaluate --out` with their scores, and folders of masks
// (of `mirst detect --out`, or anybody's) that are held against the truth frame by frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/image.h"

namespace mirst {

/// Masks DIR/mask/<sequence>/<frame>.png, or DIR/<sequence>/<frame>.png, of all sequences or of some.
class PredictedMasks {
 public:
  explicit PredictedMasks(const std::filesystem::path& folder);
  /// The folder's name.
  const std::string& id() const { return id_; }
  bool HasSequence(const std::string& sequence) const;
  /// `frame`: file name, of which the extension does not count. Throws kBadInput: missing or corrupt.
  Mask Read(const std::string& sequence, const std::string& frame) const;

 private:
  std::string id_;
  std::filesystem::path masks_;
};

struct ReportResults {
  std::vector<PredictedMasks> predictions;
  std::string evaluations_json = "[]";  ///< of every scores.json: data, detectors, ROC, Pd surfaces, sequences
};

/// Each path is a folder of `mirst evaluate --out` (or its scores.json), or a folder of masks. Throws kBadInput:
/// neither of them, broken, or scores of another data set than `dataset_id` (empty: any).
ReportResults OpenResults(const std::vector<std::filesystem::path>& paths, const std::string& dataset_id);

/// Loss and validation scores of a folder of `mirst train`, as JSON. Throws kBadInput: no loss in it.
std::string TrainingJson(const std::filesystem::path& run);

/// A training that saw fewer windows of five frames than this is called a smoke run: the default 48 epochs over as few
/// as 20 sequences of 100 frames see about as many.
inline constexpr std::int64_t kSmokeRunWindows = 100000;

}  // namespace mirst

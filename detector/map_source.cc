#include "detector/map_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "datasets/score_map.h"
#include "detector/model_driven/sequence_responses.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

class ModelDrivenMaps final : public MapSource {
 public:
  explicit ModelDrivenMaps(std::unique_ptr<ModelDrivenDetector> detector) : detector_(std::move(detector)) {}
  void Begin(const TruthSequence&, const std::vector<Image<float>>& counts) override {
    responses_.emplace(*detector_, counts);
  }
  Image<float> Next(std::size_t index, const Image<float>&) override {
    Image<float> map = responses_->Take(static_cast<int>(index)).map;
    for (float& score : map) score = std::max(score, 0.0F);  // a negative response is no target
    return map;
  }

 private:
  std::unique_ptr<ModelDrivenDetector> detector_;
  std::optional<SequenceResponses> responses_;
};

class NetworkMaps final : public MapSource {
 public:
  explicit NetworkMaps(std::unique_ptr<SequenceDetector> detector) : detector_(std::move(detector)) {}
  void Begin(const TruthSequence&, const std::vector<Image<float>>&) override { detector_->Begin(); }
  Image<float> Next(std::size_t, const Image<float>& counts) override { return detector_->Next(counts); }

 private:
  std::unique_ptr<SequenceDetector> detector_;
};

class FolderMaps final : public MapSource {
 public:
  explicit FolderMaps(fs::path folder) : folder_(std::move(folder)) {}
  bool needs_images() const override { return false; }

  void Check(const TruthSet& set) override {
    std::set<std::string> wanted;
    for (const TruthSequence& sequence : set.sequences) {
      wanted.insert(sequence.name);
      MapsOfSequence(sequence);
    }
    for (const fs::path& path : ListFolders(folder_)) {
      if (!wanted.contains(path.filename().string())) {
        throw BadInput(fmt::format("{} predicts a sequence that the truth in {}{} does not have", path.string(),
                                   set.folder.string(), set.split.empty() ? "" : " (split " + set.split + ")"));
      }
    }
  }
  void Begin(const TruthSequence& sequence, const std::vector<Image<float>>&) override {
    paths_ = MapsOfSequence(sequence);
  }
  Image<float> Next(std::size_t index, const Image<float>&) override {
    ScoreMap map = ReadScoreMap(paths_[index]);
    eight_bit_ = eight_bit_ || (map.eight_bit && std::any_of(map.scores.begin(), map.scores.end(),
                                                             [](float score) { return score > 0 && score < 1; }));
    return std::move(map.scores);
  }
  std::vector<std::string> Notes() const override {
    if (!eight_bit_) return {};
    return {
        "score maps of 8 bits: the ROC has 256 steps at most, and low false-alarm rates may lie between two of them"};
  }

 private:
  std::vector<fs::path> MapsOfSequence(const TruthSequence& sequence) const {
    const fs::path folder = folder_ / sequence.name;
    if (!fs::is_directory(folder))
      throw BadInput(fmt::format("{} is missing: no prediction of the sequence {}", folder.string(), sequence.name));
    std::map<std::string, fs::path> found;
    for (const fs::path& path : ListFiles(folder)) {
      if (IsScoreMapFile(path) && !found.emplace(path.stem().string(), path).second) {
        throw BadInput(fmt::format("{} has two maps of the frame {}", folder.string(), path.stem().string()));
      }
    }
    std::vector<fs::path> paths;
    for (const TruthFrame& frame : sequence.frames) {
      const auto map = found.find(frame.name);
      if (map == found.end())
        throw BadInput(fmt::format("{} has no prediction of the frame {}", folder.string(), frame.name));
      paths.push_back(map->second);
      found.erase(map);
    }
    if (!found.empty()) {
      throw BadInput(fmt::format("{} predicts a frame that the truth of the sequence {} does not have",
                                 found.begin()->second.string(), sequence.name));
    }
    return paths;
  }

  fs::path folder_;
  std::vector<fs::path> paths_;
  bool eight_bit_ = false;
};

}  // namespace

std::unique_ptr<MapSource> MapsOf(std::unique_ptr<ModelDrivenDetector> detector) {
  return std::make_unique<ModelDrivenMaps>(std::move(detector));
}
std::unique_ptr<MapSource> MapsOf(std::unique_ptr<SequenceDetector> detector) {
  return std::make_unique<NetworkMaps>(std::move(detector));
}
std::unique_ptr<MapSource> MapsIn(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder of predictions", folder.string()));
  return std::make_unique<FolderMaps>(folder);
}

bool HoldsBoxes(const fs::path& folder) {
  if (!fs::is_directory(folder) || !ListFolders(folder).empty()) return false;
  const std::vector<fs::path> files = ListFiles(folder);
  return std::any_of(files.begin(), files.end(), [](const fs::path& file) {
    return LowerExtension(file) == ".csv" || LowerExtension(file) == ".json";
  });
}

}  // namespace mirst

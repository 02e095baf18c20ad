#include "detector/map_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/random.h"
#include "datasets/score_map.h"
#include "detector/model_driven/sequence_responses.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

std::vector<Image<float>> ReadCounts(const TruthSequence& sequence) {
  std::vector<Image<float>> counts(sequence.frames.size());
  ParallelFor(counts.size(), [&](std::size_t i) {
    const TruthFrame& frame = sequence.frames[i];
    if (frame.image.empty()) throw BadInput(fmt::format("the mask {} has no image to look at", frame.mask.string()));
    counts[i] = ReadTruth(frame, WithImage::kYes).counts;
  });
  return counts;
}

class ModelDrivenSequence final : public SequenceMaps {
 public:
  ModelDrivenSequence(const ModelDrivenDetector& detector, const TruthSequence& sequence)
      : sequence_(sequence), counts_(ReadCounts(sequence)), responses_(detector, counts_) {}
  std::vector<Image<float>> Read(std::size_t first, std::size_t count) override {
    std::vector<Image<float>> maps;
    for (std::size_t i = first; i < first + count; ++i) {
      maps.push_back(InContext(PlaceOf(sequence_, i), [&] { return responses_.Take(static_cast<int>(i)).map; }));
      for (float& score : maps.back()) score = std::max(score, 0.0F);  // a negative response is no target
    }
    return maps;
  }

 private:
  const TruthSequence& sequence_;
  std::vector<Image<float>> counts_;
  SequenceResponses responses_;
};

class ModelDrivenMaps final : public MapSource {
 public:
  explicit ModelDrivenMaps(std::unique_ptr<ModelDrivenDetector> detector) : detector_(std::move(detector)) {}
  std::unique_ptr<SequenceMaps> Open(const TruthSequence& sequence) override {
    return std::make_unique<ModelDrivenSequence>(*detector_, sequence);
  }

 private:
  std::unique_ptr<ModelDrivenDetector> detector_;
};

class NetworkSequence final : public SequenceMaps {
 public:
  NetworkSequence(SequenceDetector& detector, const TruthSequence& sequence)
      : detector_(detector), sequence_(sequence), counts_(ReadCounts(sequence)) {
    detector_.Begin();
  }
  std::vector<Image<float>> Read(std::size_t first, std::size_t count) override {
    std::vector<Image<float>> maps;
    for (std::size_t i = first; i < first + count; ++i) {
      ThrowIfInterrupted();
      maps.push_back(InContext(PlaceOf(sequence_, i), [&] { return detector_.Next(counts_[i]); }));
    }
    return maps;
  }

 private:
  SequenceDetector& detector_;
  const TruthSequence& sequence_;
  std::vector<Image<float>> counts_;
};

/// Makes all maps of the sequence at the first question, as any frame may come last.
class ShuffledSequence final : public SequenceMaps {
 public:
  ShuffledSequence(SequenceDetector& detector, const TruthSequence& sequence, std::uint64_t seed)
      : order_(Order(sequence, seed)), shuffled_(sequence), maps_(order_.size()) {
    for (std::size_t k = 0; k < order_.size(); ++k) shuffled_.frames[k] = sequence.frames[order_[k]];
    frames_.emplace(detector, shuffled_);
  }

  std::vector<Image<float>> Read(std::size_t first, std::size_t count) override {
    for (; made_ < order_.size(); ++made_) maps_[order_[made_]] = std::move(frames_->Read(made_, 1).front());
    const auto begin = maps_.begin() + static_cast<std::ptrdiff_t>(first);
    return {std::make_move_iterator(begin), std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count))};
  }

 private:
  /// order[k] = the frame shown as the k-th.
  static std::vector<std::size_t> Order(const TruthSequence& sequence, std::uint64_t seed) {
    std::vector<std::size_t> order(sequence.frames.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto number = static_cast<std::uint32_t>(std::stoul(Sha256OfText(sequence.name).substr(0, 8), nullptr, 16));
    RandomStream(RandomKey{.seed = seed, .sequence = number, .purpose = Purpose::kTrainingOrder}).Shuffle(order);
    return order;
  }

  std::vector<std::size_t> order_;
  TruthSequence shuffled_;
  std::optional<NetworkSequence> frames_;
  std::vector<Image<float>> maps_;
  std::size_t made_ = 0;
};

/// One sequence after the other: a network remembers the frames before.
class NetworkMaps final : public MapSource {
 public:
  NetworkMaps(std::unique_ptr<SequenceDetector> detector, std::optional<std::uint64_t> shuffle_seed)
      : detector_(std::move(detector)), shuffle_seed_(shuffle_seed) {}
  bool is_concurrent() const override { return false; }
  std::unique_ptr<SequenceMaps> Open(const TruthSequence& sequence) override {
    if (shuffle_seed_) return std::make_unique<ShuffledSequence>(*detector_, sequence, *shuffle_seed_);
    return std::make_unique<NetworkSequence>(*detector_, sequence);
  }
  std::vector<std::string> Notes() const override {
    if (!shuffle_seed_) return {};
    return {fmt::format("control: the frames of each sequence were shown in a random order (seed {})", *shuffle_seed_)};
  }

 private:
  std::unique_ptr<SequenceDetector> detector_;
  std::optional<std::uint64_t> shuffle_seed_;
};

/// Whether anything lies between 0 and 1: a mask has nothing there.
bool HasSteps(const Image<float>& scores) {
  std::size_t between = 0;  // a sum, not a search: this way compilers look at several pixels at once
  for (const float score : scores) between += static_cast<std::size_t>(score > 0) & static_cast<std::size_t>(score < 1);
  return between > 0;
}

class FolderSequence final : public SequenceMaps {
 public:
  FolderSequence(std::vector<fs::path> paths, std::atomic<bool>& eight_bit)
      : paths_(std::move(paths)), eight_bit_(eight_bit) {}
  std::vector<Image<float>> Read(std::size_t first, std::size_t count) override {
    std::vector<Image<float>> maps(count);
    ParallelFor(count, [&](std::size_t i) {
      ScoreMap map = ReadScoreMap(paths_[first + i]);
      if (map.eight_bit && !eight_bit_ && HasSteps(map.scores)) eight_bit_ = true;
      maps[i] = std::move(map.scores);
    });
    return maps;
  }

 private:
  std::vector<fs::path> paths_;
  std::atomic<bool>& eight_bit_;
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
  std::unique_ptr<SequenceMaps> Open(const TruthSequence& sequence) override {
    return std::make_unique<FolderSequence>(MapsOfSequence(sequence), eight_bit_);
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
  std::atomic<bool> eight_bit_ = false;
};

}  // namespace

std::string PlaceOf(const TruthSequence& sequence, std::size_t frame) {
  return fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[frame].name);
}

std::unique_ptr<MapSource> MapsOf(std::unique_ptr<ModelDrivenDetector> detector) {
  return std::make_unique<ModelDrivenMaps>(std::move(detector));
}
std::unique_ptr<MapSource> MapsOf(std::unique_ptr<SequenceDetector> detector,
                                  std::optional<std::uint64_t> shuffle_seed) {
  return std::make_unique<NetworkMaps>(std::move(detector), shuffle_seed);
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
